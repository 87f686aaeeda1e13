"""`sandbox fault` against the real /_sandbox application on loopback, and its shell completion."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from sandbox.cli.main import cli, run
from sandbox.control.app import control_app
from sandbox.control.surface import ControlSurface
from tests.support.control import served, surface


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ControlSurface]:
    """One running instance, i-1, of the group web in us-east-1a."""
    for name in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(name)
    made = surface()
    with served(control_app(made)) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
        yield made


def completed(*words: str) -> list[str]:
    """What the shell offers for the last word."""
    found = ShellComplete(cli, {}, "sandbox", "_SANDBOX_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in found]


def test_a_fault_is_injected_listed_and_cleared(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fault", "inject", "latency", "i-1", "--set", "milliseconds=200", "--for", "10m"]) == 0
    assert capsys.readouterr().out == "fault-1: latency on i-1 (milliseconds 200, jitter 0), until 12:10:00 (sandbox time).\n"
    assert run(["fault", "list"]) == 0
    listed = capsys.readouterr().out
    assert "fault-1" in listed
    assert "latency on i-1 (milliseconds 200, jitter 0)" in listed
    assert run(["fault", "clear", "fault-1"]) == 0
    assert capsys.readouterr().out == "fault-1 is cleared: latency on i-1 (milliseconds 200, jitter 0).\n"
    assert run(["fault", "list"]) == 0
    assert capsys.readouterr().out == "faults: none\n"


def test_without_a_duration_it_says_how_to_end_the_fault(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fault", "inject", "error-rate", "web", "--set", "percent=30", "--summary", "web is ill"]) == 0
    assert capsys.readouterr().out == "fault-1: web is ill, until `sandbox fault clear fault-1`.\n"


@pytest.mark.parametrize(
    ("arguments", "targets"),
    [(["web", "--zone", "us-east-1a"], ["web@us-east-1a"]), (["--zone", "use1-az1"], ["us-east-1a"]), (["us-east-1a"], ["us-east-1a"])],
)
def test_a_zone_narrows_a_group_or_is_the_target(given: ControlSurface, arguments: list[str], targets: list[str]) -> None:
    assert run(["fault", "inject", "error-rate", *arguments, "--set", "percent=30"]) == 0
    (fault,) = given.faults.active()
    assert (list(fault.targets), fault.instances) == (targets, ("i-1",))


def test_clear_all_clears_the_newest_first_and_says_when_there_is_none(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, setting in (("error-rate", "percent=1"), ("latency", "milliseconds=1")):
        run(["fault", "inject", kind, "i-1", "--set", setting])
    capsys.readouterr()
    assert run(["fault", "clear", "--all"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["fault-2", "fault-1"]
    assert run(["fault", "clear", "--all"]) == 0
    assert capsys.readouterr().out == "There is no active fault.\n"


@pytest.mark.parametrize("command", [["list"], ["kinds"], ["inject", "instance-hang", "i-1"], ["clear", "--all"]])
def test_every_command_prints_json(given: ControlSurface, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    code = run(["fault", *command, "--json"])
    out = capsys.readouterr()
    assert (code, out.err) == (0, "")
    json.loads(out.out)


REFUSED = {
    "no such kind": (["inject", "latencyy", "i-1"], "There is no kind of fault 'latencyy'. Did you mean latency?", "sandbox fault kinds"),
    "no such target": (["inject", "instance-hang", "i-9"], "There is no instance 'i-9'.", "sandbox status"),
    "no such zone": (["inject", "instance-hang", "--zone", "us-moon-1a"], "There is no instance, Auto Scaling group or", "sandbox status"),
    "no target": (["inject", "instance-hang"], "instance-hang needs a target", "sandbox fault kinds"),
    "a zone beside an id": (
        ["inject", "instance-hang", "i-0123456789abcdef0", "--zone", "us-east-1a"],
        "--zone goes with",
        "sandbox status",
    ),
    "a setting without a value": (
        ["inject", "latency", "i-1", "--set", "milliseconds"],
        "Invalid --set milliseconds",
        "sandbox fault kinds",
    ),
    "a parameter it does not have": (["inject", "latency", "i-1", "--set", "ms=1"], "latency has no parameter 'ms'", "sandbox fault kinds"),
    "a missing parameter": (
        ["inject", "latency", "i-1"],
        "latency needs the parameter milliseconds",
        "sandbox fault inject latency TARGET",
    ),
    "a bad duration": (
        ["inject", "instance-hang", "i-1", "--for", "soon"],
        "Invalid for 'soon': expected a duration",
        "sandbox fault inject --help",
    ),
    "nothing to clear": (["clear"], "Name the faults to clear, or use --all.", "sandbox fault list"),
    "clearing twice": (["clear", "fault-1"], "There is no active fault 'fault-1'.", "sandbox fault list"),
    "an id and all": (["clear", "fault-1", "--all"], "Name the faults to clear, or use --all.", "sandbox fault list"),
    "no such kind to show": (["kinds", "latencyy"], "There is no kind of fault 'latencyy'.", "sandbox fault kinds"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_sentence_and_the_next_command(given: ControlSurface, capsys: pytest.CaptureFixture[str], case: str) -> None:
    arguments, sentence, following = REFUSED[case]
    assert run(["fault", *arguments]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"error: {sentence}")
    assert second.startswith(f"  next: {following}")
    assert given.faults.active() == ()


def test_two_faults_of_one_kind_on_one_instance_are_refused(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    run(["fault", "inject", "latency", "web", "--set", "milliseconds=1"])
    capsys.readouterr()
    assert run(["fault", "inject", "latency", "i-1", "--set", "milliseconds=1"]) == 1
    assert capsys.readouterr().err == "error: fault-1 (latency) is active on i-1 already.\n  next: sandbox fault clear fault-1\n"


def test_kinds_shows_one_kind_with_its_parameters_and_limits(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fault", "kinds", "cpu-heat"]) == 0
    shown = capsys.readouterr().out
    assert "percent  1 to 99  20       %     of its CPU that is left" in shown
    assert "process runtime: instances are processes whose CPU and memory are not limited." in shown


# ---- completion ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("fault", "inject", "instance-h"), ["instance-hang"]),
        (("fault", "inject", "latency", ""), ["i-1", "web", "us-east-1a", "us-east-1b", "us-east-1c"]),
        (("fault", "inject", "no-capacity", "us-east-1b"), ["us-east-1b"]),
        (("fault", "inject", "no-capacity", "i"), []),
        (("fault", "inject", "api-error", "e"), ["ec2", "elbv2"]),
        (("fault", "inject", "latency", "--zone", "us-east-1c"), ["us-east-1c"]),
        (("fault", "inject", "latency", "web", "--set", "mil"), ["milliseconds="]),
        (("fault", "clear", ""), ["fault-1"]),
        (("fault", "clear", "fault-1", ""), []),
    ],
)
def test_the_shell_completes_what_the_sandbox_has(given: ControlSurface, words: tuple[str, ...], offered: list[str]) -> None:
    run(["fault", "inject", "error-rate", "i-1", "--set", "percent=1"])
    assert completed(*words) == offered


def test_completion_offers_nothing_when_no_sandbox_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SANDBOX_PORT", "9")
    assert completed("fault", "inject", "inst") == []


def test_the_command_that_the_readme_names_prints_a_script_for_the_shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_SANDBOX_COMPLETE", "zsh_source")
    with pytest.raises((SystemExit, click.exceptions.Exit)):
        cli.main([], prog_name="sandbox")
    assert "_SANDBOX_COMPLETE=zsh_complete" in capsys.readouterr().out
