"""ARC's operations, a service that moto lacks. Handlers only translate: api/shifts.py and api/practice.py check and change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.responses import ActionResult

from sandbox.aws.context import context
from sandbox.aws.http.dispatcher import declare_service
from sandbox.aws.requests.own_response import OwnResponse
from sandbox.services.arc.api import practice, shifts, views
from sandbox.services.arc.api.validation import requests
from sandbox.services.arc.decide import starting
from sandbox.services.arc.model import ShiftStatus
from sandbox.services.arc.state import applied, resources
from sandbox.services.arc.state.store import SERVICE, ArcBackend, arc_backends


class AutoshiftStatus(Enum):
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"


@declare_service(SERVICE, why="ARC-1: moto has no zonal shifts")
class ArcResponse(OwnResponse):
    service = SERVICE

    @property
    def _backend(self) -> ArcBackend:
        found: ArcBackend = arc_backends[self.current_account][self.region]
        return found

    @property
    def _now(self) -> datetime:
        return context().clock.now()

    # ---- zonal shifts ------------------------------------------------------------------------------------------------------------------

    def start_zonal_shift(self) -> ActionResult:
        return ActionResult(views.shift(shifts.start(self._backend, self._scope, self._given), self._now))

    def update_zonal_shift(self) -> ActionResult:
        return ActionResult(views.shift(shifts.update(self._backend, self._given), self._now))

    def cancel_zonal_shift(self) -> ActionResult:
        return ActionResult(views.shift(shifts.cancel(self._backend, self._given["zonalShiftId"]), self._now))

    def list_zonal_shifts(self) -> ActionResult:
        status = requests.word(ShiftStatus, self._given.get("status"))
        found = shifts.listed(self._backend, status, self._given.get("resourceIdentifier"))
        return self._paged([views.shift(each, self._now) for each in found])

    # ---- resources ---------------------------------------------------------------------------------------------------------------------

    def list_managed_resources(self) -> ActionResult:
        backend = self._backend
        found = [
            views.resource_summary(each, backend.settings_of(each.arn), applied.active(backend, each), self._now)
            for each in resources.managed(self._scope)
        ]
        return self._paged(found)

    def get_managed_resource(self) -> ActionResult:
        resource, backend = requests.resource(self._given["resourceIdentifier"], self._scope), self._backend
        starting.check_opt_in(resource)
        active = applied.active(backend, resource)
        return ActionResult(views.managed_resource(resource, backend.settings_of(resource.arn), active, self._now))

    # ---- zonal autoshift and practice runs ---------------------------------------------------------------------------------------------

    def list_autoshifts(self) -> ActionResult:
        status = requests.word(AutoshiftStatus, self._given.get("status")) or AutoshiftStatus.ACTIVE
        found = [each for each in self._backend.autoshifts if each.is_active is (status is AutoshiftStatus.ACTIVE)]
        return self._paged([views.autoshift(each) for each in found[::-1]])

    def update_zonal_autoshift_configuration(self) -> ActionResult:
        resource, settings = practice.enable_autoshift(self._backend, self._scope, self._given)
        status = views.configured(resource, settings)["zonalAutoshiftStatus"]
        return ActionResult({"resourceIdentifier": resource.arn, "zonalAutoshiftStatus": status})

    def create_practice_run_configuration(self) -> ActionResult:
        return ActionResult(views.configured(*practice.create(self._backend, self._scope, self._given)))

    def update_practice_run_configuration(self) -> ActionResult:
        return ActionResult(views.configured(*practice.update(self._backend, self._scope, self._given)))

    def delete_practice_run_configuration(self) -> ActionResult:
        return ActionResult(views.configured(*practice.delete(self._backend, self._scope, self._given)))

    def start_practice_run(self) -> ActionResult:
        return ActionResult(views.shift(practice.start(self._backend, self._scope, self._given), self._now))

    def cancel_practice_run(self) -> ActionResult:
        return ActionResult(views.shift(shifts.cancel_practice_run(self._backend, self._given["zonalShiftId"]), self._now))

    def get_autoshift_observer_notification_status(self) -> ActionResult:
        return ActionResult({"status": self._backend.observer_notification})

    def update_autoshift_observer_notification_status(self) -> ActionResult:
        self._backend.observer_notification = self._given["status"]
        return ActionResult({"status": self._backend.observer_notification})

    def _paged(self, items: Sequence[Mapping[str, Any]]) -> ActionResult:
        first, end = requests.page(self._given, len(items))
        return ActionResult({"items": list(items[first:end]), "nextToken": str(end) if end < len(items) else None})
