"""Rules of composite alarms: `ALARM("cpu high") AND NOT OK(disk)`, parsed and evaluated (CW-60, CW-61). Pure.

A recursive-descent parser: OR of AND of NOT of terms. A term is a state function, TRUE, FALSE, AT_LEAST or a rule in parentheses.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.errors import validation
from sandbox.services.cloudwatch.model import StateValue

MAX_RULE_LENGTH, MAX_CHILDREN, MAX_ELEMENTS = 10_240, 100, 500
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class InState:
    state: StateValue
    alarm: str  # its name


@dataclass(frozen=True, slots=True)
class Constant:
    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class And:
    rules: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    rules: "tuple[Rule, ...]"


@dataclass(frozen=True, slots=True)
class AtLeast:
    count: int
    state: StateValue
    negated: bool  # AT_LEAST(2, NOT OK, (...))
    alarms: tuple[str, ...]


Rule = InState | Constant | Not | And | Or | AtLeast


def parse(text: str) -> Rule:
    """Raises ValidationError when the text is not a rule, or is too large."""
    if len(text) > MAX_RULE_LENGTH:
        raise validation(f"AlarmRule must not exceed {MAX_RULE_LENGTH} characters.")
    parser = _Parser(text)
    rule = parser.or_rule()
    parser.end()
    if len(set(children(rule))) > MAX_CHILDREN:
        raise validation(f"AlarmRule must not refer to more than {MAX_CHILDREN} alarms.")
    return rule


def children(rule: Rule) -> Iterator[str]:
    """Names of the alarms that the rule refers to."""
    match rule:
        case InState():
            yield rule.alarm
        case Not():
            yield from children(rule.rule)
        case And() | Or():
            for part in rule.rules:
                yield from children(part)
        case AtLeast():
            yield from rule.alarms


def is_true(rule: Rule, states: Mapping[str, StateValue]) -> bool:
    """An alarm that is not in `states` has no state."""
    match rule:
        case InState():
            return states.get(rule.alarm) is rule.state
        case Constant():
            return rule.value
        case Not():
            return not is_true(rule.rule, states)
        case And():
            return all(is_true(part, states) for part in rule.rules)
        case Or():
            return any(is_true(part, states) for part in rule.rules)
        case AtLeast():
            return sum((states.get(alarm) is rule.state) != rule.negated for alarm in rule.alarms) >= rule.count


_TOKEN = re.compile(r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'[^']*')|(?P<mark>[(),])|(?P<word>[^\s(),"']+))""")


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._read())
        self._at = 0
        self._depth = 0
        if len(self._tokens) > MAX_ELEMENTS * 4:
            raise validation(f"AlarmRule must not have more than {MAX_ELEMENTS} elements.")

    def _read(self) -> Iterator[tuple[str, str]]:
        at, text = 0, self._text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise self._error(at)
            yield match.lastgroup, match[match.lastgroup]
            at = match.end()

    def _error(self, at: int | None = None) -> ApiError:
        where = f" at character {at}" if at is not None else ""
        return validation(f"AlarmRule is not a valid expression{where}: {self._text}")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, kind: str | None = None, value: str | None = None) -> str:
        found = self._peek()
        if (kind and found[0] != kind) or (value and found[1] != value):
            raise self._error()
        self._at += 1
        return found[1]

    def _takes(self, word: str) -> bool:
        if self._peek() == ("word", word):
            self._at += 1
            return True
        return False

    def end(self) -> None:
        self._take("end")

    def or_rule(self) -> Rule:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error()
        rules = [self._and_rule()]
        while self._takes("OR"):
            rules.append(self._and_rule())
        self._depth -= 1
        return rules[0] if len(rules) == 1 else Or(tuple(rules))

    def _and_rule(self) -> Rule:
        rules = [self._not_rule()]
        while self._takes("AND"):
            rules.append(self._not_rule())
        return rules[0] if len(rules) == 1 else And(tuple(rules))

    def _not_rule(self) -> Rule:
        negated = False
        while self._takes("NOT"):
            negated = not negated
        term = self._term()
        return Not(term) if negated else term

    def _term(self) -> Rule:
        if self._peek() == ("mark", "("):
            self._take()
            rule = self.or_rule()
            self._take("mark", ")")
            return rule
        word = self._take("word")
        if word in ("TRUE", "FALSE"):
            return Constant(word == "TRUE")
        self._take("mark", "(")
        rule = self._at_least() if word == "AT_LEAST" else InState(self._state(word), self._alarm())
        self._take("mark", ")")
        return rule

    def _state(self, word: str) -> StateValue:
        if word not in StateValue.__members__:
            raise self._error()
        return StateValue[word]

    def _alarm(self) -> str:
        """A name or an ARN, quoted or not; unquoted names may contain spaces."""
        kind, value = self._peek()
        if kind == "quoted":
            self._take()
            name = re.sub(r"\\(.)", r"\1", value[1:-1])
        else:
            words = [self._take("word")]
            while self._peek()[0] == "word":
                words.append(self._take())
            name = " ".join(words)
        return name.split(":", 6)[6] if name.startswith("arn:") and name.count(":") >= 6 else name

    def _at_least(self) -> Rule:
        """AT_LEAST(2, ALARM, (a, b, c)); the count may be a percentage: 50%."""
        count = self._take("word")
        self._take("mark", ",")
        negated = self._takes("NOT")
        state = self._state(self._take("word"))
        self._take("mark", ",")
        self._take("mark", "(")
        alarms = [self._alarm()]
        while self._peek() == ("mark", ","):
            self._take()
            alarms.append(self._alarm())
        self._take("mark", ")")
        return AtLeast(self._number(count, len(alarms)), state, negated, tuple(alarms))

    def _number(self, text: str, alarms: int) -> int:
        number = text.removesuffix("%")
        if not number.isdigit():
            raise self._error()
        return math.ceil(alarms * int(number) / 100) if text.endswith("%") else int(number)
