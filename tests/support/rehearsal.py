"""A stage in virtual time that can be meddled with, for the tests of scenarios."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client
from scenarios.kit.stage import Stage


class Rehearsal(Stage):
    """`at` names the beginning of a chapter, or of what a fault tells; the function is called just before it."""

    sandbox: VirtualClient
    lines: list[str]
    at: dict[str, Callable[[], None]]

    def chapter(self, title: str) -> None:
        self._meddle(title)
        super().chapter(title)

    def fault(self, text: str, **parameters: Any) -> datetime:
        self._meddle(text)
        return super().fault(text, **parameters)

    def _meddle(self, text: str) -> None:
        for beginning, meddle in self.at.items():
            if text.startswith(beginning):
                meddle()

    def unmet(self) -> list[str]:
        return [check.sentence for check in self.checks if not check.held]

    @property
    def told(self) -> str:
        """All lines as one, whatever the wrapping."""
        return " ".join(" ".join(self.lines).split())


def rehearsal(options: dict[str, str] | None = None, **settings: object) -> Rehearsal:
    client = virtual_client(Settings.from_environment({}, runtime="simulated", **settings))
    lines: list[str] = []
    stage = Rehearsal(client, out=lines.append, options=options or {})
    stage.sandbox, stage.lines, stage.at = client, lines, {}
    return stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that is over: what several tests look at without running it again (the next sandbox empties this one)."""

    well: bool
    unmet: list[str]
    left: list[str]
    told: str
    journal: list[str]


def ended(run: Callable[[Stage], bool], stage: Rehearsal) -> Ended:
    well = run(stage)
    journal = [f"{event.at} {event.summary}" for event in stage.sandbox.sandbox.journal.events()]
    return Ended(well=well, unmet=stage.unmet(), left=left_behind(stage), told=stage.told, journal=journal)


def left_behind(stage: Stage) -> list[str]:
    """Names of what is still there of a scenario."""
    groups = stage.ask("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    configurations = stage.ask("autoscaling", "describe_launch_configurations")["LaunchConfigurations"]
    templates = stage.ask("ec2", "describe_launch_templates")["LaunchTemplates"]
    target_groups = stage.ask("elbv2", "describe_target_groups")["TargetGroups"]
    load_balancers = stage.ask("elbv2", "describe_load_balancers")["LoadBalancers"]
    security_groups = stage.ask("ec2", "describe_security_groups")["SecurityGroups"]
    alarms = stage.ask("cloudwatch", "describe_alarms")["MetricAlarms"]
    running = [{"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down"]}]
    instances = stage.ask("ec2", "describe_instances", Filters=running)["Reservations"]
    return [
        *[g["AutoScalingGroupName"] for g in groups],
        *[c["LaunchConfigurationName"] for c in configurations],
        *[t["LaunchTemplateName"] for t in templates],
        *[t["TargetGroupName"] for t in target_groups],
        *[lb["LoadBalancerName"] for lb in load_balancers],
        *[s["GroupName"] for s in security_groups if s["GroupName"] != "default"],
        *[a["AlarmName"] for a in alarms],
        *[t["TopicArn"] for t in stage.ask("sns", "list_topics")["Topics"]],
        *stage.ask("sqs", "list_queues").get("QueueUrls", []),
        *[k["KeyName"] for k in stage.ask("ec2", "describe_key_pairs")["KeyPairs"]],
        *[i["InstanceId"] for r in instances for i in r["Instances"]],
    ]
