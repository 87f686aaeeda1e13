"""A stage in virtual time in which tests can interfere, for the tests of scenarios."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client
from scenarios.kit.stage import Stage


class Rehearsal(Stage):
    """`at` maps the beginning of a chapter title or of a fault's text to a function, which is called just before it."""

    sandbox: VirtualClient
    lines: list[str]
    at: dict[str, Callable[[], None]]

    def chapter(self, title: str) -> None:
        self._interfere(title)
        super().chapter(title)

    def fault(self, text: str, *targets: str) -> datetime:
        self._interfere(text)
        return super().fault(text, *targets)

    def _interfere(self, text: str) -> None:
        for beginning, interfere in self.at.items():
            if text.startswith(beginning):
                interfere()

    def unmet(self) -> list[str]:
        return [check.sentence for check in self.checks if not check.passed]

    @property
    def output(self) -> str:
        """All lines joined, without the wrapping."""
        return " ".join(" ".join(self.lines).split())


def rehearsal(options: dict[str, str] | None = None, **settings: object) -> Rehearsal:
    client = virtual_client(Settings.from_environment({}, runtime="simulated", **settings))
    lines: list[str] = []
    stage = Rehearsal(client, out=lines.append, options=options or {})
    stage.sandbox, stage.lines, stage.at = client, lines, {}
    return stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The results of a finished run, which several tests share. The next sandbox in this process erases the run's state."""

    passed: bool
    unmet: list[str]
    left: list[str]
    output: str
    journal: list[str]


def ended(run: Callable[[Stage], bool], stage: Rehearsal) -> Ended:
    passed = run(stage)
    journal = [f"{event.at} {event.summary}" for event in stage.sandbox.sandbox.journal.events()]
    return Ended(passed=passed, unmet=stage.unmet(), left=left_behind(stage), output=stage.output, journal=journal)


def left_behind(stage: Stage) -> list[str]:
    """Names of resources that a scenario left."""
    groups = stage.query("autoscaling", "describe_auto_scaling_groups")["AutoScalingGroups"]
    configurations = stage.query("autoscaling", "describe_launch_configurations")["LaunchConfigurations"]
    templates = stage.query("ec2", "describe_launch_templates")["LaunchTemplates"]
    target_groups = stage.query("elbv2", "describe_target_groups")["TargetGroups"]
    load_balancers = stage.query("elbv2", "describe_load_balancers")["LoadBalancers"]
    security_groups = stage.query("ec2", "describe_security_groups")["SecurityGroups"]
    alarms = stage.query("cloudwatch", "describe_alarms")["MetricAlarms"]
    running = [{"Name": "instance-state-name", "Values": ["pending", "running", "shutting-down"]}]
    instances = stage.query("ec2", "describe_instances", Filters=running)["Reservations"]
    return [
        *[g["AutoScalingGroupName"] for g in groups],
        *[c["LaunchConfigurationName"] for c in configurations],
        *[t["LaunchTemplateName"] for t in templates],
        *[t["TargetGroupName"] for t in target_groups],
        *[lb["LoadBalancerName"] for lb in load_balancers],
        *[s["GroupName"] for s in security_groups if s["GroupName"] != "default"],
        *[a["AlarmName"] for a in alarms],
        *[t["TopicArn"] for t in stage.query("sns", "list_topics")["Topics"]],
        *stage.query("sqs", "list_queues").get("QueueUrls", []),
        *[k["KeyName"] for k in stage.query("ec2", "describe_key_pairs")["KeyPairs"]],
        *[i["InstanceId"] for r in instances for i in r["Instances"]],
    ]
