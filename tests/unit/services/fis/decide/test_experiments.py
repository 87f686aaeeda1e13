"""What an experiment does next, by the states of its actions, alarms and the safety lever."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.core.control import Action
from sandbox.services.fis.actions import Begin, MoveExperiment, MoveRun, ResolveTargets, Undo
from sandbox.services.fis.decide.experiments import decide
from sandbox.services.fis.decide.observed import Broken, Done, Going, Look, Observed
from sandbox.services.fis.decide.texts import COMPLETED, HALTED, HALTED_BY_LEVER, STOPPED
from sandbox.services.fis.model import ActionTemplate, Experiment, Failure, Run, StopCondition, Target
from sandbox.services.fis.status_model import ACTION_TRANSITIONS, ActionMove, ActionStatus, ExperimentMove, ExperimentStatus
from tests.support import rule

NOW = datetime(2026, 5, 7, 17, 0, tzinfo=UTC)
ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:burn"
WEB = "arn:aws:ec2:us-east-1:123456789012:instance/i-1"


def run(name: str, status: str = "pending", *, after: tuple[str, ...] = (), target: str | None = None, **more: Any) -> Run:
    action = ActionTemplate(action_id="aws:fis:wait", start_after=after, targets={"Instances": target} if target else {})
    return Run(name=name, action=action, status=ActionStatus(status), **more)


def experiment(*runs: Run, status: str = "running", **more: Any) -> Experiment:
    given: dict[str, Any] = {
        "id": "EXP1", "arn": "arn:aws:fis:us-east-1:123456789012:experiment/EXP1", "template_id": "EXT1", "role_arn": "arn:role",
        "targets": {"web": Target(resource_type="aws:ec2:instance", selection_mode="ALL")}, "stop_conditions": (),
        "reason": "", "created": NOW, "started": NOW, "resolved": {"web": (WEB,)},
    }  # fmt: skip
    return Experiment(runs={each.name: each for each in runs}, status=ExperimentStatus(status), **(given | more))


def acts(observed: Experiment | Observed, now: datetime = NOW, **looks: Look) -> tuple[Action, ...]:
    seen = observed if isinstance(observed, Observed) else Observed(experiment=observed, looks=looks)
    return decide(seen, now).actions


def moves(actions: tuple[Action, ...]) -> list[tuple[str, str]]:
    """(name of the action or "experiment", move)."""
    found = []
    for each in actions:
        if isinstance(each, MoveExperiment):
            found.append(("experiment", each.move.name))
        elif isinstance(each, MoveRun):
            found.append((each.name, each.move.name))
        elif isinstance(each, Begin | Undo):
            found.append((each.name, type(each).__name__))
    return found


# ---- before it runs


@rule("FIS-3")
def test_targets_are_resolved_before_anything_begins() -> None:
    assert acts(experiment(run("a"), status="initiating", resolved=None)) == (ResolveTargets(),)
    assert moves(acts(experiment(run("a"), status="initiating"))) == [("experiment", "RUN")]


@rule("FIS-6")
@pytest.mark.parametrize(("mode", "then"), [("fail", [("a", "CANCEL"), ("experiment", "FAIL")]), ("skip", [("experiment", "RUN")])])
def test_an_empty_target_fails_the_experiment_unless_it_is_to_be_skipped(mode: str, then: list[tuple[str, str]]) -> None:
    empty = experiment(run("a", target="web"), status="initiating", resolved={"web": ()}, empty_target_resolution_mode=mode)
    assert moves(acts(empty)) == then


@rule("FIS-6", "FIS-8")
def test_the_error_of_an_empty_target_names_it() -> None:
    failed = acts(experiment(run("a"), status="initiating", resolved={"web": ()}))[-1]
    assert isinstance(failed, MoveExperiment)
    assert failed.failure == Failure(reason="Target resolution returned empty set.", code="InvalidTarget", location="target:web")


@rule("FIS-10")
@pytest.mark.parametrize(("state", "starts"), [("OK", True), ("INSUFFICIENT_DATA", True), ("ALARM", False), (None, False)])
def test_an_alarm_that_is_in_alarm_at_the_start_prevents_it(state: str | None, starts: bool) -> None:
    stop = (StopCondition(source="aws:cloudwatch:alarm", value=ALARM),)
    observed = Observed(experiment=experiment(run("a"), status="initiating", stop_conditions=stop), alarms={ALARM: state})
    assert moves(acts(observed)) == ([("experiment", "RUN")] if starts else [("a", "CANCEL"), ("experiment", "FAIL")])


@rule("FIS-12")
def test_the_safety_lever_cancels_what_has_not_begun() -> None:
    observed = Observed(experiment=experiment(run("a"), status="initiating"), lever_engaged=True)
    assert moves(acts(observed)) == [("a", "CANCEL"), ("experiment", "CANCEL")]


def test_a_role_that_cannot_be_assumed_fails_it() -> None:
    failed = acts(Observed(experiment=experiment(run("a"), status="initiating"), role_problem="no such role"))[-1]
    assert isinstance(failed, MoveExperiment) and failed.failure is not None
    assert (failed.failure.code, failed.reason) == ("AuthorizationFailure", "no such role")


# ---- while it runs


@rule("FIS-9")
def test_actions_without_start_after_begin_together_and_the_others_wait_for_all_they_name() -> None:
    runs = (run("a"), run("b"), run("c", after=("a", "b")))
    assert moves(acts(experiment(*runs))) == [("a", "Begin"), ("b", "Begin")]
    half = (run("a", "completed"), run("b", "running"), run("c", after=("a", "b")))
    assert acts(experiment(*half), b=Going()) == ()
    both = (run("a", "completed"), run("b", "skipped"), run("c", after=("a", "b")))
    assert moves(acts(experiment(*both))) == [("c", "Begin")]


@rule("FIS-6")
def test_an_action_without_targets_is_skipped_and_in_a_preview_all_are() -> None:
    runs = (run("a", target="web"), run("b"))
    assert moves(acts(experiment(*runs, resolved={"web": ()}))) == [("a", "SKIP"), ("b", "Begin")]
    assert moves(acts(experiment(*runs, actions_mode="skip-all"))) == [("a", "SKIP"), ("b", "SKIP")]


@rule("FIS-7")
def test_at_most_ten_actions_run_at_once() -> None:
    runs = [run(f"a{n}") for n in range(12)]
    assert len(acts(experiment(*runs))) == 10
    began = [run(f"a{n}", "running", until=NOW + timedelta(minutes=1)) for n in range(10)]
    assert acts(experiment(*began, run("late"))) == ()


@rule("FIS-9")
def test_an_action_is_completed_when_its_duration_is_over_and_undone() -> None:
    until = NOW + timedelta(minutes=2)
    lasting = run("a", "running", until=until)
    waits = decide(Observed(experiment=experiment(lasting), looks={"a": Going()}), NOW)
    assert (waits.actions, waits.look_again) == ((), timedelta(minutes=2))
    assert moves(acts(experiment(lasting), until, a=Going())) == [("a", "Undo")]
    over = run("a", "running", until=until, undone=True)
    assert acts(experiment(over), until, a=Going()) == ()
    assert moves(acts(experiment(over), until, a=Done())) == [("a", "COMPLETE")]


@rule("FIS-42")
def test_what_ends_together_ends_its_faults_first() -> None:
    stopped, fault = run("stop", "running", until=NOW), run("capacity", "running", until=NOW, faults=("fault-1",))
    in_order = [("capacity", "Undo"), ("stop", "Undo")]
    assert moves(acts(experiment(stopped, fault), stop=Going(), capacity=Going())) == in_order
    halted = run("stop", "stopping", until=NOW), run("capacity", "stopping", until=NOW, faults=("fault-1",))
    assert moves(acts(experiment(*halted, status="stopping"), stop=Going(), capacity=Going())) == in_order


@rule("FIS-8")
def test_it_is_completed_when_all_actions_have_ended() -> None:
    done = acts(experiment(run("a", "completed"), run("b", "skipped")))
    assert done == (MoveExperiment(move=ExperimentMove.COMPLETE, reason=COMPLETED),)


@rule("FIS-8")
def test_an_action_that_breaks_is_undone_and_fails_and_then_the_experiment_stops() -> None:
    broken = Broken(reason="gone", code="InvalidTarget")
    fails = acts(experiment(run("a", "running", faults=("fault-1",)), run("b", "running")), a=broken, b=Going())
    assert moves(fails) == [("a", "Undo"), ("a", "FAIL")]
    then = acts(experiment(run("a", "failed", reason="gone", code="InvalidTarget"), run("b", "running")), b=Going())
    assert then == (
        MoveExperiment(move=ExperimentMove.STOP, reason="gone", failure=Failure(reason="gone", code="InvalidTarget", location="action:a")),
    )


HALTS: list[tuple[Mapping[str, Any], str]] = [
    ({"alarms": {ALARM: "ALARM"}}, HALTED),
    ({"alarms": {ALARM: None}}, HALTED),
    ({"lever_engaged": True}, HALTED_BY_LEVER),
]


@rule("FIS-10", "FIS-12")
@pytest.mark.parametrize(("seen", "reason"), HALTS, ids=["alarm", "alarm is gone", "lever"])
def test_an_alarm_or_the_safety_lever_stops_it(seen: Mapping[str, Any], reason: str) -> None:
    observed = Observed(experiment=experiment(run("a", "running")), looks={"a": Going()}, **seen)
    assert acts(observed) == (MoveExperiment(move=ExperimentMove.STOP, reason=reason),)


@rule("FIS-10")
def test_an_alarm_that_is_ok_or_that_cloudwatch_does_not_tell_stops_nothing() -> None:
    for state in ("OK", "INSUFFICIENT_DATA", "unknown"):
        waiting = run("a", "running", until=NOW + timedelta(minutes=1))
        assert acts(Observed(experiment=experiment(waiting), alarms={ALARM: state}, looks={"a": Going()})) == ()


@rule("FIS-7")
def test_it_stops_after_twelve_hours() -> None:
    waiting = run("a", "running", until=NOW + timedelta(hours=13))
    assert moves(acts(experiment(waiting), NOW + timedelta(hours=12), a=Going())) == [("experiment", "STOP")]


# ---- while it stops


@rule("FIS-8", "FIS-9")
def test_when_it_stops_what_ran_is_undone_and_the_rest_is_cancelled() -> None:
    assert moves(acts(experiment(run("a", "running"), run("b"), status="stopping"), a=Going())) == [("a", "STOP"), ("b", "CANCEL")]
    stopping = run("a", "stopping")
    assert moves(acts(experiment(stopping, status="stopping"), a=Going())) == [("a", "Undo")]
    undone = run("a", "stopping", undone=True)
    waits = decide(Observed(experiment=experiment(undone, status="stopping"), looks={"a": Going()}), NOW)
    assert waits.actions == () and waits.look_again is not None
    assert moves(acts(experiment(undone, status="stopping"), a=Done())) == [("a", "END")]


@rule("FIS-8")
@pytest.mark.parametrize(
    ("more", "move", "reason"),
    [
        ({"reason": "Stopping Experiment."}, "END", STOPPED),
        ({"reason": HALTED}, "END", HALTED),
        ({"failure": Failure(reason="gone", code="InvalidTarget", location="action:a")}, "FAIL", "gone"),
    ],
)
def test_then_it_is_stopped_or_failed(more: dict[str, Any], move: str, reason: str) -> None:
    [last] = acts(experiment(run("a", "stopped"), status="stopping", **more))
    assert isinstance(last, MoveExperiment)
    assert (last.move.name, last.reason) == (move, reason)


def test_the_moves_of_actions_are_in_their_table() -> None:
    """Whatever decide() chooses for a state is a transition of that state."""
    assert set(ActionMove) == {move for _, move in ACTION_TRANSITIONS}
