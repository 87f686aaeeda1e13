"""A command-line option of a scenario, declared in its module as OPTIONS and passed as `--name`."""

from collections.abc import Mapping
from dataclasses import dataclass

YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    name: str  # as typed, without the dashes: "basic-monitoring"
    help: str
    choices: tuple[str, ...] = ()  # the first is the default; empty: the option is a flag

    def read(self, given: Mapping[str, str]) -> str:
        """The given value, or the default. For a flag: "yes" or empty."""
        return given.get(self.name, self.choices[0] if self.choices else "")

    def is_set(self, given: Mapping[str, str]) -> bool:
        """For a flag."""
        return self.read(given) == YES
