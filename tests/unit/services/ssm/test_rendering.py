"""From the content of a document and the caller's parameters to the steps of a command."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.core.errors import ApiError
from sandbox.services.ssm.decide import content, rendering, scripts
from sandbox.services.ssm.document_model import OFFERED
from sandbox.services.ssm.model import FaultStep, ScriptStep, Step
from tests.support import rule


def steps(name: str, **given: str | list[str]) -> tuple[Step, ...]:
    values = {key: tuple(value) if isinstance(value, list) else (value,) for key, value in given.items()}
    return rendering.steps(content.document(name, "1", OFFERED[name]), values)


@rule("SSM-3")
def test_the_lines_of_a_shell_script_are_joined_and_the_defaults_are_used() -> None:
    assert steps("AWS-RunShellScript", commands=["cd /tmp", "echo {{ not a parameter }}"]) == (
        ScriptStep(name="aws:runShellScript", script="cd /tmp\necho {{ not a parameter }}", timeout=timedelta(hours=1)),
    )


@rule("SSM-3")
def test_directory_and_timeout_are_parameters() -> None:
    [step] = steps("AWS-RunShellScript", commands=["pwd"], workingDirectory="/srv", executionTimeout="60")
    assert isinstance(step, ScriptStep)
    assert (step.directory, step.timeout) == ("/srv", timedelta(minutes=1))


@rule("SSM-8")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "needs a value for the parameter commands"),
        ({"commands": ["x"], "user": "me"}, "has no parameter user"),
        ({"commands": []}, "needs at least one value"),
        ({"commands": ["x"], "executionTimeout": ["1", "2"]}, "takes one value, and 2 were given"),
        ({"commands": ["x"], "executionTimeout": "172801"}, "does not match the pattern"),
    ],
)
def test_bad_parameters_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ApiError, match=why) as refused:
        steps("AWS-RunShellScript", **given)
    assert refused.value.code == "InvalidParameters"


FAULTS: list[tuple[str, dict[str, str], tuple[str, dict[str, object], timedelta | None]]] = [
    ("CPU-Stress", {"DurationSeconds": "60", "LoadPercent": "80"}, ("cpu-heat", {"percent": 20}, timedelta(minutes=1))),
    ("CPU-Stress", {"DurationSeconds": "600"}, ("cpu-heat", {"percent": 1}, timedelta(minutes=10))),
    ("Memory-Stress", {"DurationSeconds": "120", "Percent": "70"}, ("memory-pressure", {"percent": 70}, timedelta(minutes=2))),
    ("Network-Latency", {"DurationSeconds": "120", "DelayMilliseconds": "300"}, ("latency", {"milliseconds": 300}, timedelta(minutes=2))),
    ("Network-Packet-Loss", {"DurationSeconds": "120"}, ("packet-loss", {"percent": 7}, timedelta(minutes=2))),
    ("Kill-Process", {"ProcessName": "python3"}, ("process-kill", {}, None)),
]


@rule("FIS-34")
@pytest.mark.parametrize(("name", "given", "fault"), FAULTS, ids=[f"{n}-{row[0]}" for n, row in enumerate(FAULTS)])
def test_a_document_of_fis_is_a_fault(name: str, given: dict[str, str], fault: tuple[str, dict[str, object], timedelta | None]) -> None:
    [step] = steps(f"AWSFIS-Run-{name}", **given)
    assert isinstance(step, FaultStep)
    assert (step.kind, step.parameters, step.length) == fault


@rule("FIS-34")
@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("CPU-Stress", {}, "needs a value for the parameter DurationSeconds"),
        ("CPU-Stress", {"DurationSeconds": "60", "CPU": "2"}, "stresses all CPUs"),
        ("CPU-Stress", {"DurationSeconds": "60", "LoadPercent": "101"}, "LoadPercent must be a number from 1 to 100"),
        ("CPU-Stress", {"DurationSeconds": "0"}, "DurationSeconds must be a number from 1 to 43200"),
        ("Memory-Stress", {"DurationSeconds": "60"}, "needs a value for the parameter Percent"),
        ("Kill-Process", {}, "needs a value for the parameter ProcessName"),
        ("Kill-Process", {"ProcessName": "x", "Signal": "SIGHUP"}, "is not one of: SIGTERM, SIGKILL"),
    ],
)
def test_bad_parameters_of_a_document_of_fis_are_refused(name: str, given: dict[str, str], why: str) -> None:
    with pytest.raises(ApiError, match=why):
        steps(f"AWSFIS-Run-{name}", **given)


@rule("SSM-8")
@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"schemaVersion": "0.3"}, "schema version 0.3"),
        ({"schemaVersion": "2.2", "mainSteps": []}, "it has no steps"),
        ({"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runDocument", "name": "x"}]}, "only aws:runShellScript runs"),
        (
            {
                "schemaVersion": "2.2",
                "mainSteps": [{"action": "aws:runShellScript", "name": "x", "precondition": {"StringEquals": ["a", "b"]}}],
            },
            "precondition",
        ),
    ],
)
def test_a_document_that_cannot_run_here_is_refused_with_the_reason(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ApiError, match=why) as refused:
        rendering.steps(content.document("mine", "1", told), {})
    assert refused.value.code == "InvalidDocument"


@rule("SSM-8")
def test_a_step_for_windows_is_left_out() -> None:
    told = {
        "schemaVersion": "2.2",
        "mainSteps": [
            {"action": "aws:runPowerShellScript", "name": "w", "precondition": {"StringEquals": ["platformType", "Windows"]}},
            {
                "action": "aws:runShellScript",
                "name": "l",
                "precondition": {"StringEquals": ["platformType", "Linux"]},
                "inputs": {"runCommand": ["true"]},
            },
        ],
    }
    assert [each.name for each in rendering.steps(content.document("mine", "1", told), {})] == ["l"]


def test_a_script_whose_first_line_names_a_program_is_run_by_it() -> None:
    assert scripts.argv("echo hi") == ("sh", "-c", "echo hi")
    assert scripts.argv("#!/usr/bin/env python3\nprint(1)")[-1] == "#!/usr/bin/env python3\nprint(1)"
