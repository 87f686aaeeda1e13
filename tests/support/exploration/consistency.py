"""What the API describes, compared with itself: the same thing looks the same from every operation, and each answers."""

from typing import Any

from sandbox.services.elbv2.model import TargetState
from tests.support.exploration import reading
from tests.support.exploration.account import Account
from tests.support.exploration.findings import Findings

DESCRIPTIONS = (  # (service, operation): each has to answer, whatever was done before
    ("autoscaling", "describe_auto_scaling_instances"),
    ("autoscaling", "describe_launch_configurations"),
    ("autoscaling", "describe_policies"),
    ("autoscaling", "describe_scaling_activities"),
    ("autoscaling", "describe_scheduled_actions"),
    ("autoscaling", "describe_notification_configurations"),
    ("autoscaling", "describe_tags"),
    ("ec2", "describe_instance_status"),
    ("ec2", "describe_launch_templates"),
    ("ec2", "describe_volumes"),
    ("ec2", "describe_network_interfaces"),
    ("elbv2", "describe_load_balancers"),
    ("elbv2", "describe_target_groups"),
    ("cloudwatch", "describe_alarms"),
    ("cloudwatch", "describe_alarm_history"),
    ("cloudwatch", "list_metrics"),
    ("sns", "list_topics"),
    ("sns", "list_subscriptions"),
)

TAKE_AWAY = {"HealthCheck", "ReplaceUnhealthy", "Terminate"}  # processes of a group


class Consistency:
    """`check` looks at groups, targets and requests each time, and at a few of the other descriptions in turn."""

    def __init__(self, account: Account, findings: Findings) -> None:
        self._account, self._findings, self._turn = account, findings, 0

    def check(self) -> None:
        groups, instances = self._account.groups(), {i["InstanceId"]: i for i in self._account.instances()}
        self._members(groups, instances)
        self._requests()
        for _ in range(3):
            service, operation = DESCRIPTIONS[self._turn % len(DESCRIPTIONS)]
            self._turn += 1
            with self._account.request():
                getattr(self._account.on.client(service), operation)()
                self._findings.checks += 1

    def _members(self, groups: list[dict[str, Any]], instances: dict[str, Any]) -> None:
        for group in groups:
            name = group["AutoScalingGroupName"]
            for member in group["Instances"]:
                there = instances.get(member["InstanceId"])
                # ASG-47: a member in standby is not health-checked; terminated, it stays, and the instance is forgotten after an hour.
                # So does one of a group in which a process that would take it away is suspended.
                kept = member["LifecycleState"] == "Standby" or TAKE_AWAY & {each["ProcessName"] for each in group["SuspendedProcesses"]}
                known = there is not None or bool(kept)
                self._expect(known, "{} of {} is not an instance", member["InstanceId"], name)
                if there is None:
                    continue
                zones = (member["AvailabilityZone"], there["Placement"]["AvailabilityZone"])
                self._expect(zones[0] == zones[1], "{} of {} is in two zones: {}", member["InstanceId"], name, zones)
                tags = {tag["Key"]: tag["Value"] for tag in there.get("Tags", [])}
                self._expect(tags.get("aws:autoscaling:groupName") == name, "{} of {} has tags {}", member["InstanceId"], name, tags)

    def _requests(self) -> None:
        """No target answers that is not registered, or is leaving."""
        answering = {response.target_id for listener in self._account.listeners() for response in self._account.send_some(listener)}
        for target_id in sorted(filter(None, answering)):
            states = [state for (_, key), state in reading.targets().items() if key.id == target_id]
            receives = any(state not in (TargetState.DRAINING, TargetState.UNUSED) for state in states)
            self._expect(receives, "{} answered a request and is {}", target_id, states or "not registered")

    def _expect(self, held: bool, template: str, *values: object) -> None:
        self._findings.expect(held, self._account.on.now, template, *values)
