"""Operations that list what the sandbox has none of: their creation is refused by name, so the lists are empty (CW-66)."""

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult

from sandbox.aws.seams import adds, replaces
from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.api.operations import Operations
from sandbox.services.cloudwatch.state.records import record_of

NONE_HERE = "CW-66: nothing of this kind can be created here"


class AbsentOperations(Operations):
    @adds(why=NONE_HERE)
    def describe_anomaly_detectors(self) -> ActionResult:
        return ActionResult({"AnomalyDetectors": []})

    @replaces(why=NONE_HERE)
    def describe_insight_rules(self) -> ActionResult:
        return ActionResult({"InsightRules": []})

    @adds(why=NONE_HERE)
    def list_managed_insight_rules(self) -> ActionResult:
        return ActionResult({"ManagedRules": []})

    @adds(why=NONE_HERE)
    def list_metric_streams(self) -> ActionResult:
        return ActionResult({"Entries": []})

    @adds(why=NONE_HERE)
    def list_alarm_mute_rules(self) -> ActionResult:
        return ActionResult({"AlarmMuteRuleSummaries": []})

    @adds(why=NONE_HERE)
    def list_metric_data_query_definitions(self) -> ActionResult:
        return ActionResult({"Items": []})

    @adds(why="alarms of one time series have no contributors")
    def describe_alarm_contributors(self) -> ActionResult:
        name = self._get_param("AlarmName") or ""
        if record_of(self._backend, name) is None:
            raise ApiError("ResourceNotFoundException", "Unknown")
        return ActionResult({"AlarmContributors": []})
