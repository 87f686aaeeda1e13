"""Matches callers' patterns, such as `web-*`, against a text. All code that matches a caller's pattern uses this module.

Patterns may be malicious. As a regular expression, `*a*a*a*ab` against a text of many `a` would backtrack for years and block the control
plane. Nothing here backtracks: pattern and text are each read once, from left to right.

AWS's APIs have different special characters besides `*`; each has a Syntax below.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class QuestionMark(Enum):
    """What `?` matches."""

    ITSELF = "itself"
    ONE = "exactly one character"
    AT_MOST_ONE = "no character or one"


@dataclass(frozen=True, slots=True)
class Syntax:
    """In every syntax, `*` matches any number of characters."""

    question_mark: QuestionMark
    backslash: bool  # \*, \? and \\ match the characters themselves; before another character, a backslash is an ordinary character


EC2_FILTER = Syntax(QuestionMark.AT_MOST_ONE, backslash=True)
"""Values of EC2's filters: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
RULE_CONDITION = Syntax(QuestionMark.ONE, backslash=True)
"""Conditions of a load balancer's rules (ALB-22)."""
POLICY = Syntax(QuestionMark.ONE, backslash=False)
"""Actions and resources of IAM policies."""
EVENT_PATTERN = Syntax(QuestionMark.ITSELF, backslash=True)
"""`wildcard` in EventBridge's event patterns."""
ASTERISK_ONLY = Syntax(QuestionMark.ITSELF, backslash=False)
"""`wildcard` in SNS filter policies (SNS-12), and other patterns with `*` only."""


def matches(pattern: str, text: str, syntax: Syntax) -> bool:
    """Whether the pattern matches the whole text. Case-sensitive."""
    compiled = _kept(pattern, syntax) if len(pattern) <= LONGEST_KEPT else _compiled(pattern, syntax)
    return _in_order(compiled.parts, text) if compiled.parts else _by_places(compiled.tokens, text)


class _Special(Enum):
    MANY = "*"
    ONE = "?, exactly one"
    AT_MOST_ONE = "?, at most one"


_Token = str | _Special

_QUESTION_MARKS: dict[QuestionMark, _Token] = {
    QuestionMark.ITSELF: "?",
    QuestionMark.ONE: _Special.ONE,
    QuestionMark.AT_MOST_ONE: _Special.AT_MOST_ONE,
}


@dataclass(frozen=True, slots=True)
class _Compiled:
    tokens: tuple[_Token, ...]
    parts: tuple[str, ...]  # the texts between the asterisks; empty for a pattern with ?


def _compiled(pattern: str, syntax: Syntax) -> _Compiled:
    tokens = _tokens(pattern, syntax)
    with_question_mark = _Special.ONE in tokens or _Special.AT_MOST_ONE in tokens
    return _Compiled(tokens, () if with_question_mark else _parts(tokens))


_kept = lru_cache(maxsize=4096)(_compiled)
LONGEST_KEPT = 512
"""Characters. A longer pattern is compiled at each use, which keeps the cache small."""


def _tokens(pattern: str, syntax: Syntax) -> tuple[_Token, ...]:
    found: list[_Token] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if syntax.backslash and character == "\\" and pattern[at + 1 : at + 2] in ("*", "?", "\\"):
            at += 1
            found.append(pattern[at])
        elif character == "*":
            found.append(_Special.MANY)
        else:
            found.append(_QUESTION_MARKS[syntax.question_mark] if character == "?" else character)
        at += 1
    return tuple(found)


def _parts(tokens: tuple[_Token, ...]) -> tuple[str, ...]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if isinstance(token, str):
            parts[-1].append(token)
        else:
            parts.append([])
    return tuple("".join(part) for part in parts)


def _in_order(parts: tuple[str, ...], text: str) -> bool:
    """Whether the text starts with the first part, ends with the last, and has the others in order between them. The first position found
    for a part is the best one, because it leaves the most text for the parts that follow."""
    if len(parts) == 1:
        return text == parts[0]
    at, end = len(parts[0]), len(text) - len(parts[-1])
    if at > end or not text.startswith(parts[0]) or not text.endswith(parts[-1]):
        return False
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _by_places(tokens: tuple[_Token, ...], text: str) -> bool:
    """Tracks all positions in the text that the tokens so far can reach: bit i of `places` is the position after i characters."""
    where: dict[str, int] = {}
    for number, character in enumerate(text):
        where[character] = where.get(character, 0) | 1 << number
    end = 1 << len(text)
    anywhere = end | end - 1
    places = 1
    for token in tokens:
        match token:
            case _Special.MANY:
                places = anywhere & -(places & -places)  # the first place and all after it
            case _Special.ONE:
                places = places << 1 & anywhere
            case _Special.AT_MOST_ONE:
                places |= places << 1 & anywhere
            case _:
                places = (places & where.get(token, 0)) << 1
        if not places:
            return False
    return bool(places & end)
