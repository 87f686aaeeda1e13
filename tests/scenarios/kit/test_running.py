"""The loop of the outage scenarios: verdicts without judgement, Ctrl-C, mistakes of a scenario, and clean-up after all of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.client import UserError
from sandbox.dashboard.shown.runs import runs
from scenarios.kit.definition.criteria import at_least
from scenarios.kit.definition.knobs import Knob, settings
from scenarios.kit.definition.profiles import PROFILES
from scenarios.kit.definition.scenario import CAPACITY_CHECK, Control, Phase, Scenario
from scenarios.kit.running.loop import carry_out, choose
from scenarios.kit.running.outcome import Interrupted
from scenarios.kit.running.run import Run
from tests.support.outage import outcome_of
from tests.support.scenarios.rehearsal import left_behind, rehearsal

SHORT = {"size": "2", "zones": "2", "load": "10"}


def nothing(run: Run) -> None:
    run.wait(10)


def scenario(play: Callable[[Run], None] = nothing, **changes: object) -> Scenario:
    made = Scenario(
        id="X01",
        name="demo",
        title="A demo",
        hypothesis="Nothing happens.",
        question="Does it?",
        phases=(Phase(name="demo", title="The demo", play=play),),
        criteria=(at_least("availability", "Availability", lambda run: run.availability, 99.9, "%"),),
        control=Control(summary="Nobody answers.", fails="availability"),
        tail=10,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_scenario_in_which_nothing_happens_succeeds() -> None:
    found = outcome_of(scenario(), knobs=SHORT)
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert found.report.reconciliation is not None and found.report.reconciliation.agrees
    assert [phase.name for phase in found.report.phases] == ["Steady state", "Demo", "Recovery", "Tail"]


def test_a_run_tells_its_phases_and_the_judgement_of_its_criteria_in_the_journal() -> None:
    stage = rehearsal()
    carry_out(stage, replace(choose(scenario(), None, SHORT), run_id="run-1"))
    [told] = runs(stage.sandbox.sandbox.journal.events())
    assert (told.id, told.verdict) == ("run-1", "SUCCEEDED")
    assert [(phase.name, phase.state) for phase in told.phases] == [
        ("steady-state", "done"),
        ("demo", "done"),
        ("recovery", "done"),
        ("tail", "done"),
    ]
    assert [(each.sentence, each.state, each.measured) for each in told.criteria] == [("Availability", "passed", "100 %")]


def test_a_run_that_is_stopped_says_so_in_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(run: Run) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scenarios.kit.running.gate.steady_state", stop)
    stage = rehearsal()
    with pytest.raises(Interrupted):
        carry_out(stage, choose(scenario(), None, SHORT))
    [told] = runs(stage.sandbox.sandbox.journal.events())
    assert (told.id, told.verdict, told.criteria[0].state) == ("run-demo", "INTERRUPTED", "waiting")


def test_without_a_steady_state_the_run_is_interrupted_and_nothing_is_broken() -> None:
    found = outcome_of(scenario(), knobs={**SHORT, "load": "150"})
    assert (found.verdict, found.left) == ("INTERRUPTED", ())
    assert found.report.sentence.startswith("There was no steady state")
    assert "Demo" not in [phase.name for phase in found.report.phases]


@pytest.mark.parametrize(("profile", "verdict"), [("tutorial", "CAPACITY_CHECK_FAILED"), ("static-stable", "SUCCEEDED")])
def test_the_capacity_check_stops_a_layout_that_cannot_lose_a_zone(profile: str, verdict: str) -> None:
    checked = scenario(checks_capacity=True, control=Control(summary="Too small.", profile="tutorial", fails=CAPACITY_CHECK))
    found = outcome_of(checked, profile)
    assert (found.verdict, found.left) == (verdict, ())
    assert found.control[0] is (profile == "tutorial")


def test_a_control_that_passes_proves_nothing() -> None:
    held, sentence = outcome_of(scenario(), knobs=SHORT, control=True).control
    assert not held
    assert sentence.startswith("it passed what it must fail")


def test_after_ctrl_c_the_run_is_interrupted_and_cleaned_up() -> None:
    def stop(run: Run) -> None:
        run.stage.fault("something breaks")
        raise KeyboardInterrupt

    found = outcome_of(scenario(stop), knobs=SHORT)
    assert (found.verdict, found.report.sentence, found.left) == ("INTERRUPTED", "The run was stopped with Ctrl-C.", ())


def test_ctrl_c_before_the_first_request_has_nothing_to_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(run: Run) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scenarios.kit.running.gate.steady_state", stop)
    stage = rehearsal()
    with pytest.raises(Interrupted, match="stopped with Ctrl-C"):
        carry_out(stage, choose(scenario(), None, SHORT))
    assert left_behind(stage) == []


def test_a_scenario_that_raises_is_one_sentence_and_cleaned_up() -> None:
    def wrong(run: Run) -> None:
        run.settings.number("no-such-knob")

    stage = rehearsal()
    with pytest.raises(UserError, match=r"demo: the phase 'demo' raised KeyError: 'no knob no-such-knob' .*test_running\.py, line \d+"):
        carry_out(stage, choose(scenario(wrong), None, SHORT))
    assert left_behind(stage) == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"nothing": "1"}, "demo has no knob 'nothing'. It has flag, mode, number."),
        ({"number": "x"}, "Invalid number=x: expected a whole number from 0 to 10."),
        ({"number": "11"}, "Invalid number=11: expected a whole number from 0 to 10."),
        ({"flag": "maybe"}, "Invalid flag=maybe: expected yes or no."),
        ({"mode": "c"}, "Invalid mode=c: expected one of a, b."),
    ],
)
def test_a_knob_that_cannot_be_is_refused(given: dict[str, str], sentence: str) -> None:
    knobs = (
        Knob(name="flag", default=True, meaning="a flag"),
        Knob(name="mode", default="a", meaning="a word", choices=("a", "b")),
        Knob(name="number", default=3, meaning="a number", high=10),
    )
    with pytest.raises(UserError) as raised:
        settings(knobs, given, "demo")
    assert raised.value.message == sentence


def test_a_profile_that_a_scenario_does_not_have_is_refused() -> None:
    with pytest.raises(UserError, match="demo has no profile 'tutorial'"):
        choose(scenario(profiles=("tuned",)), "tutorial", {})


def test_a_control_names_a_criterion_that_exists() -> None:
    with pytest.raises(ValueError, match="its control names the criterion 'speed', which it does not have"):
        scenario(control=Control(summary="x", fails="speed"))


@pytest.mark.parametrize(("profile", "percent"), [("tutorial", 210), ("aws-default", 90), ("tuned", 90), ("static-stable", 60)])
def test_what_survivors_carry_is_the_closed_form(profile: str, percent: float) -> None:
    assert PROFILES[profile].survivors_carry == pytest.approx(percent)
