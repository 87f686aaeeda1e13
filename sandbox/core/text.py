"""Text formats: AWS's, such as times in activity causes and state reasons, and durations as users write them: `10m`, `90s`, `1h30m`,
`500ms`, or ISO 8601 (`PT10M`, `P1DT2H`).
"""

import re
from datetime import datetime, timedelta

DURATIONS = "10m, 90s, 1h30m or PT10M"
_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}  # in seconds
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
_SHORT = re.compile(rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m(?!s))?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?")
_ISO = re.compile(rf"P(?:{_NUMBER}D)?(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?")


def at(moment: datetime) -> str:
    """`2026-01-02T03:04:05Z`: the placeholder T in the texts of the rules (ASG-57)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def plural(count: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def parse_duration(text: str) -> timedelta:
    """Raises ValueError, with what was expected, if it is not a duration above zero."""
    asked = text.strip()
    found = _ISO.fullmatch(asked.upper()) if asked[:1] in ("P", "p") else _SHORT.fullmatch(asked.lower())
    parts = [float(each) if each else 0.0 for each in found.groups()] if found else []
    seconds = sum(amount * unit for amount, unit in zip(parts, _UNITS.values(), strict=False))
    if seconds <= 0:
        raise ValueError(f"expected a duration, such as {DURATIONS}")
    return timedelta(seconds=seconds)


def short_duration(duration: timedelta) -> str:
    """`1h30m`, `90s` as `1m30s`, `0.5s` as `500ms`; what `parse_duration` reads back."""
    left, parts = round(duration.total_seconds() * 1000), []
    for unit, seconds in _UNITS.items():
        amount, left = divmod(left, round(seconds * 1000))
        parts += [f"{amount}{unit}"] if amount else []
    return "".join(parts) or "0s"
