"""LBM-2: connections of clients and to targets: those opened in a minute, and those open at its end."""

from datetime import UTC, datetime, timedelta

from sandbox.drivers.proxy.base import Connections
from sandbox.services.elbv2.actions import PublishConnectionMetrics
from sandbox.services.elbv2.decide.connection_metrics import ConnectionMemory, CountedLoadBalancer, ObservedConnections, decide
from tests.support import rule

LB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/0123456789abcdef"
LISTENER, GROUP = "listener", "group"
NOON = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def connections(**counts: tuple[int, int]) -> ObservedConnections:
    found = {arn: Connections(opened=opened, open=now) for arn, (opened, now) in counts.items()}
    return ObservedConnections(load_balancers=(CountedLoadBalancer(arn=LB, members=(LISTENER, GROUP)),), connections=found)


def published(observed: ObservedConnections, memory: ConnectionMemory, now: datetime) -> dict[str, float]:
    decision = decide(observed, memory, now)
    data = [datum for action in decision.actions if isinstance(action, PublishConnectionMetrics) for datum in action.data]
    assert all(datum.dimensions == (("LoadBalancer", "app/web/0123456789abcdef"),) for datum in data)
    assert all(datum.at == NOON and datum.unit == "Count" for datum in data)
    return {datum.name: datum.sample.total for datum in data}


def since_noon(**opened: int) -> ConnectionMemory:
    return ConnectionMemory(minute=NOON, opened=opened)


def test_the_first_observation_publishes_nothing() -> None:
    decision = decide(connections(listener=(7, 2)), None, NOON + MINUTE / 2)
    assert decision.actions == ()
    assert decision.memory == since_noon(listener=7)
    assert decision.look_again == MINUTE / 2


def test_after_a_restart_nothing_is_new_until_the_proxy_has_reported() -> None:
    decision = decide(connections(), None, NOON)
    assert (decision.memory, decision.actions, decision.look_again) == (None, (), MINUTE)


@rule("LBM-2")
def test_new_connections_of_the_minute_and_open_ones_at_its_end_are_published() -> None:
    found = published(connections(listener=(17, 3), group=(9, 2)), since_noon(listener=7, group=5), NOON + MINUTE)
    assert found == {"NewConnectionCount": 14.0, "ActiveConnectionCount": 5.0}


@rule("LBM-2")
def test_zero_is_not_published() -> None:
    assert published(connections(listener=(7, 1)), since_noon(listener=7), NOON + MINUTE) == {"ActiveConnectionCount": 1.0}
    assert published(connections(listener=(7, 0)), since_noon(listener=7), NOON + MINUTE) == {}


def test_after_a_restart_of_the_proxy_counts_begin_at_zero() -> None:
    assert published(connections(listener=(4, 0)), since_noon(listener=700), NOON + MINUTE) == {"NewConnectionCount": 4.0}


def test_nothing_is_published_twice_for_a_minute() -> None:
    decision = decide(connections(listener=(9, 9)), since_noon(listener=1), NOON + MINUTE / 4)
    assert (decision.actions, decision.memory) == ((), since_noon(listener=1))


def test_another_account_s_listener_does_not_count() -> None:
    assert published(connections(listener=(3, 0), stranger=(100, 50)), since_noon(listener=1, stranger=1), NOON + MINUTE) == {
        "NewConnectionCount": 2.0
    }
