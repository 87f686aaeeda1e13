"""Which share of new connections each address of a load balancer gets while clients follow a change of its DNS record."""

from datetime import datetime, timedelta

import pytest

from sandbox.services.elbv2.decide import dns
from sandbox.services.elbv2.decide.dns import Answer
from tests.support import rule
from tests.support.services.targets import START

A, B, C = "us-east-1a", "us-east-1b", "us-east-1c"
SECOND = timedelta(seconds=1)
BOTH, ONE = frozenset({A, B}), frozenset({B})
LEFT = (Answer(since=START, zones=BOTH), Answer(since=START + 100 * SECOND, zones=ONE))


def shares(history: dns.History, now: datetime, keep: timedelta = dns.TTL) -> tuple[float, float]:
    found = dns.weights(history, (A, B), keep, now)
    return found[A] / sum(found.values()), found[B] / sum(found.values())


@rule("ALB-5")
@pytest.mark.parametrize(
    ("seconds", "share"),
    [(0, 1 / 2), (4.9, 1 / 2), (5, 11 / 24), (30, 1 / 4), (55, 1 / 24), (59.9, 1 / 24)],
)
def test_the_clients_of_a_removed_address_leave_it_within_the_ttl(seconds: float, share: float) -> None:
    assert shares(LEFT, START + (100 + seconds) * SECOND) == pytest.approx((share, 1 - share))


@rule("ALB-5")
def test_after_the_ttl_no_client_knows_the_earlier_record() -> None:
    history = dns.with_answer(LEFT, ONE, START + 160 * SECOND, dns.TTL)
    assert history == LEFT[1:]
    assert dns.weights(history, (A, B), dns.TTL, START + 160 * SECOND) == {A: 0, B: 1}


def test_an_address_that_returns_is_known_to_more_and_more_clients() -> None:
    history = (Answer(since=START, zones=ONE), Answer(since=START + 100 * SECOND, zones=BOTH))
    assert [round(shares(history, START + (100 + n) * SECOND)[0], 3) for n in (0, 30, 55)] == [0, 0.25, 0.458]


def test_two_changes_within_the_ttl_leave_clients_with_three_answers() -> None:
    history = (
        Answer(since=START, zones=frozenset({A, B, C})),
        Answer(since=START + 100 * SECOND, zones=frozenset({B, C})),
        Answer(since=START + 120 * SECOND, zones=frozenset({C})),
    )
    found = dns.weights(history, (A, B, C), dns.TTL, START + 130 * SECOND)  # a half, a third and a sixth of the clients
    assert found == {A: 720 / 2 / 3, B: 720 / 2 / 3 + 720 / 3 / 2, C: 720 / 2 / 3 + 720 / 3 / 2 + 720 / 6}


@pytest.mark.parametrize(("keep", "share"), [(0, 0.0), (600, 11 / 24)])
def test_how_long_clients_keep_an_answer_is_a_parameter(keep: int, share: float) -> None:
    history = dns.with_answer(LEFT, ONE, START + 160 * SECOND, keep * SECOND)
    assert shares(history, START + 160 * SECOND, keep * SECOND)[0] == pytest.approx(share)


def test_the_shares_change_twelve_times_and_then_no_more() -> None:
    assert dns.next_step(LEFT, dns.TTL, START + 100 * SECOND) == 5 * SECOND
    assert dns.next_step(LEFT, dns.TTL, START + 103 * SECOND) == 2 * SECOND
    assert dns.next_step(LEFT[1:], dns.TTL, START + 160 * SECOND) is None
