"""CloudWatch: Alarm, CompositeAlarm, Dashboard."""

from typing import Any

from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.arns import arn
from sandbox.services.cloudformation.resources.base import Call, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, first, ready_or_gone, table
from sandbox.services.cloudformation.resources.parameters import changed, document

NAME_LIMIT = 255
ACTIONS = "ActionsEnabled AlarmActions AlarmDescription InsufficientDataActions OKActions Tags"


class _Alarm(Kind):
    """Its physical id is its name. PutMetricAlarm and PutCompositeAlarm replace the whole configuration and keep the state."""

    service, tagging, name_property = "cloudwatch", tags.CLOUDWATCH, "AlarmName"
    attributes = frozenset({"Arn"})
    put: str

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, NAME_LIMIT)
        self.refuse_existing(wanted, lambda name: _alarm(call, name))
        self._put(call, name, wanted, Tags=tags.as_list(tags.merged(wanted)))
        return name

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if changed(old.properties, new.properties) - {"Tags"}:
            self._put(call, physical_id, new)

    def _put(self, call: Call, name: str, wanted: Wanted, **fixed: Any) -> None:
        given = {key: value for key, value in wanted.properties.items() if key not in ("AlarmName", "Tags")}
        self.send(call, wanted, self.put, given, AlarmName=name, **fixed)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("cloudwatch", "delete_alarms", AlarmNames=[physical_id])

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_alarm(call, physical_id), Arn="AlarmArn")

    def tagged(self, physical_id: str, call: Call) -> str:
        return arn(call, "cloudwatch", f"alarm:{physical_id}")


class Alarm(_Alarm):
    type_name, put = "AWS::CloudWatch::Alarm", "put_metric_alarm"
    properties = table(
        "AlarmName",
        f"{ACTIONS} ComparisonOperator DatapointsToAlarm Dimensions EvaluateLowSampleCountPercentile EvaluationPeriods ExtendedStatistic "
        "MetricName Metrics Namespace Period Statistic Threshold ThresholdMetricId TreatMissingData Unit",
    )
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})


class CompositeAlarm(_Alarm):
    type_name, put = "AWS::CloudWatch::CompositeAlarm", "put_composite_alarm"
    properties = table("AlarmName", f"{ACTIONS} ActionsSuppressor ActionsSuppressorExtensionPeriod ActionsSuppressorWaitPeriod AlarmRule")
    required = frozenset({"AlarmRule"})


def _alarm(call: Call, name: str) -> dict[str, Any] | None:
    found = call("cloudwatch", "describe_alarms", AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return first([*found["MetricAlarms"], *found["CompositeAlarms"]])


class Dashboard(Kind):
    """Its body is JSON in the template, as text or as an object."""

    type_name, service, name_property = "AWS::CloudWatch::Dashboard", "cloudwatch", "DashboardName"
    tagging = tags.CLOUDWATCH
    properties = table("DashboardName", "DashboardBody Tags")
    required = frozenset({"DashboardBody"})

    def make(self, call: Call, wanted: Wanted) -> str:
        name = self.name(wanted, NAME_LIMIT)
        self.refuse_existing(wanted, lambda name: _dashboard(call, name))
        self._put(call, name, wanted, Tags=tags.as_list(tags.merged(wanted)))
        return name

    def _put(self, call: Call, name: str, wanted: Wanted, **fixed: Any) -> None:
        body = document(wanted.properties["DashboardBody"])
        call("cloudwatch", "put_dashboard", DashboardName=name, DashboardBody=body, **fixed)

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        if "DashboardBody" in changed(old.properties, new.properties):
            self._put(call, physical_id, new)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        call("cloudwatch", "delete_dashboards", DashboardNames=[physical_id])

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        return ready_or_gone(_dashboard(call, physical_id))

    def tagged(self, physical_id: str, call: Call) -> str:
        return str(_dashboard(call, physical_id)["DashboardArn"])


def _dashboard(call: Call, name: str) -> dict[str, Any]:
    return call("cloudwatch", "get_dashboard", DashboardName=name)


TYPES = (Alarm(), CompositeAlarm(), Dashboard())
