"""Walking and finding moto's backends, on dictionaries that make what is asked for, as moto's do."""

from collections import defaultdict
from typing import Any

from sandbox.aws import backends
from sandbox.core.control import Scope

ACCOUNT = "123456789012"


def made(*scopes: Scope) -> dict[str, Any]:
    found: dict[str, Any] = defaultdict(lambda: defaultdict(object))
    for scope in scopes:
        found[scope.account][scope.region]
    return found


def test_walking_gives_each_in_a_fixed_order() -> None:
    scopes = [Scope(ACCOUNT, "us-west-2"), Scope("000000000001", "us-east-1"), Scope(ACCOUNT, "us-east-1")]
    assert [scope for scope, _ in backends.walk(made(*scopes))] == sorted(scopes, key=lambda s: (s.account, s.region))


def test_finding_makes_no_backend() -> None:
    found = made(Scope(ACCOUNT, "us-east-1"))
    assert backends.find(found, Scope(ACCOUNT, "eu-west-1")) is None
    assert backends.find(found, Scope("999999999999", "us-east-1")) is None
    assert backends.find(found, Scope(ACCOUNT, "us-east-1")) is found[ACCOUNT]["us-east-1"]
    assert ({*found}, {*found[ACCOUNT]}) == ({ACCOUNT}, {"us-east-1"})
