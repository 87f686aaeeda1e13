"""selectionMode, filters and tags: which resources a target takes."""

import random
from typing import Any

import pytest

from sandbox.services.fis.decide.filters import has_tags, matches, values_at
from sandbox.services.fis.decide.selection import Selection, parse, select
from sandbox.services.fis.model import Filter
from tests.support import rule

TEN = tuple(f"arn:{n}" for n in range(10))


@rule("FIS-3")
@pytest.mark.parametrize(
    ("mode", "selection"),
    [
        ("ALL", Selection()),
        ("COUNT(3)", Selection(count=3)),
        ("PERCENT(100)", Selection(percent=100)),
        *(
            (wrong, None)
            for wrong in ("all", "COUNT(0)", "COUNT(-1)", "COUNT", "PERCENT(0)", "PERCENT(101)", "PERCENT(1.5)", "SOME(1)", "")
        ),
    ],
)
def test_a_selection_mode_is_all_a_count_or_a_percentage(mode: str, selection: Selection | None) -> None:
    assert parse(mode) == selection


@rule("FIS-3")
@pytest.mark.parametrize(
    ("candidates", "mode", "count"),
    [
        (10, "ALL", 10),
        (10, "COUNT(3)", 3),
        (2, "COUNT(3)", 2),
        (10, "PERCENT(33)", 3),
        (3, "PERCENT(33)", 0),
        (3, "PERCENT(50)", 1),
        (0, "ALL", 0),
    ],
)
def test_a_percentage_is_rounded_down_and_a_count_takes_what_there_is(candidates: int, mode: str, count: int) -> None:
    chosen = select(TEN[:candidates], mode, random.Random(1))
    assert len(chosen) == count and set(chosen) <= set(TEN[:candidates])


@rule("FIS-3")
def test_the_same_seed_chooses_the_same_resources() -> None:
    choices = [select(TEN, "COUNT(4)", random.Random(seed)) for seed in (1, 1, 2)]
    assert choices[0] == choices[1] != choices[2]


INSTANCE = {
    "InstanceId": "i-1",
    "Placement": {"AvailabilityZone": "us-east-1a"},
    "State": {"Name": "running"},
    "NetworkInterfaces": [{"Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}, {"Groups": [{"GroupId": "sg-3"}]}],
    "EbsOptimized": False,
    "AmiLaunchIndex": 0,
}


@rule("FIS-2")
@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("Placement.AvailabilityZone", ["us-east-1a"]),
        ("NetworkInterfaces.Groups.GroupId", ["sg-1", "sg-2", "sg-3"]),
        ("State.Code", []),
        ("InstanceId.Length", []),
    ],
)
def test_a_path_leads_through_structures_and_lists(path: str, values: list[Any]) -> None:
    assert list(values_at(INSTANCE, path)) == values


@rule("FIS-2")
@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ([], True),
        ([("State.Name", ["running"])], True),
        ([("State.Name", ["stopped", "running"])], True),
        ([("State.Name", ["running"]), ("Placement.AvailabilityZone", ["us-east-1b"])], False),
        ([("NetworkInterfaces.Groups.GroupId", ["sg-3"])], True),
        ([("EbsOptimized", ["false"])], True),
        ([("AmiLaunchIndex", ["0"])], True),
        ([("placement.availabilityZone", ["us-east-1a"])], False),
    ],
)
def test_all_filters_must_match_and_of_the_values_one(filters: list[tuple[str, list[str]]], fits: bool) -> None:
    assert matches([Filter(path=path, values=tuple(values)) for path, values in filters], INSTANCE) is fits


@rule("FIS-2")
@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({}, True),
        ({"team": "web"}, True),
        ({"team": "web", "empty": ""}, True),
        ({"team": ""}, False),
        ({"empty": "x"}, False),
        ({"no": ""}, False),
    ],
)
def test_all_tags_must_match_and_an_empty_value_matches_only_an_empty_one(wanted: dict[str, str], fits: bool) -> None:
    assert has_tags(wanted, {"team": "web", "empty": ""}) is fits
