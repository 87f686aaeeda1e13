"""The codes that a health check takes for an answer of a healthy target: `200`, `200,202`, `200-299`, or both kinds in one list (TG-1)."""

import re

LOWEST, HIGHEST = 200, 499
_FORM = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")


class Codes:
    """A parsed matcher. ValueError when the text has another form, or names codes outside 200-499."""

    __slots__ = ("_ranges", "text")

    def __init__(self, text: str) -> None:
        if not _FORM.fullmatch(text):
            raise ValueError(f"'{text}' is not like 200 or 200,202 or 200-299")
        parts = [part.split("-") for part in text.split(",")]
        self._ranges = [(int(part[0]), int(part[-1])) for part in parts]
        if any(not LOWEST <= low <= high <= HIGHEST for low, high in self._ranges):
            raise ValueError(f"'{text}' must be within {LOWEST}-{HIGHEST}")
        self.text = text

    def match(self, status_code: int | None) -> bool:
        return status_code is not None and any(low <= status_code <= high for low, high in self._ranges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Codes) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Codes({self.text!r})"
