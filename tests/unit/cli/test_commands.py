"""The commands against the real /_sandbox application on loopback. An error prints one sentence and the next command."""

import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.capacity import Machine
from sandbox.cli.main import run
from sandbox.cli.scenario import Scenario
from sandbox.control.app import control_app
from sandbox.control.surface import ControlSurface
from sandbox.core.events import Event
from sandbox.drivers.proxy.batches import Records
from scenarios.kit.option import Option
from scenarios.kit.stage import Stage
from tests.support.control import request_record, served, surface


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ControlSurface]:
    """A sandbox with a short history."""
    for name in [name for name in os.environ if name.startswith("SANDBOX_")]:
        monkeypatch.delenv(name)
    made = surface()
    cause = made.journal.record(
        Event(source="aws.ec2", detail_type="AWS API Call", summary="a user called RunInstances", resources=("i-1",))
    )
    later = Event(source="aws.ec2", detail_type="State", summary="i-1 is running", resources=("i-1",), cause=cause.id)
    made.journal.record(later)
    made.access_log.take(Records([request_record()]))
    with served(control_app(made)) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
        yield made


def test_events_prints_lines_or_json_lines(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ", 3)[-1].strip() for line in lines] == ["a user called RunInstances", "i-1 is running"]
    assert run(["events", "--json", "--newest", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == "i-1 is running"


def test_explain_prints_events_with_their_consequences(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "i-1"]) == 0
    assert "→ i-1 is running" in capsys.readouterr().out


def test_clock_sets_the_speed(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clock", "10"]) == 0
    assert "10 sandbox seconds per real second" in capsys.readouterr().out
    assert given.clock.speed == 10


def test_an_error_prints_one_sentence_and_the_next_command(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clock", "--", "-3"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[0].startswith("error: ")
    assert printed.err.splitlines()[1] == "  next: sandbox clock 10"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["loops"], "123456789012/us-east-1/i-1"),
        (["seams"], "moto.ec2.models.EC2Backend.run_instances"),
        (["services"], "Rules are kept. Refused: PutRule, StartReplay."),
        (["services", "ev"], "with ScheduleExpression"),
        (["services", "ev"], "not saved: a restart of the control plane empties it"),
        (["services", "textract"], "Every operation is refused: no model reads the documents."),
        (["logs", "i-1"], "booted"),
        (["logs", "access"], "GET http://web-1.elb:80/ HTTP/1.1"),
        (["settings"], "SANDBOX_LB_PROVISIONING_SECONDS"),
        (["scenario", "list"], "tutorial --as-written"),
    ],
)
def test_without_a_terminal_lists_have_full_lines(
    given: ControlSurface, capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert run(arguments) == 0
    assert any(expected in line for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("typed", ["loops", "seams", "services", "settings", "env", "clock", "explain i-1", "scenario list"])
def test_json_output_is_valid(given: ControlSurface, capsys: pytest.CaptureFixture[str], typed: str) -> None:
    assert run([*typed.split(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_service_that_is_not_here_is_said_to_be_refused(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["services", "chime"]) == 1
    assert "The sandbox has no service named chime: every call of it is refused." in capsys.readouterr().err


def test_settings_shows_the_number_of_vcpus_for_auto(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.capacity.this_machine", lambda settings: Machine(cores=2, memory_mib=24_000))
    monkeypatch.setenv("SANDBOX_VCPU_LIMIT", "20")
    assert run(["settings"]) == 0
    shown = {line.split()[0]: line.split()[1:3] for line in capsys.readouterr().out.splitlines() if line.startswith("SANDBOX_")}
    assert (shown["SANDBOX_MACHINE_VCPUS"], shown["SANDBOX_VCPU_LIMIT"]) == (["128", "auto"], ["20", "auto"])


def test_ssh_needs_machines(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ssh", "i-1"]) == 1
    assert "Instances of the simulated runtime have no shell: they are not machines." in capsys.readouterr().err


def test_no_sandbox_is_running(given: ControlSurface, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "1")
    assert run(["status"]) == 1
    assert capsys.readouterr().err.splitlines()[1] == "  next: sandbox up"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "No such command 'nothing'."),
        (["explain"], "Missing argument 'RESOURCE'."),
        (["clock", "fast"], "'fast' is not a valid float."),
    ],
)
def test_wrong_usage_has_exit_code_2(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert run(arguments) == 2
    assert words in capsys.readouterr().err


def test_an_invalid_setting_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "http")
    assert run(["status"]) == 1
    assert "Invalid SANDBOX_PORT=http: expected a port number from 1 to 65535." in capsys.readouterr().err


def test_an_unexpected_exception_is_reported_as_a_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sandbox.cli.clock.client", lambda: {}["endpoint"])
    assert run(["clock"]) == 1
    printed = capsys.readouterr().err
    assert "error: Internal error of the sandbox (KeyError: 'endpoint'). This is a bug." in printed
    assert "Traceback" not in printed


def test_a_closed_output_is_fine(given: ControlSurface, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert run(["loops"]) == 0
    assert capsys.readouterr().err == ""
    sys.stdout.close()


def test_a_full_disk_is_reported(given: ControlSurface, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sys.stdout", Full())
    assert run(["loops"]) == 1
    assert capsys.readouterr().err.splitlines() == ["error: No space left on the device to write the output.", "  next: df -h"]


@pytest.mark.parametrize("speed", ["nan", "inf", "0", "10001"])
def test_an_invalid_speed_is_refused(given: ControlSurface, capsys: pytest.CaptureFixture[str], speed: str) -> None:
    assert run(["clock", speed]) == 1
    printed = capsys.readouterr().err
    assert "bug" not in printed
    assert speed in printed
    assert printed.endswith("  next: sandbox clock 10\n")


def test_an_unknown_scenario_is_an_error(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scenario", "run", "nothing", "--as-written"]) == 1
    assert capsys.readouterr().err == "error: There is no scenario named nothing.\n  next: sandbox scenario list\n"


def test_up_reports_a_running_sandbox(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up"]) == 0
    assert "The sandbox sandbox is already running." in capsys.readouterr().out


def test_up_refuses_another_runtime_than_the_running_one(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--runtime", "process"]) == 1
    assert "next: sandbox down && sandbox up --runtime process" in capsys.readouterr().err


def test_the_mailbox_as_text_and_as_json(given: ControlSurface, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mailbox", "nobody@example.com"]) == 0
    assert capsys.readouterr().err == "No messages to nobody@example.com.\n"
    assert run(["mailbox", "--json", "--newest", "1"]) == 0
    assert [mail["to"] for mail in json.loads(capsys.readouterr().out)] == ["+15550100"]


@pytest.fixture
def options_seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The options that a demo scenario with two options received."""
    seen: list[dict[str, str]] = []

    def play(stage: Stage) -> bool:
        seen.append(dict(stage.options))
        return stage.options.get("how") != "badly"

    options = (Option(name="how", help="How.", choices=("well", "badly")), Option(name="with-care", help="Careful."))
    scenario = Scenario(name="demo", summary="A demo.", run=play, options=options)
    monkeypatch.setattr("sandbox.cli.scenario.scenarios_by_name", lambda: {"demo": scenario})
    monkeypatch.setattr("sandbox.cli.scenario.virtual_client", lambda settings: None)
    return seen


@pytest.mark.parametrize(
    ("arguments", "expected", "exit_code"),
    [
        ([], {"how": "well"}, 0),
        (["--how", "badly"], {"how": "badly"}, 1),
        (["--with-care", "--how=well"], {"how": "well", "with-care": "yes"}, 0),
    ],
)
def test_a_scenario_gets_its_own_options(
    options_seen: list[dict[str, str]], arguments: list[str], expected: dict[str, str], exit_code: int
) -> None:
    assert run(["scenario", "run", "demo", "--virtual", *arguments]) == exit_code
    assert options_seen == [expected]


@pytest.mark.parametrize(
    ("arguments", "words"), [(["--how", "nicely"], "'nicely' is not one of 'well', 'badly'"), (["--as-written"], "No such option")]
)
def test_options_that_a_scenario_does_not_have_are_refused(
    options_seen: list[dict[str, str]], capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run(["scenario", "run", "demo", "--virtual", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert options_seen == []
