"""A virtual sandbox for Run Command: tagged instances, scripted commands, and what became of them."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.drivers.runtime.commands import MachineCommand
from sandbox.drivers.world import Machine, ScriptedCommand
from tests.support import VirtualSandbox, virtual_sandbox

IMAGE = "ami-0c047a86012500412"


@dataclass
class Stage:
    """`ran`: instance id and script of each command that ran, in order. `answers`: script → what it does; others succeed silently."""

    on: VirtualSandbox
    ran: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, ScriptedCommand] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.on.world.command = self._command

    def _command(self, machine: Machine, command: MachineCommand) -> ScriptedCommand:
        script = command.argv[-1]
        self.ran.append((machine.instance_id, script))
        return self.answers.get(script, ScriptedCommand())

    @property
    def ssm(self) -> Any:
        return self.on.client("ssm")

    def instances(self, count: int = 1, **tags: str) -> list[str]:
        """Running ones, tagged team=web and with `tags`."""
        labels = [{"Key": key, "Value": value} for key, value in {"team": "web", **tags}.items()]
        made = self.on.client("ec2").run_instances(
            ImageId=IMAGE,
            InstanceType="t3.micro",
            MinCount=count,
            MaxCount=count,
            TagSpecifications=[{"ResourceType": "instance", "Tags": labels}],
        )
        self.on.run(60)
        return [each["InstanceId"] for each in made["Instances"]]

    def takes(self, script: str, seconds: float, exit_code: int = 0) -> str:
        """The script, which now takes so long."""
        self.answers[script] = ScriptedCommand(exit_code=exit_code, duration=timedelta(seconds=seconds))
        return script

    def send(self, script: str, *instance_ids: str, **given: Any) -> str:
        """→ the command's id. Without instance ids the targets are those with the tag team=web."""
        where = {"InstanceIds": list(instance_ids)} if instance_ids else {"Targets": [{"Key": "tag:team", "Values": ["web"]}]}
        parameters = {"commands": [script], **given.pop("parameters", {})}
        command = self.ssm.send_command(DocumentName="AWS-RunShellScript", Parameters=parameters, **where, **given)
        return str(command["Command"]["CommandId"])

    def command(self, command_id: str) -> dict[str, Any]:
        [found] = self.ssm.list_commands(CommandId=command_id)["Commands"]
        return dict(found)

    def status(self, command_id: str) -> tuple[str, str]:
        found = self.command(command_id)
        return found["Status"], found["StatusDetails"]

    def invocation(self, command_id: str, instance_id: str) -> dict[str, Any]:
        return dict(self.ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id))

    def invocations(self, command_id: str) -> list[str]:
        """The details of each, in the order in which they are sent."""
        found = self.ssm.list_command_invocations(CommandId=command_id)["CommandInvocations"]
        return [each["StatusDetails"] for each in found]

    def restarted(self, folder: Path) -> "Stage":
        """After kill -9 of the control plane, with the state as it was last saved."""
        return Stage(self.on.restart(folder / "state.bin"))


def make_stage() -> Stage:
    return Stage(virtual_sandbox(seed=5))
