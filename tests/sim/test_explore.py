"""`make explore` finds planted bugs, prints the command that replays them, and ends by itself.

Each planted bug breaks one thing in the product, and the invariant that has to notice it is named.
"""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from sandbox.core.journal import Journal
from sandbox.drivers.proxy.base import ProxyConfig
from sandbox.drivers.proxy.simulated import SimulatedProxy
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.services.autoscaling.state import launches
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.state import writes
from tests.support.exploration.explorer import explore
from tests.support.exploration.plans import Step
from tests.support.exploration.shrinking import shortest
from tools import explore as command

Plant = Callable[[pytest.MonkeyPatch], None]


def healthy_at_registration(monkeypatch: pytest.MonkeyPatch) -> None:
    set_health = writes.set_health

    def too_early(scope: Any, name: str, target: Any, health: model.Health, *more: Any) -> None:
        set_health(scope, name, target, model.HEALTHY if health.state is model.TargetState.INITIAL else health, *more)

    monkeypatch.setattr(writes, "set_health", too_early)


def every_launch_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    launch = launches.launch

    def twice(*given: Any) -> None:
        launch(*given)
        launch(*given)

    monkeypatch.setattr(launches, "launch", twice)


def routes_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The load balancer goes on with its first configuration that has targets."""
    apply = SimulatedProxy.apply

    def once(self: SimulatedProxy, config: ProxyConfig) -> None:
        if not any(group.endpoints for group in self.configuration.target_groups):
            apply(self, config)

    monkeypatch.setattr(SimulatedProxy, "apply", once)


def causes_that_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "current_cause", None)
    because = Journal.because
    monkeypatch.setattr(Journal, "because", lambda self, cause: because(self, None))


def machines_that_are_never_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedRuntime, "terminate", lambda self, instance_id: None)


QUIET = (
    Step("set_desired_capacity", 3, 40),
    Step("deregister_target", 1, 9),
    Step("terminate_instance", 1, 40),
    Step("terminate_in_group", 2, 700),
)


@pytest.mark.parametrize(
    ("plant", "noticed"),
    [
        (healthy_at_registration, "is healthy and never passed a check"),
        (every_launch_twice, "launched up to"),
        (routes_that_stay, "answered a request and is"),
        (causes_that_are_lost, "no cause"),
        (machines_that_are_never_removed, "is InstanceState.SHUTTING_DOWN since"),
    ],
)
def test_a_planted_bug_is_noticed(plant: Plant, noticed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    violations = explore(1, QUIET).violations
    assert any(noticed in violation for violation in violations), violations


def test_without_a_bug_nothing_is_noticed() -> None:
    outcome = explore(1, QUIET)
    assert (outcome.violations, outcome.skipped) == ([], 0)
    assert outcome.checks > 1000


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command.main, arguments)
    return result.exit_code, result.output


def test_a_failure_is_printed_with_the_command_that_replays_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SHORTEN", 5)
    healthy_at_registration(monkeypatch)
    exit_code, output = invoke("--seconds", "120", "--first", "7", "--workers", "1")
    assert exit_code == 1
    assert "explored 1 seeds" in output
    assert "\nreplay: make explore SEED=7\n" in output
    again, replayed = invoke("--seed", "7")
    assert again == 1
    assert "is healthy and never passed a check" in replayed


def test_it_stops_when_the_seconds_are_over() -> None:
    exit_code, output = invoke("--seconds", "0.5", "--first", "7", "--workers", "1")
    assert exit_code == 0
    assert output.endswith("no invariant was violated\n")


def test_a_seed_that_hangs_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "HANG", 0.05)
    outcome = command.one_seed(7)
    assert outcome is not None
    assert outcome.violations[0].startswith("it does not end: stopped after 0.05 seconds in\n")


def test_an_interruption_that_a_finalizer_swallows_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "RING_AGAIN", 0.05)
    finalized = list[bool]()

    class Busy:
        def __del__(self) -> None:
            finalized.append(True)
            while True:
                pass

    with pytest.raises(command.TimeIsOver), command.limited(0.05):
        busy = Busy()
        del busy  # Python ignores the first interruption, which comes here
        while True:
            pass
    assert finalized == [True]


def test_the_shortest_plan_has_only_the_steps_that_matter() -> None:
    assert shortest(20, lambda numbers: {3, 17} <= set(numbers), lambda: True) == (3, 17)
    assert shortest(5, lambda numbers: True, lambda: False) == (0, 1, 2, 3, 4)
