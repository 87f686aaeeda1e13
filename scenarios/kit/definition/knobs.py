"""Knobs: the named numbers and words of a scenario that a user may set for a run (`--knob name=value`). Pure.

Each has a default, a unit and a meaning, which `sandbox scenario show` and the report print. `Settings` are the values of one run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.client import UserError

Value = bool | int | float | str

YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """The type of the default is the type of the value. `low` and `high` limit numbers; `choices` limit words."""

    name: str
    default: Value
    meaning: str
    unit: str = ""  # "s", "%", "requests/s"
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1_000_000.0

    def read(self, text: str) -> Value:
        """The value that the text stands for. Raises ValueError with what is expected."""
        match self.default:
            case bool():
                return self._flag(text)
            case int():
                return int(self._number(text, whole=True))
            case float():
                return self._number(text)
            case str():
                if self.choices and text not in self.choices:
                    raise ValueError(f"one of {', '.join(self.choices)}")
                return text

    def shown(self, value: Value) -> str:
        """`5 s`, `yes`, `stopped`."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return f"{text} {self.unit}" if self.unit else text

    def _flag(self, text: str) -> bool:
        if text.lower() in YES + NO:
            return text.lower() in YES
        raise ValueError("yes or no")

    def _number(self, text: str, *, whole: bool = False) -> float:
        expected = f"a {'whole ' if whole else ''}number from {self.low:g} to {self.high:g}"
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise ValueError(expected) from None
        if not self.low <= value <= self.high:
            raise ValueError(expected)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values of the knobs in one run. Asking for a knob that the scenario does not have is a mistake in the scenario: KeyError."""

    knobs: tuple[Knob, ...]
    changed: Mapping[str, Value] = field(default_factory=dict)  # those that are not the default

    def __getitem__(self, name: str) -> Value:
        return self.changed[name] if name in self.changed else self._knob(name).default

    def flag(self, name: str) -> bool:
        return bool(self[name])

    def number(self, name: str) -> float:
        return float(self[name])

    def whole(self, name: str) -> int:
        return int(self[name])

    def text(self, name: str) -> str:
        return str(self[name])

    def shown(self, name: str) -> str:
        return self._knob(name).shown(self[name])

    def _knob(self, name: str) -> Knob:
        found = next((knob for knob in self.knobs if knob.name == name), None)
        if found is None:
            raise KeyError(f"no knob {name}")
        return found


def settings(knobs: Iterable[Knob], given: Mapping[str, str], where: str) -> Settings:
    """Reads `--knob` options. `where` names the scenario in errors. Raises UserError for an unknown knob or a value it cannot have."""
    known = {knob.name: knob for knob in knobs}
    changed: dict[str, Value] = {}
    for name, text in given.items():
        if name not in known:
            raise UserError(f"{where} has no knob {name!r}. It has {', '.join(sorted(known))}.", f"sandbox scenario show {where}")
        try:
            changed[name] = known[name].read(text)
        except ValueError as error:
            raise UserError(f"Invalid {name}={text}: expected {error}.", f"sandbox scenario show {where}") from None
    return Settings(knobs=tuple(known.values()), changed=changed)
