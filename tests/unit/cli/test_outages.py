"""`sandbox scenario` for scenarios of outages: what is listed and shown, what a run is asked for, and its exit code."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.cli.main import run
from sandbox.cli.scenario import ScenarioName, known_names
from sandbox.cli.scenarios.outage import EXIT_CODES, KnobOption, command
from sandbox.report.model import Criterion, Report, Verdict
from scenarios.kit.definition import catalogue
from scenarios.kit.running.outcome import Interrupted
from scenarios.kit.running.run import Chosen
from tests.support.reports import zone_outage


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Instead of a run: `report` is its report (or the exception that it raises), `chosen` what it was asked for."""
    found: dict[str, Any] = {"report": zone_outage()}

    def carry_out(stage: object, chosen: Chosen) -> Report:
        found["chosen"] = chosen
        if isinstance(found["report"], Exception):
            raise found["report"]
        report: Report = found["report"]
        return report

    monkeypatch.setattr("sandbox.cli.scenarios.outage.carry_out", carry_out)
    monkeypatch.setattr("sandbox.cli.scenarios.session.virtual", lambda settings: None)
    return found


def judged(verdict: Verdict, *, met: bool | None = None) -> Report:
    criterion = Criterion(sentence="Availability", passed=met, measured="98 %", required="≥ 99 %", control=True)
    return replace(zone_outage(), verdict=verdict, criteria=() if met is None else (criterion,))


@pytest.mark.parametrize(("verdict", "code"), [("SUCCEEDED", 0), ("FAILED", 1), ("INTERRUPTED", 3), ("CAPACITY_CHECK_FAILED", 4)])
def test_the_exit_code_is_the_verdict(runs: dict[str, Any], verdict: str, code: int) -> None:
    runs["report"] = judged(Verdict(verdict))
    assert run(["scenario", "run", "zone_outage", "--virtual"]) == code == EXIT_CODES[Verdict(verdict)]


@pytest.mark.parametrize(
    ("verdict", "met", "code", "words"),
    [
        ("FAILED", False, 0, "it failed as it must (Availability: 98 %, required ≥ 99 %)."),
        ("SUCCEEDED", True, 1, "it passed what it must fail"),
        ("FAILED", True, 1, "it passed what it must fail"),
        ("INTERRUPTED", None, 3, "it ended INTERRUPTED"),
    ],
)
def test_a_negative_control_must_fail(
    runs: dict[str, Any], capsys: pytest.CaptureFixture[str], verdict: str, met: bool | None, code: int, words: str
) -> None:
    runs["report"] = judged(Verdict(verdict), met=met)
    assert run(["scenario", "run", "zone_outage", "--virtual", "--control"]) == code
    assert words in capsys.readouterr().out
    assert (runs["chosen"].control, runs["chosen"].profile.name) == (True, "tutorial")


def test_a_run_that_was_stopped_before_there_was_a_service(runs: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    runs["report"] = Interrupted("The run was stopped with Ctrl-C.")
    assert run(["scenario", "run", "S04", "--virtual"]) == 3
    assert "INTERRUPTED: The run was stopped with Ctrl-C." in capsys.readouterr().out


def test_options_reach_the_run(runs: dict[str, Any]) -> None:
    options = ["--profile", "tuned", "--knob", "interval=30", "--knob", "story=6", "--seed", "7"]
    run(["scenario", "run", "zone_outage", "--virtual", *options])
    chosen: Chosen = runs["chosen"]
    assert (chosen.profile.name, chosen.profile.interval, chosen.settings.number("story"), chosen.seed) == ("tuned", 30, 6.0, 7)


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["--profile", "huge"], "'huge' is not one of", 2),
        (["--knob", "interval"], "'interval' is not name=value", 2),
        (["--knob", "nothing=1"], "zone_outage has no knob 'nothing'.", 1),
        (["--knob", "interval=x"], "Invalid interval=x: expected a whole number from 5 to 300.", 1),
        (["--seed", "-1"], "-1 is not in the range", 2),
    ],
)
def test_what_cannot_be_asked_for(
    runs: dict[str, Any], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str, code: int
) -> None:
    assert run(["scenario", "run", "zone_outage", "--virtual", *arguments]) == code
    assert words in capsys.readouterr().err
    assert "chosen" not in runs


def test_a_report_is_written_where_it_was_asked_for(runs: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(["scenario", "run", "zone_outage", "--virtual", "--report", str(tmp_path / "out")])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.html", "report.json", "report.png"}
    assert str(tmp_path / "out" / "report.html") in capsys.readouterr().out


def test_a_scenario_of_ones_own_is_a_path(runs: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    imports = "from dataclasses import replace\nfrom scenarios.outages.zone_outage import SCENARIO as ours\n"
    own.write_text(f"{imports}SCENARIO = replace(ours, id='X1', name='own')\n")
    run(["scenario", "run", str(own), "--virtual"])
    assert runs["chosen"].scenario.id == "X1"
    own.write_text("SCENARIO = 1 / 0\n")
    assert run(["scenario", "run", str(own), "--virtual"]) == 1
    assert capsys.readouterr().err.startswith(f"error: {own}, line 1: ZeroDivisionError: division by zero.")


def test_list_has_all_with_their_profiles_and_controls(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scenario", "list", "--json"]) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert set(catalogue.names()) <= set(found) and "tutorial" in found
    assert found["zone_outage"]["control"] == {
        "summary": "The tutorial's layout: the survivor of its larger zone is asked for 210 %.",
        "fails": "shortfall",
        "profile": "tutorial",
    }


@pytest.mark.parametrize("name", ["zone_outage", "S04", "scale_out_under_load"])
def test_show_prints_what_a_scenario_is(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(["scenario", "show", name]) == 0
    assert ("residual" if name != "scale_out_under_load" else "--shape") in capsys.readouterr().out


def test_names_and_knobs_are_completed() -> None:
    made = command(catalogue.ours("zone_outage"))
    context, parameter = made.make_context("run", []), made.params[0]
    assert [item.value for item in ScenarioName().shell_complete(context, parameter, "zone_o")] == ["zone_outage"]
    assert {"zone_outage", "tutorial"} <= set(known_names())
    items = KnobOption(catalogue.ours("zone_outage")).shell_complete(context, parameter, "return")
    assert [item.value for item in items] == ["return_batches="]


def test_a_live_run_is_refused_where_the_load_balancers_are_simulated(
    runs: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated = SimpleNamespace(endpoint="http://127.0.0.1:4566", speed=1.0, get=lambda path: {"runtime": "simulated"})
    monkeypatch.setattr("sandbox.cli.scenarios.session.ensure", lambda settings, report: None)
    monkeypatch.setattr("sandbox.cli.scenarios.session.client", lambda settings: simulated)
    assert run(["scenario", "run", "zone_outage"]) != 0
    assert "chosen" not in runs
    shown = capsys.readouterr()
    assert "simulated load balancers" in shown.err and "sandbox scenario run NAME --virtual" in shown.err
