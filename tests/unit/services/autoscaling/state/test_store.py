"""A state file of schema 3 has some fields under the names that they had then."""

from datetime import UTC, datetime
from typing import Any

import pytest

import sandbox.services.autoscaling.api.assembly  # noqa: F401 - declares its persisted classes
from sandbox.core.persisted import NAMES
from sandbox.services.autoscaling.policy_model import PolicyType

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)
OLD_POLICY = {"arn": "arn", "name": "p", "auto_scaling_group_name": "web", "type": PolicyType.SIMPLE}


@pytest.mark.parametrize(
    ("name", "old", "expected"),
    [
        (
            "autoscaling.GroupExtra",
            {"owed": ["a replacement"], "notices": ["an activity"], "wishes": {"arn": "a capacity"}},
            {
                "pending_replacements": ["a replacement"],
                "pending_notifications": ["an activity"],
                "requested_capacities": {"arn": "a capacity"},
            },
        ),
        ("autoscaling.Member", {"lot": 0.25}, {"tie_breaker": 0.25}),
        ("autoscaling.Group", {"sandbox_published": NOON}, {"metrics_published_at": NOON}),
        ("autoscaling.ScalingPolicy", OLD_POLICY | {"least": 2}, {"min_adjustment_magnitude": 2}),
    ],
)
def test_renamed_fields_are_read_from_a_file_of_schema_3(name: str, old: dict[str, Any], expected: dict[str, Any]) -> None:
    persisted = NAMES[name]
    made = persisted.cls.__new__(persisted.cls)
    persisted.fill(made, old, schema=3)
    assert {field: getattr(made, field) for field in expected} == expected
