"""LBM-2: connections of clients and to targets, new ones by the minute and those that are open at its end."""

from datetime import UTC, datetime, timedelta

from sandbox.drivers.proxy.base import Connections
from sandbox.services.elbv2.actions import PublishConnections
from sandbox.services.elbv2.decide.connection_metrics import Balancer, Counted, Links, decide_connections
from tests.support import rule

LB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef"
LISTENER, GROUP = "listener", "group"
NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def links(**counts: tuple[int, int]) -> Links:
    found = {arn: Connections(opened=opened, open=now) for arn, (opened, now) in counts.items()}
    return Links(balancers=(Balancer(arn=LB, ends=(LISTENER, GROUP)),), connections=found)


def told(observed: Links, memory: Counted, now: datetime) -> dict[str, float]:
    decision = decide_connections(observed, memory, now)
    data = [datum for action in decision.actions if isinstance(action, PublishConnections) for datum in action.data]
    assert all(datum.dimensions == (("LoadBalancer", "app/web/0123456789abcdef"),) for datum in data)
    assert all(datum.at == NOON and datum.unit == "Count" for datum in data)
    return {datum.name: datum.sample.total for datum in data}


def since_noon(**opened: int) -> Counted:
    return Counted(minute=NOON, opened=opened)


def test_the_first_look_tells_nothing_for_nobody_knows_when_they_came() -> None:
    decision = decide_connections(links(listener=(7, 2)), None, NOON + MINUTE / 2)
    assert decision.actions == ()
    assert decision.memory == since_noon(listener=7)
    assert decision.look_again == MINUTE / 2


def test_after_a_restart_nothing_is_new_until_the_proxy_has_told() -> None:
    decision = decide_connections(links(), None, NOON)
    assert (decision.memory, decision.actions, decision.look_again) == (None, (), MINUTE)


@rule("LBM-2")
def test_a_minute_s_new_ones_and_the_open_ones_of_clients_and_to_targets() -> None:
    found = told(links(listener=(17, 3), group=(9, 2)), since_noon(listener=7, group=5), NOON + MINUTE)
    assert found == {"NewConnectionCount": 14.0, "ActiveConnectionCount": 5.0}


@rule("LBM-2")
def test_what_is_zero_is_not_told() -> None:
    assert told(links(listener=(7, 1)), since_noon(listener=7), NOON + MINUTE) == {"ActiveConnectionCount": 1.0}
    assert told(links(listener=(7, 0)), since_noon(listener=7), NOON + MINUTE) == {}


def test_a_proxy_that_was_started_anew_counts_from_zero() -> None:
    assert told(links(listener=(4, 0)), since_noon(listener=700), NOON + MINUTE) == {"NewConnectionCount": 4.0}


def test_within_the_minute_nothing_is_told_twice() -> None:
    decision = decide_connections(links(listener=(9, 9)), since_noon(listener=1), NOON + MINUTE / 4)
    assert (decision.actions, decision.memory) == ((), since_noon(listener=1))


def test_another_account_s_listener_does_not_count() -> None:
    assert told(links(listener=(3, 0), stranger=(100, 50)), since_noon(listener=1, stranger=1), NOON + MINUTE) == {
        "NewConnectionCount": 2.0
    }
