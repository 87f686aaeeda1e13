"""ZonalAutoshiftConfiguration: zonal autoshift of a load balancer or an Auto Scaling group, and its practice runs (ARC-6, ARC-7).

In ARC it has no identity of its own: its physical id is the ARN of the resource.
"""

from typing import Any

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.resources.base import Call, Gone, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, table
from sandbox.services.cloudformation.resources.parameters import Properties, text

PRACTICE = "PracticeRunConfiguration"
LISTS = ("BlockedDates", "BlockedWindows", "BlockingAlarms", "OutcomeAlarms")


class ZonalAutoshiftConfiguration(Kind):
    type_name, service = "AWS::ARCZonalShift::ZonalAutoshiftConfiguration", "arc-zonal-shift"
    properties = table("ResourceIdentifier", f"{PRACTICE} ZonalAutoshiftStatus")
    required = frozenset({"ResourceIdentifier"})

    def make(self, call: Call, wanted: Wanted) -> str:
        arn = text(wanted.properties["ResourceIdentifier"])
        if practice := wanted.properties.get(PRACTICE):
            self.send(call, wanted, "create_practice_run_configuration", _practice(practice), resourceIdentifier=arn)
        return arn

    def complete(self, call: Call, physical_id: str, wanted: Wanted) -> None:
        if _status(wanted.properties) == "ENABLED":
            _set_status(call, physical_id, "ENABLED")

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        before, after = old.properties.get(PRACTICE), new.properties.get(PRACTICE)
        if _status(new.properties) == "DISABLED":
            _set_status(call, physical_id, "DISABLED")
        if after and before:
            given = {name[:1].lower() + name[1:]: [] for name in LISTS if name in before} | _practice(after)
            self.send(call, new, "update_practice_run_configuration", given, resourceIdentifier=physical_id)
        elif after:
            self.send(call, new, "create_practice_run_configuration", _practice(after), resourceIdentifier=physical_id)
        elif before:
            call("arc-zonal-shift", "delete_practice_run_configuration", resourceIdentifier=physical_id)
        self.complete(call, physical_id, new)

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        found = call("arc-zonal-shift", "get_managed_resource", resourceIdentifier=physical_id)
        if found.get("zonalAutoshiftStatus") == "ENABLED":
            _set_status(call, physical_id, "DISABLED")
        if not found.get("practiceRunConfiguration"):
            raise ApiError("NotFound", f"{physical_id} has no practice run configuration.")
        call("arc-zonal-shift", "delete_practice_run_configuration", resourceIdentifier=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        found = call("arc-zonal-shift", "get_managed_resource", resourceIdentifier=physical_id)
        is_there = found.get("practiceRunConfiguration") or not wanted.properties.get(PRACTICE)
        return Ready() if is_there else Gone()


def _status(properties: Properties) -> str:
    return text(properties.get("ZonalAutoshiftStatus", "DISABLED"))


def _set_status(call: Call, arn: str, status: str) -> None:
    call("arc-zonal-shift", "update_zonal_autoshift_configuration", resourceIdentifier=arn, zonalAutoshiftStatus=status)


def _practice(given: Any) -> dict[str, Any]:
    """A template's names begin with capitals, ARC's do not."""
    if isinstance(given, dict):
        return {name[:1].lower() + name[1:]: _member(value) for name, value in given.items()}
    return {}


def _member(value: Any) -> Any:
    return [_practice(each) if isinstance(each, dict) else each for each in value] if isinstance(value, list) else value


TYPES = (ZonalAutoshiftConfiguration(),)
