"""A choice that a scenario leaves to the person who runs it: declared in its module as OPTIONS, given on the command line as `--name`."""

from collections.abc import Mapping
from dataclasses import dataclass

YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    name: str  # as typed, without the dashes: "basic-monitoring"
    sentence: str
    choices: tuple[str, ...] = ()  # the first is the default; none: a flag

    def read(self, given: Mapping[str, str]) -> str:
        """The value given, or the default. A flag is "yes" or empty."""
        return given.get(self.name, self.choices[0] if self.choices else "")

    def is_set(self, given: Mapping[str, str]) -> bool:
        """Of a flag."""
        return self.read(given) == YES
