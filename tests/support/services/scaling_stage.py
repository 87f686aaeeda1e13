"""The stage with everything that scaling takes: measured CPU, CloudWatch's alarms, the schedule, topics. Load is what a test says it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sandbox.services.cloudwatch.api.responses
import sandbox.services.sns.api.responses  # noqa: F401 - their seams
from sandbox.drivers.delivery.simulated import SimulatedDeliverer
from sandbox.drivers.metering.simulated import SimulatedMeter
from sandbox.drivers.world import Machine
from sandbox.services.autoscaling.schedule_controller import ScheduleController
from sandbox.services.cloudwatch.controller import CloudWatchController
from sandbox.services.cloudwatch.state.writes import publish_metrics
from sandbox.services.ec2.metrics_controller import Ec2MetricsController
from sandbox.services.sns.controller import SnsController
from tests.support.services.autoscaling_stage import HERE, Stage, make

TRACK_CPU = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 70.0}


@dataclass
class ScalingStage(Stage):
    demand: float = 0.0  # percent of one machine, shared evenly by those that serve
    here = HERE

    def share(self, machine: Machine, now: datetime) -> float:
        serving = [m for m in self.world.machines.values() if m.running]
        return self.demand / len(serving)

    @property
    def cloudwatch(self) -> Any:
        return self.transport.client("cloudwatch", HERE)

    @property
    def sns(self) -> Any:
        return self.transport.client("sns", HERE)

    def policy(self, name: str = "cpu", **more: Any) -> str:
        """→ its ARN. Target tracking of CPU at 70 % unless said otherwise."""
        given = more or {"PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": TRACK_CPU}
        return str(self.asg.put_scaling_policy(AutoScalingGroupName="web", PolicyName=name, **given)["PolicyARN"])

    def alarm(self, policy_arn: str, name: str = "mine", **more: Any) -> str:
        """A user's alarm on the group's CPU."""
        given = {"Threshold": 50.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": 1} | more
        dimensions = [{"Name": "AutoScalingGroupName", "Value": "web"}]
        metric = {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Dimensions": dimensions, "Statistic": "Average", "Period": 60}
        self.cloudwatch.put_metric_alarm(AlarmName=name, AlarmActions=[policy_arn], **metric, **given)
        return name

    def desired(self) -> int:
        return int(self.described()["DesiredCapacity"])

    def sizes(self, minutes: int) -> list[int]:
        """Desired capacity at the end of each minute."""
        found = []
        for _ in range(minutes):
            self.wait(60)
            found.append(self.desired())
        return found

    def states(self) -> dict[str, str]:
        """`AlarmHigh`, `AlarmLow` or the alarm's name → state."""
        alarms = self.cloudwatch.describe_alarms()["MetricAlarms"]
        return {a["AlarmName"].removeprefix("TargetTracking-web-").split("-")[0]: a["StateValue"] for a in alarms}

    def history(self, kind: str = "Action") -> list[str]:
        items = self.cloudwatch.describe_alarm_history(HistoryItemType=kind)["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in items]


def scaling() -> ScalingStage:
    made = make()
    deliverer, meter = SimulatedDeliverer(made.world), SimulatedMeter(made.world)
    sns = SnsController(made.journal, made.transport, deliverer)
    made.engine.add(
        [
            Ec2MetricsController(made.journal, meter, publish_metrics),
            CloudWatchController(made.journal, made.transport),
            ScheduleController(made.journal),
            sns,
        ]
    )
    stage = ScalingStage(made.clock, made.journal, made.engine, made.world, made.transport, made.faults, made.proxy)
    made.world.load = stage.share
    return stage
