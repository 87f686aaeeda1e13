"""The commands that do the same as a form of the page: of `sandbox`, and of `aws` where AWS has such a thing. Pure."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.core.text import parse_duration

DEFAULT = timedelta(minutes=10)  # of an experiment whose form has no duration: AWS needs one
VIRTUAL = "sandbox scenario run NAME --virtual"
"""For where nothing listens on this machine."""
Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form of a fault holds."""

    kind: str
    targets: tuple[str, ...]
    instances: tuple[str, ...] = ()  # those that the targets mean now, where the kind acts on instances
    duration: str = ""  # "10m"; "": until it is cleared
    parameters: Parameters = field(default_factory=dict)
    account: str = "123456789012"
    region: str = "us-east-1"


Command = Callable[[Asked], str | None]


def inject(asked: Asked) -> str:
    """`sandbox fault inject …`"""
    words = ["sandbox", "fault", "inject", asked.kind, *asked.targets]
    words += ["--for", asked.duration] if asked.duration else []
    for name, value in asked.parameters.items():
        words += ["--set", f"{name}={value}"]
    return shlex.join(words)


def clear(fault_id: str) -> str:
    return shlex.join(["sandbox", "fault", "clear", fault_id])


def terminate(instance_id: str) -> str:
    return shlex.join(["aws", "ec2", "terminate-instances", "--instance-ids", instance_id])


def aws(asked: Asked) -> str | None:
    """None: AWS has no operation that does this, or the form has no target yet."""
    made = AWS.get(asked.kind)
    return made(asked) if made and asked.targets else None


def _of_instances(operation: str) -> Command:
    def command(asked: Asked) -> str | None:
        return shlex.join(["aws", "ec2", operation, "--instance-ids", *asked.instances]) if asked.instances else None

    return command


def _document(name: str, parameters: Callable[[Parameters], Parameters]) -> Command:
    """A document of FIS for Systems Manager."""

    def command(asked: Asked) -> str | None:
        if not asked.instances:
            return None
        given = {"DurationSeconds": f"{_length(asked).total_seconds():.0f}", **parameters(asked.parameters)}
        lists = json.dumps({key: [value] for key, value in given.items()})
        words = ["aws", "ssm", "send-command", "--document-name", name, "--instance-ids", *asked.instances, "--parameters", lists]
        return shlex.join(words)

    return command


def _power_interruption(asked: Asked) -> str:
    """A scenario of the FIS library, which `sandbox fis template` prints."""
    lasting = ["--duration", asked.duration] if asked.duration else []
    printed = shlex.join(["sandbox", "fis", "template", "az-power-interruption", "--az", asked.targets[0], *lasting])
    return f"{printed} --file power.json\naws fis create-experiment-template --cli-input-json file://power.json"


def _disrupt(scope: str) -> Command:
    """FIS-26."""

    def command(asked: Asked) -> str:
        action = {
            "actionId": "aws:network:disrupt-connectivity",
            "parameters": {"duration": f"PT{max(60, round(_length(asked).total_seconds())) // 60}M", "scope": scope},
            "targets": {"Subnets": "cut"},
        }
        target = {"resourceType": "aws:ec2:subnet", "selectionMode": "ALL", **_subnets(asked)}
        role = f"arn:aws:iam::{asked.account}:role/fis"
        words = ["aws", "fis", "create-experiment-template", "--description", "cut", "--role-arn", role, "--stop-conditions", "source=none"]
        return shlex.join([*words, "--targets", json.dumps({"cut": target}), "--actions", json.dumps({"cut": action})])

    return command


def _subnets(asked: Asked) -> Mapping[str, object]:
    ids = [each for each in asked.targets if each.startswith("subnet-")]
    if ids:
        return {"resourceArns": [f"arn:aws:ec2:{asked.region}:{asked.account}:subnet/{each}" for each in ids]}
    return {"parameters": {"availabilityZoneIdentifier": asked.targets[0]}}


def _partition(asked: Asked) -> str | None:
    """FIS cuts a zone from the other zones; it has no action for one direction."""
    return _disrupt("availability-zone")(asked) if asked.parameters.get("direction") == "cross-zone" else None


def _length(asked: Asked) -> timedelta:
    try:
        return parse_duration(asked.duration)
    except ValueError:
        return DEFAULT


AWS: Mapping[str, Command] = {
    "instance-terminate": _of_instances("terminate-instances"),
    "instance-stop": _of_instances("stop-instances"),
    "process-kill": _document("AWSFIS-Run-Kill-Process", lambda _: {"ProcessName": "python3"}),
    "cpu-heat": _document("AWSFIS-Run-CPU-Stress", lambda given: {"LoadPercent": _rest(given.get("percent", "20"))}),
    "memory-pressure": _document("AWSFIS-Run-Memory-Stress", lambda given: {"Percent": given.get("percent", "50")}),
    "latency": _document("AWSFIS-Run-Network-Latency", lambda given: {"DelayMilliseconds": given.get("milliseconds", "200")}),
    "packet-loss": _document("AWSFIS-Run-Network-Packet-Loss", lambda given: {"LossPercent": given.get("percent", "7")}),
    "zone-power-off": _power_interruption,
    "zone-blackhole": _disrupt("all"),
    "zone-partition": _partition,
}


def _rest(percent: str) -> str:
    """The fault says what is left of the CPU, the document what is taken."""
    return f"{100 - float(percent):g}" if percent.replace(".", "", 1).isdigit() else "80"
