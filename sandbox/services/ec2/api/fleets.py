"""Fleets that a request deletes: those that do not exist are listed in the answer, and the others are deleted."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from sandbox.aws.seams import replaces

LISTED = "a fleet that does not exist is an internal error in moto; AWS lists it as unsuccessful"


class FleetResponse(EC2Response):
    """The part of our response class that has fleets."""

    @replaces(why=LISTED)
    def delete_fleets(self) -> ActionResult:
        unknown = self._take_unknown("FleetIds", self.ec2_backend.fleets)
        answer: Any = super().delete_fleets().result
        failed = [{"FleetId": one, "Error": _error("fleetIdDoesNotExist", f"The fleet ID '{one}' does not exist")} for one in unknown]
        return ActionResult({**answer, "UnsuccessfulFleetDeletions": failed})

    @replaces(why=LISTED)
    def cancel_spot_fleet_requests(self) -> ActionResult:
        unknown = self._take_unknown("SpotFleetRequestIds", self.ec2_backend.spot_fleet_requests)
        answer: Any = super().cancel_spot_fleet_requests().result
        text = "The spot fleet request ID '{}' does not exist"
        failed = [{"SpotFleetRequestId": one, "Error": _error("fleetRequestIdDoesNotExist", text.format(one))} for one in unknown]
        return ActionResult({**answer, "UnsuccessfulFleetRequests": failed})

    def _take_unknown(self, name: str, known: dict[str, Any]) -> list[str]:
        """Leaves only known ids in the parameter."""
        given = self._get_param(name, [])
        self.params[name] = [one for one in given if one in known]
        return [one for one in given if one not in known]


def _error(code: str, text: str) -> dict[str, str]:
    return {"Code": code, "Message": text}
