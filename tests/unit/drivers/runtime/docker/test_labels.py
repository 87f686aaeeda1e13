"""Names and labels: what one control plane writes, the next one reads."""

from dataclasses import replace

import pytest

from sandbox.drivers.runtime.docker import labels
from tests.support.drivers.runtimes import launch_spec


def test_labels_of_the_user_cannot_override_ours() -> None:
    spec = replace(launch_spec(), labels={labels.NAME: "another", "team": "a"})
    made = labels.of_instance("sandbox", spec)
    assert (made[labels.NAME], made["team"]) == ("sandbox", "a")


def test_container_names_end_in_the_instance_id() -> None:
    assert labels.container_name("sandbox", "i-0a") == "sandbox-i-0a"


def test_edge_network_sorts_before_the_network_of_every_subnet() -> None:
    """Docker takes gateway and published ports from the first name (docs/decisions/001-topology.md)."""
    assert sorted([labels.network_name("sandbox", "subnet-0"), "sandbox-edge"])[0] == "sandbox-edge"
    assert sorted([labels.network_name("sandbox", "0"), "sandbox-edge"])[0] == "sandbox-edge"


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        ({labels.NAME: "sandbox", labels.MANAGED: "instance"}, True),
        ({labels.NAME: "other", labels.MANAGED: "instance"}, False),
        ({labels.NAME: "sandbox"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_ours_are_those_with_both_labels(found: dict[str, str] | None, ours: bool) -> None:
    assert labels.ours(found, "sandbox") is ours
