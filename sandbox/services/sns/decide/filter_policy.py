"""Filter policies (SNS-12): whether a subscription accepts a message, by its attributes or by its JSON body. Pure.

moto's matcher is not used: its `equals-ignore-case` is case-sensitive for the rule, a missing key ends a list of rules before its
`exists: false`, and it lacks `$or` in bodies, cidr, wildcard, suffix in anything-but, true, false and null.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.services.sns.decide.filter_rules import KEYWORDS, rule_matches
from sandbox.services.sns.model import Attributes

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"

Terms = tuple[tuple[str, list[Any]], ...]
"""Conditions that must all hold: the path of a value ("detail.state") and its rules, of which one must match."""


def accepts(policy: Mapping[str, Any] | None, scope: str, attributes: Attributes, message: str) -> bool:
    """Whether the message passes the policy. No policy accepts everything; one for bodies refuses all that is not a JSON object."""
    if not policy:
        return True
    return _holds(policy, _plain(attributes) if scope == ATTRIBUTES else _body(message))


def is_alternatives(name: str, value: Any) -> bool:
    """Whether a member of a policy is an `$or` of policies. Otherwise `$or` is the name of a value like any other."""
    if name != "$or" or not isinstance(value, list) or len(value) < 2:
        return False
    return all(isinstance(each, dict) and not KEYWORDS.intersection(each) for each in value)


def _body(message: str) -> Mapping[str, Any] | None:
    try:
        body = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _plain(attributes: Attributes) -> dict[str, Any]:
    """The attributes as JSON values. Binary attributes are ignored."""
    found: dict[str, Any] = {}
    for name, kind, value in attributes:
        base = kind.partition(".")[0]
        if kind == "String.Array":
            found[name] = _array(value)
        elif base == "Number":
            found[name] = float(value)
        elif base == "String":
            found[name] = value
    return found


def _array(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _holds(policy: Mapping[str, Any], value: Mapping[str, Any] | None) -> bool:
    return value is not None and any(_all_hold(terms, value) for terms in _alternatives(policy, ""))


def _alternatives(policy: Mapping[str, Any], prefix: str) -> list[Terms]:
    """The policy without nesting and without `$or`: one of these must hold. Their number is limited by the policy's complexity."""
    found: list[Terms] = [()]
    for name, value in policy.items():
        if is_alternatives(name, value):
            options = [terms for each in value for terms in _alternatives(each, prefix)]
        elif isinstance(value, dict):
            options = _alternatives(value, f"{prefix}{name}.")
        else:
            options = [((f"{prefix}{name}", value),)]
        found = [(*terms, *more) for terms in found for more in options]
    return found


def _all_hold(terms: Terms, value: Mapping[str, Any]) -> bool:
    """A dot in a path may be nesting or a part of a name: "a.b" is `{"a": {"b": …}}` and `{"a.b": …}`.

    Terms that lead through the same member are checked together: within a list of objects, one object must match all of them.
    """
    together: dict[str, list[tuple[str, list[Any]]]] = {}
    for path, rules in terms:
        ways = [key for key in value if path == key or path.startswith(f"{key}.")]
        if len(ways) == 1:
            together.setdefault(ways[0], []).append((path[len(ways[0]) + 1 :], rules))
        elif (not ways and not _may_be_absent(rules)) or (
            ways and not any(_member_holds(((path[len(key) + 1 :], rules),), value[key]) for key in ways)
        ):
            return False
    return all(_member_holds(tuple(below), value[key]) for key, below in together.items())


def _member_holds(terms: Terms, value: Any) -> bool:
    """`terms` have paths below this value; an empty path is the value itself."""
    members = list(_flat(value))
    if not all(_leaf_holds(rules, members) for path, rules in terms if not path):
        return False
    below = tuple(term for term in terms if term[0])
    objects = [each for each in members if isinstance(each, dict)]
    return not below or any(_all_hold(below, each) for each in objects or [{}])


def _leaf_holds(rules: list[Any], members: list[Any]) -> bool:
    values = [each for each in members if not isinstance(each, dict)]
    if not values:
        return _may_be_absent(rules)
    return any(rule_matches(rule, each) for rule in rules for each in values)


def _may_be_absent(rules: list[Any]) -> bool:
    return any(isinstance(rule, dict) and rule.get("exists") is False for rule in rules)


def _flat(value: Any) -> Iterable[Any]:
    """The members of a list at any depth, or the value itself."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(reversed(each))
        else:
            yield each
