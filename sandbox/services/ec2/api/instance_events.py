"""ModifyInstanceEventStartTime and ReportInstanceStatus (EC2-34, EC2-80): a user moves a scheduled event, or reports what is wrong."""

from datetime import UTC, datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response

from sandbox.aws.context import context
from sandbox.aws.seams import adds
from sandbox.core.events import Event
from sandbox.services.ec2 import errors
from sandbox.services.ec2.api.validation.instance_events import check_new_start, check_report


class InstanceEventsResponse(EC2Response):
    @adds(why="EC2-34: the start of a scheduled event can be moved up to its deadline")
    def modify_instance_event_start_time(self) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        event_id, start = self._get_param("InstanceEventId"), _aware(self._get_param("NotBefore"))
        found = next((one for one in instance.sandbox.scheduled_events if one.event_id == event_id), None)
        if found is None:
            raise errors.no_such_instance_event(event_id)
        check_new_start(found, start, context().clock.now())
        return ActionResult({"Event": instance.move_event(found, start).as_aws()})

    @adds(why="EC2-80: a report about an instance is accepted, and changes nothing")
    def report_instance_status(self) -> EmptyResult:
        check_report(self.params)
        self.ec2_backend.get_multi_instances_by_id(self._get_param("Instances", []))
        status, reasons = self._get_param("Status"), ", ".join(self._get_param("ReasonCodes", []))
        for instance_id in self._get_param("Instances", []):
            summary = f"a user reports that {instance_id} is {status}: {reasons}"
            detail = {"instance-id": instance_id, "status": status, "reason-codes": self._get_param("ReasonCodes", [])}
            reported = Event(
                source="aws.ec2", detail_type="Instance Status Reported", summary=summary, resources=(instance_id,), detail=detail
            )
            context().journal.record(reported)
        return EmptyResult()


def _aware(value: Any) -> datetime:
    """The parser of moto gives a datetime, with or without a time zone, or text."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
