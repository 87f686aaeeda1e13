"""Values of parameters: durations, lists, numbers, JSON; and the tables of actions agree with each other."""

from datetime import timedelta

import pytest

from sandbox.services.fis.action_model import ABSENT, ACTIONS, DOCUMENTS, RESOURCE_TYPES
from sandbox.services.fis.kinds.registry import KINDS
from sandbox.services.fis.parameter_model import ZONE, ZONES, document, duration, duration_between, iso, listed, number_between, some_of
from sandbox.services.ssm.document_model import OFFERED
from tests.support import rule


@rule("FIS-20", "FIS-31")
@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT1M", timedelta(minutes=1)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1DT1S", timedelta(days=1, seconds=1)),
        *((wrong, None) for wrong in ("", "P", "PT", "1M", "PT1", "PT-1M", "PT1.5M", "pt1m", "PT1M ", "P" + "9" * 40 + "D")),
    ],
)
def test_a_duration_is_iso_8601(text: str, length: timedelta | None) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["PT1M", "PT1H30M", "PT45S", "PT24H", "PT0S"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    found = duration(text)
    assert found is not None and iso(found) == text


@pytest.mark.parametrize(
    ("fits", "text"),
    [
        (True, "PT12H"), (False, "PT12H1S"), (False, "PT59S"),
    ],
)  # fmt: skip
def test_a_duration_has_bounds(fits: bool, text: str) -> None:
    assert duration_between("PT1M").fits(text) is fits


def test_numbers_lists_zones_and_json_are_checked() -> None:
    percent, states = number_between(1, 100), some_of("OK", "ALARM")
    assert [percent.fits(text) for text in ("1", "100", "0", "101", "-1", "1.0", "", "٣")] == [True, True] + [False] * 6
    assert [states.fits(text) for text in ("OK", "OK, ALARM", "", "OK,RED")] == [True, True, False, False]
    assert [ZONES.fits(text) for text in ("us-east-1a", "use1-az6,us-east-1b", "us-east-1", "")] == [True, True, False, False]
    assert [ZONE.fits(text) for text in ("us-east-1a", "us-east-1a,us-east-1b")] == [True, False]
    assert listed(" a, b ,,c") == ("a", "b", "c")
    assert [document(text) for text in ('{"a": 1}', "[]", "{", "[" * 100_000)] == [{"a": 1}, None, None, None]


def test_every_action_is_carried_out_and_has_known_targets() -> None:
    assert set(KINDS) == set(ACTIONS) and not ABSENT & set(ACTIONS)
    assert {kind for action in ACTIONS.values() for kind in action.targets.values()} == set(RESOURCE_TYPES)
    assert set(OFFERED) == set(DOCUMENTS)
