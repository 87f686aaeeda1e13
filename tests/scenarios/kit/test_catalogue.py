"""Scenarios are found by name, id and path; a file that cannot be used is one sentence with the line."""

import re
from pathlib import Path

import pytest

from sandbox.client import UserError
from scenarios.kit.definition import catalogue
from tests.support.outage import outcome_of

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "scenarios.md"


def test_by_name_and_by_id() -> None:
    assert catalogue.find("instance_terminate") is catalogue.find("S01") is catalogue.find("s01")
    assert catalogue.find("nothing") is None


def test_every_scenario_is_named_as_its_file_and_is_in_the_document() -> None:
    found = catalogue.outages()
    assert [scenario.name for scenario in found.values()] == list(found)
    listed = re.findall(r"^\| (S\d\d) \| `(\w+)` \|", DOCUMENT.read_text(), flags=re.MULTILINE)
    assert listed == [(scenario.id, scenario.name) for scenario in found.values()]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1\n1 / 0\n", r"own\.py, line 2: ZeroDivisionError: division by zero\."),
        ("x = (\n", r"own\.py, line 1: '\(' was never closed\."),
        ("SCENARIO = 3\n", r"own\.py has no SCENARIO, which must be"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(UserError, match=sentence):
        catalogue.find(str(tmp_path / "own.py"))


def test_a_file_that_does_not_exist() -> None:
    with pytest.raises(UserError, match=r"There is no file missing\.py"):
        catalogue.find("missing.py")


def test_the_scenario_of_the_document_runs_and_its_control_fails(tmp_path: Path) -> None:
    [source] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    (tmp_path / "half_the_fleet.py").write_text(source)
    found = catalogue.find(str(tmp_path / "half_the_fleet.py"))
    assert found is not None
    usual = outcome_of(found)
    assert (usual.verdict, usual.left) == ("SUCCEEDED", ())
    assert outcome_of(found, control=True).control[0]
