"""Sticky sessions of a load balancer (TG-25 to TG-27), simulated and by Envoy: cookies, and which target they lead to."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from sandbox.drivers.proxy.base import Forward, Stickiness
from tests.support import rule as proves
from tests.support.drivers.proxies import EnvoyHarness, Harness, forward, group, listener, rule
from tests.support.waiting import until

DAY = timedelta(days=1)


def sticky(*groups: str, choice: timedelta | None = None, targets: bool = True, **more: object) -> Forward:
    stickiness = Stickiness(**({"duration": DAY} | more))
    return Forward(
        target_groups=tuple((name, 1) for name in groups),
        sticky_targets=tuple((name, stickiness) for name in groups if targets),
        sticky_choice=choice,
    )


def client(cookies: Mapping[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(["other=1", *(f"{name}={value}" for name, value in cookies.items())])}


@proves("TG-25")
def test_a_client_with_the_cookie_stays_with_its_target(harness: Harness) -> None:
    endpoints = [harness.endpoint(f"i-s{n}") for n in range(3)]
    harness.apply(listener(rule(None, sticky("tg"))), group("tg", *endpoints))
    assert {harness.ask().target for _ in range(6)} == {"i-s0", "i-s1", "i-s2"}  # without a cookie
    first = harness.ask()
    assert first.cookies["AWSALB"] == first.cookies["AWSALBCORS"]
    jar = dict(first.cookies)
    for _ in range(6):
        got = harness.ask(headers=client(jar))
        assert got.target == first.target
        jar = dict(got.cookies)
        assert set(jar) == {"AWSALB", "AWSALBCORS"}  # set again by each response


@proves("TG-25")
@pytest.mark.parametrize("then", ["unhealthy", "gone", "another group"])
def test_a_client_whose_target_may_not_get_it_gets_another_one(harness: Harness, then: str) -> None:
    first, second = harness.endpoint("i-s0"), harness.endpoint("i-s1")
    harness.apply(listener(rule(None, sticky("tg"))), group("tg", first))
    cookies = harness.ask().cookies
    unhealthy = harness.endpoint("i-s0", healthy=False)
    now = {"unhealthy": (unhealthy, second), "gone": (second,), "another group": (second,)}[then]
    name = "other" if then == "another group" else "tg"
    harness.apply(listener(rule(None, sticky(name))), group(name, *now))
    got = harness.ask(headers=client(cookies))
    assert (got.status, got.target) == (200, "i-s1")
    assert got.cookies["AWSALB"] != cookies["AWSALB"]


@pytest.mark.parametrize("value", ["", "zz", "abc", "00ff", "6120622063"])
def test_a_cookie_that_cannot_be_decoded_is_as_if_absent(harness: Harness, value: str) -> None:
    harness.apply(listener(rule(None, sticky("tg"))), group("tg", *(harness.endpoint(f"i-s{n}") for n in range(2))))
    answers = [harness.ask(headers=client({"AWSALB": value})) for _ in range(4)]
    assert {got.target for got in answers} == {"i-s0", "i-s1"} and all(got.status == 200 and got.cookies["AWSALB"] for got in answers)


def test_without_stickiness_no_cookie_is_set(harness: Harness) -> None:
    harness.apply(listener(rule(None, forward("tg"))), group("tg", harness.endpoint("i-s0")))
    assert harness.ask(headers=client({"AWSALB": "00"})).cookies == {}
    harness.apply(listener(rule(None, sticky("tg"))), group("tg"))
    assert (harness.ask().status, harness.ask().cookies) == (503, {})


@proves("TG-27")
def test_a_client_with_the_cookie_stays_with_its_target_group(harness: Harness) -> None:
    rules = listener(rule(None, sticky("blue", "green", choice=DAY, targets=False)))
    harness.apply(rules, group("blue", harness.endpoint("i-blue")), group("green", harness.endpoint("i-green")))
    seen = [harness.ask() for _ in range(30)]
    assert {got.target for got in seen} == {"i-blue", "i-green"}
    for color in ("blue", "green"):
        jar = dict(next(got.cookies for got in seen if got.target == f"i-{color}"))
        assert set(jar) == {"AWSALBTG", "AWSALBTGCORS"}
        for _ in range(5):
            got = harness.ask(headers=client(jar))
            assert got.target == f"i-{color}"
            jar = dict(got.cookies)
    only_green = Forward(target_groups=(("blue", 0), ("green", 1)), sticky_choice=DAY)
    blue = next(got.cookies for got in seen if got.target == "i-blue")
    harness.apply(listener(rule(None, only_green)), group("blue", harness.endpoint("i-blue")), group("green", harness.endpoint("i-green")))
    assert harness.ask(headers=client(blue)).target == "i-green"


def test_a_client_may_stay_with_a_group_and_with_a_target_in_it(harness: Harness) -> None:
    groups = [group(color, *(harness.endpoint(f"i-{color}{n}") for n in range(2))) for color in ("blue", "green")]
    harness.apply(listener(rule(None, sticky("blue", "green", choice=DAY))), *groups)
    for _ in range(6):
        first = harness.ask()
        assert set(first.cookies) == {"AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS"}
        assert {harness.ask(headers=client(first.cookies)).target for _ in range(4)} == {first.target}


@proves("TG-24")
def test_weighted_random_reaches_every_target_in_no_order(harness: Harness) -> None:
    endpoints = [harness.endpoint(f"i-s{n}") for n in range(3)]
    harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints, algorithm="weighted_random"))
    seen = [harness.ask().target for _ in range(60)]
    assert set(seen) == {"i-s0", "i-s1", "i-s2"}
    assert any(before == after for before, after in pairwise(seen))  # round robin never does


# ---- only a real proxy has these ---------------------------------------------------------------------------------------------------------


@pytest.mark.process
@proves("TG-25")
def test_a_cookie_that_was_not_used_for_the_duration_is_stale(envoy: EnvoyHarness) -> None:
    endpoints = [envoy.endpoint(f"i-s{n}") for n in range(2)]
    envoy.apply(listener(rule(None, sticky("tg", duration=timedelta(seconds=30)))), group("tg", *endpoints))  # half a real second
    first = envoy.ask()
    jar = dict(first.cookies)
    until(lambda: envoy.ask(headers=client(jar)).target != first.target, seconds=5)


@pytest.mark.process
@proves("TG-25")
def test_the_cookie_expires_in_seven_days_and_the_second_is_for_other_sites(envoy: EnvoyHarness) -> None:
    envoy.apply(listener(rule(None, sticky("tg"))), group("tg", envoy.endpoint("i-s0")))
    cookie = envoy.ask().headers["Set-Cookie"]  # the last one
    assert "AWSALBCORS=" in cookie and cookie.endswith("; Path=/; SameSite=None; Secure") and "GMT" in cookie
    assert "x-sandbox-target" not in {name.lower() for name in envoy.ask().headers}
    seen = dict(envoy.targets["i-s0"].requests[-1]["headers"])
    assert "x-sandbox-choice" not in {name.lower() for name in seen}


@pytest.mark.process
@proves("TG-26")
def test_the_application_s_cookie_begins_a_session(envoy: EnvoyHarness) -> None:
    endpoints = [envoy.endpoint(f"i-s{n}") for n in range(3)]
    envoy.apply(listener(rule(None, sticky("tg", app_cookie="JSESSIONID"))), group("tg", *endpoints))
    assert envoy.ask().cookies == {}
    for target in envoy.targets.values():
        target.mode = "cookie"
    first = envoy.ask()
    assert set(first.cookies) == {"JSESSIONID", "AWSALBAPP-0"}
    assert {envoy.ask(headers=client(first.cookies)).target for _ in range(5)} == {first.target}
    own = {"AWSALBAPP-0": first.cookies["AWSALBAPP-0"]}
    assert len({envoy.ask(headers=client(own)).target for _ in range(6)}) == 3  # without the application's cookie
