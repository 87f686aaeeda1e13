"""Resources that ARC can shift, made through the API, and the parameters of its operations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.services.security_groups import admit_everything

ZONES = {"us-east-1a": "use1-az6", "us-east-1b": "use1-az1", "us-east-1c": "use1-az2"}
FIRST, SECOND, THIRD = ZONES.values()


@dataclass
class ShiftBench:
    """`client("elbv2")` is a boto3 client. The default VPC has one subnet in each zone."""

    client: Callable[[str], Any]

    @property
    def arc(self) -> Any:
        return self.client("arc-zonal-shift")

    def load_balancer(self, name: str = "web", *, opted_in: bool = True) -> str:
        """→ its ARN."""
        admit_everything(self.client("ec2"))
        made = self.client("elbv2").create_load_balancer(Name=name, Subnets=self.subnets(3))["LoadBalancers"][0]
        arn = str(made["LoadBalancerArn"])
        self.opt(arn, opted_in)
        return arn

    def opt(self, arn: str, opted_in: bool) -> None:
        attribute = {"Key": "zonal_shift.config.enabled", "Value": str(opted_in).lower()}
        self.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[attribute])

    def subnets(self, count: int) -> list[str]:
        found = {s["AvailabilityZone"]: s["SubnetId"] for s in self.client("ec2").describe_subnets()["Subnets"]}
        return [found[zone] for zone in list(ZONES)[:count]]

    def alarm(self, name: str = "errors", state: str = "OK") -> str:
        """→ its ARN."""
        cloudwatch = self.client("cloudwatch")
        metric = {"Namespace": "Own", "MetricName": name, "Period": 60, "Statistic": "Sum", "Threshold": 1.0}
        cloudwatch.put_metric_alarm(
            AlarmName=name, EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", **metric
        )
        self.set_alarm(name, state)
        return str(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])

    def set_alarm(self, name: str, state: str) -> None:
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="by the test")

    def configure(self, arn: str, **more: Any) -> dict[str, Any]:
        """A practice run configuration, with the outcome alarm `errors` unless `more` names others."""
        given = more if "outcomeAlarms" in more else {"outcomeAlarms": [condition(self.alarm())], **more}
        return dict(self.arc.create_practice_run_configuration(resourceIdentifier=arn, **given))

    def shift(self, arn: str, **more: Any) -> dict[str, Any]:
        return dict(self.arc.start_zonal_shift(**start(arn, **more)))

    def resource(self, arn: str) -> dict[str, Any]:
        return dict(self.arc.get_managed_resource(resourceIdentifier=arn))


def start(arn: str, **more: Any) -> dict[str, Any]:
    """Parameters of StartZonalShift."""
    return {"resourceIdentifier": arn, "awayFrom": FIRST, "expiresIn": "2h", "comment": "the zone is slow"} | more


def condition(arn: str) -> dict[str, str]:
    return {"type": "CLOUDWATCH", "alarmIdentifier": arn}


def refusal(operation: Callable[..., Any], **given: Any) -> tuple[str, str]:
    """→ the code of the error and its reason, "" if it has none."""
    with pytest.raises(ClientError) as failed:
        operation(**given)
    answer: Any = failed.value.response
    assert answer["Error"]["Message"], "an error says what is wrong"
    return answer["Error"]["Code"], answer.get("reason", "")
