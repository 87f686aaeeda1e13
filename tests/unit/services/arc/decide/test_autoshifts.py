"""When AWS starts an autoshift, and when it ends."""

from datetime import timedelta
from typing import Any

from sandbox.services.arc.actions import ChangeAutoshift, StartAutoshift
from sandbox.services.arc.decide.shifts import Memory, decide
from sandbox.services.arc.model import Capacity, Observed
from tests.support import rule
from tests.support.services.zones.arc_values import BALANCED, GROUP, LB, NOW, UNBALANCED, autoshift, minutes, observed, resource, settings

AZ = "use1-az6"
FIVE_MINUTES = timedelta(minutes=5)


def changes(given: Observed, clear: timedelta = FIVE_MINUTES) -> list[Any]:
    memory = Memory(clear={AZ: NOW - clear})
    return [action for action in decide(given, memory, NOW).actions if isinstance(action, ChangeAutoshift)]


def started(given: Observed) -> list[str]:
    return [action.away_from for action in decide(given, None, NOW).actions if isinstance(action, StartAutoshift)]


@rule("ARC-6")
def test_an_autoshift_starts_five_minutes_after_a_zone_has_failed() -> None:
    assert started(observed(impaired={AZ: NOW - minutes(5)})) == [AZ]
    early = observed(impaired={AZ: NOW - minutes(3)})
    assert started(early) == [] and decide(early, None, NOW).look_again == minutes(2)
    assert started(observed(impaired={AZ: NOW - minutes(9)}, autoshifts=(autoshift(),))) == []


def test_it_lasts_while_the_zone_is_impaired() -> None:
    given = observed(impaired={AZ: NOW - minutes(60)}, autoshifts=(autoshift(),))
    assert changes(given) == [] and decide(given, Memory(), NOW).memory == Memory()


def test_it_ends_when_the_zone_has_been_well_for_five_minutes() -> None:
    given = observed(resource(capacity=BALANCED), autoshifts=(autoshift(),))
    assert changes(given, minutes(4)) == []
    (change,) = changes(given)
    assert (change.after.end, change.after.held) == (NOW, frozenset())


def test_the_time_without_the_fault_starts_again_after_a_restart() -> None:
    decision = decide(observed(resource(capacity=BALANCED), autoshifts=(autoshift(),)), None, NOW)
    assert decision.actions == () and decision.memory == Memory(clear={AZ: NOW}) and decision.look_again == minutes(5)


@rule("ARC-8")
def test_a_load_balancer_whose_zones_are_not_balanced_stays_shifted_and_a_group_does_not() -> None:
    given = observed(resource(capacity=UNBALANCED), resource(GROUP, capacity=UNBALANCED), autoshifts=(autoshift(),))
    (change,) = changes(given)
    assert (change.after.end, change.after.held) == (NOW, {LB})
    over = autoshift(end=NOW - minutes(1), held=frozenset({LB}))
    assert changes(observed(resource(capacity=UNBALANCED), autoshifts=(over,))) == []
    (release,) = changes(observed(resource(capacity=BALANCED), autoshifts=(over,)))
    assert release.after.held == frozenset()


@rule("ARC-6")
def test_only_resources_with_zonal_autoshift_enabled_are_in_it() -> None:
    assert resource().shifted_by(autoshift())
    assert not resource(settings=settings(autoshift=False)).shifted_by(autoshift())
    assert not resource(zones={AZ: "us-east-1a"}).shifted_by(autoshift())
    assert not resource().shifted_by(autoshift(away_from="use1-az4"))


def test_a_load_balancer_without_any_healthy_target_has_nothing_to_balance() -> None:
    nothing = Capacity(healthy={"us-east-1a": 0, "us-east-1b": 0, "us-east-1c": 0})
    (change,) = changes(observed(resource(capacity=nothing), autoshifts=(autoshift(),)))
    assert change.after.held == frozenset()


def test_no_weekly_run_starts_in_the_moment_of_an_autoshift() -> None:
    due = settings(configured=NOW - timedelta(weeks=2))
    decision = decide(observed(resource(settings=due), impaired={AZ: NOW - minutes(5)}), None, NOW)
    assert [type(action) for action in decision.actions] == [StartAutoshift]
