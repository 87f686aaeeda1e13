"""Durations as users write them."""

from datetime import timedelta

import pytest

from sandbox.core.text import parse_duration, short_duration

WRITTEN = {
    "10m": 600,
    "90s": 90,
    "1h30m": 5400,
    "2d": 172_800,
    "500ms": 0.5,
    "1.5s": 1.5,
    "PT10M": 600,
    "PT1H30M": 5400,
    "P1DT2H": 93_600,
    "pt0.5s": 0.5,
    " 10M ": 600,
}


@pytest.mark.parametrize(("text", "seconds"), WRITTEN.items())
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "m", "-10m", "10 minutes", "0s", "PT", "P", "PT0S", "30m1h", "1e3s", "\u0661m", "9" * 400 + "s"]
)
def test_what_is_not_a_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration, such as 10m, 90s, 1h30m or PT10M"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["10m", "1m30s", "1h30m", "500ms", "2d", "1d1h"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    assert short_duration(parse_duration(text)) == text
