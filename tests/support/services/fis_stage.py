"""A virtual sandbox for experiments: a role, tagged instances, and what happened in seconds since an experiment began."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support import VirtualSandbox, virtual_sandbox
from tests.support.services import fis

IMAGE = "ami-0c047a86012500412"


@dataclass
class Stage:
    on: VirtualSandbox
    zero: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.zero = self.on.now()

    @property
    def fis(self) -> Any:
        return self.on.client("fis")

    def instances(self, count: int = 1, market: str | None = None, **tags: str) -> list[str]:
        """Running ones, tagged team=web and with `tags`. `market`: "spot"; None: on demand."""
        labels = [{"Key": key, "Value": value} for key, value in {"team": "web", **tags}.items()]
        specification = [{"ResourceType": "instance", "Tags": labels}]
        options: dict[str, Any] = {"InstanceMarketOptions": {"MarketType": market}} if market else {}
        made = self.on.client("ec2").run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", MinCount=count, MaxCount=count, TagSpecifications=specification, **options
        )
        self.on.run(60)
        return [each["InstanceId"] for each in made["Instances"]]

    def states(self, *instance_ids: str) -> list[str]:
        found = self.on.client("ec2").describe_instances(InstanceIds=list(instance_ids))["Reservations"]
        by_id = {each["InstanceId"]: each["State"]["Name"] for reservation in found for each in reservation["Instances"]}
        return [by_id[each] for each in instance_ids]

    def start(self, given: Mapping[str, Any], **options: Any) -> str:
        """Starts an experiment; `zero` is the moment."""
        self.zero = self.on.now()
        return fis.started(self.fis, given, **options)

    def state(self, experiment_id: str) -> str:
        return str(fis.state(self.fis, experiment_id)["status"])

    def reason(self, experiment_id: str) -> str:
        return str(fis.state(self.fis, experiment_id)["reason"])

    def error(self, experiment_id: str) -> dict[str, Any]:
        return dict(fis.state(self.fis, experiment_id)["error"])

    def actions(self, experiment_id: str) -> dict[str, str]:
        return fis.actions(self.fis, experiment_id)

    def times(self, experiment_id: str, action: str) -> tuple[int, int]:
        """Seconds from `zero` to the action's start and end."""
        found = self.fis.get_experiment(id=experiment_id)["experiment"]["actions"][action]
        return self._seconds(found["startTime"]), self._seconds(found["endTime"])

    def _seconds(self, moment: datetime) -> int:
        return int((moment - self.zero).total_seconds())

    def alarm(self, state: str, name: str = "burn") -> str:
        """An alarm in that state, which nothing but a call changes. → its ARN."""
        cloudwatch = self.on.client("cloudwatch")
        cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName="m", Namespace="n", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="of the tests")
        return str(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])

    def restarted(self, folder: Path) -> "Stage":
        """After kill -9 of the control plane, with the state as it was last saved."""
        again = Stage(self.on.restart(folder / "state.bin"))
        again.zero = self.zero
        return again


def make_stage() -> Stage:
    on = virtual_sandbox(seed=5)
    fis.make_role(on.client("iam"))
    return Stage(on)
