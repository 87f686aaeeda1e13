"""The JSON view of a report (sandbox/report/json_form.py)."""

import json

import pytest

from sandbox.core.errors import UserError
from sandbox.report.json_form import as_text, read
from tests.support.reports import zone_outage


def test_a_report_that_is_read_back_is_equal() -> None:
    report = zone_outage()
    assert read(as_text(report), "report.json") == report


def test_the_keys_are_the_names_of_the_fields() -> None:
    found = json.loads(as_text(zone_outage()))
    assert found["form"] == 1
    assert found["report"]["run"]["profile"] == "tutorial"
    assert found["report"]["verdict"] == "FAILED"
    assert found["report"]["criteria"][0]["measured"].startswith("99.14 %")


@pytest.mark.parametrize("text", ["", "[]", '{"form": 1}', '{"form": 1, "report": {"run": 1}}', '{"form": 9, "report": {}}'])
def test_what_is_not_a_report_is_refused_with_the_name_of_the_file(text: str) -> None:
    with pytest.raises(UserError, match=r"old\.json"):
        read(text, "old.json")
