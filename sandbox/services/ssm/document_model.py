"""Documents of type Command: parameters, and steps whose inputs refer to them as `{{ name }}` (SSM-3, SSM-8).

OFFERED are AWS's own documents that the sandbox has. What an AWSFIS document does here is a fault (decide/fis_documents.py), so its content
names no script.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCRIPT = "aws:runShellScript"
FROM_OUTSIDE = "The sandbox does this from outside the instance, as a fault. Nothing runs inside it."
PLATFORMS = ("Linux", "MacOS")
DEFAULT_TIMEOUT, LONGEST_TIMEOUT = 3_600, 172_800
"""Seconds, of executionTimeout (SSM-4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: str
    type: str  # "String", "StringList", …
    description: str = ""
    default: tuple[str, ...] | None = None  # None: the caller must give it
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTemplate:
    """A step before its parameters are filled in. `inputs` are as the document has them."""

    name: str
    action: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    name: str
    version: str
    schema: str
    parameters: Mapping[str, Parameter]
    steps: tuple[StepTemplate, ...]


def _parameter(kind: str, description: str, default: Any = None, **more: Any) -> dict[str, Any]:
    found = {"type": kind, "description": description, **more}
    return found if default is None else {**found, "default": default}


def _fis(description: str, **parameters: dict[str, Any]) -> dict[str, Any]:
    script = {"action": SCRIPT, "name": "Fault", "inputs": {"runCommand": [f"# {FROM_OUTSIDE}"]}}
    return {"schemaVersion": "2.2", "description": f"{description} {FROM_OUTSIDE}", "parameters": parameters, "mainSteps": [script]}


_SECONDS = _parameter("String", "How long it lasts, in seconds.", allowedPattern="^[0-9]{1,5}$")
_INSTALL = _parameter("String", "Whether to install what the script needs: nothing has to be installed here.", "True")
_INTERFACE = _parameter("String", "The network interface: all traffic of the instance is meant here, whatever it names.", "eth0")

OFFERED: Mapping[str, Mapping[str, Any]] = {
    "AWS-RunShellScript": {
        "schemaVersion": "1.2",
        "description": "Run a shell script or specify the commands to run.",
        "parameters": {
            "commands": _parameter(
                "StringList", "(Required) Specify a shell script or a command to run.", minItems=1, displayType="textarea"
            ),
            "workingDirectory": _parameter("String", "(Optional) The path to the working directory on your instance.", "", maxChars=4096),
            "executionTimeout": _parameter(
                "String",
                "(Optional) The time in seconds for a command to complete before it is considered to have failed.",
                str(DEFAULT_TIMEOUT),
                allowedPattern="([1-9][0-9]{0,4})|(1[0-6][0-9]{4})|(17[0-1][0-9]{3})|(172[0-7][0-9]{2})|(172800)",
            ),
        },
        "runtimeConfig": {
            SCRIPT: {
                "properties": [
                    {
                        "id": f"0.{SCRIPT}",
                        "runCommand": "{{ commands }}",
                        "workingDirectory": "{{ workingDirectory }}",
                        "timeoutSeconds": "{{ executionTimeout }}",
                    }
                ]
            }
        },
    },
    "AWSFIS-Run-CPU-Stress": _fis(
        "Takes the CPU of an instance.",
        DurationSeconds=_SECONDS,
        CPU=_parameter("String", "The number of CPUs to stress; 0: all.", "0"),
        LoadPercent=_parameter("String", "The load of each CPU, in percent.", "100"),
        InstallDependencies=_INSTALL,
    ),
    "AWSFIS-Run-Kill-Process": _fis(
        "Kills the application of an instance.",
        ProcessName=_parameter("String", "The name of the process to kill: here it is the application, whatever the name."),
        Signal=_parameter("String", "The signal: here it is SIGKILL.", "SIGTERM", allowedValues=["SIGTERM", "SIGKILL"]),
        InstallDependencies=_INSTALL,
    ),
    "AWSFIS-Run-Memory-Stress": _fis(
        "Takes memory of an instance.",
        DurationSeconds=_SECONDS,
        Percent=_parameter("String", "The part of the memory to take, in percent."),
        Workers=_parameter("String", "The number of workers: it has no effect here.", "1"),
        InstallDependencies=_INSTALL,
    ),
    "AWSFIS-Run-Network-Latency": _fis(
        "Delays the answers of an instance.",
        Interface=_INTERFACE,
        DelayMilliseconds=_parameter("String", "The delay, in milliseconds.", "200"),
        DurationSeconds=_SECONDS,
        InstallDependencies=_INSTALL,
    ),
    "AWSFIS-Run-Network-Packet-Loss": _fis(
        "Drops packets of an instance.",
        Interface=_INTERFACE,
        LossPercent=_parameter("String", "The part of the packets that are lost, in percent.", "7"),
        DurationSeconds=_SECONDS,
        InstallDependencies=_INSTALL,
    ),
}
AWS_PREFIXES = ("AWS", "Amazon", "amazon", "aws")
"""A name that begins so is one of AWS's own documents."""
