"""Where shifts are kept: a backend for each account and Region, like moto's, so that it is saved, reset and separated like theirs.

Data without decisions: state/applied.py and state/snapshot.py read it, state/writes.py changes it.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.base_backend import BackendDict, BaseBackend

from sandbox.aws import state
from sandbox.core.persisted import persisted
from sandbox.services.arc.model import Autoshift, ResourceSettings, ZonalShift

SERVICE = "arc-zonal-shift"
ENDED_KEPT = 1_000
"""Ended shifts that ListZonalShifts still shows; the oldest are dropped."""


@persisted("arc.Backend")
class ArcBackend(BaseBackend):
    """`active`: shifts by id, in the order of their start. `ended`: in the order of their end. `settings`: by the resource's ARN."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.active: dict[str, ZonalShift] = {}
        self.ended: dict[str, ZonalShift] = {}
        self.autoshifts: list[Autoshift] = []
        self.settings: dict[str, ResourceSettings] = {}
        self.observer_notification = "DISABLED"

    def find(self, shift_id: str) -> ZonalShift | None:
        return self.active.get(shift_id) or self.ended.get(shift_id)

    def store(self, shift: ZonalShift) -> None:
        """Also in place of what it was before."""
        if shift.is_active:
            self.active[shift.id] = shift
            return
        self.active.pop(shift.id, None)
        self.ended[shift.id] = shift
        while len(self.ended) > ENDED_KEPT:
            del self.ended[next(iter(self.ended))]

    def active_for(self, resource_arn: str) -> list[ZonalShift]:
        return [shift for shift in self.active.values() if shift.resource_arn == resource_arn]

    def settings_of(self, resource_arn: str) -> ResourceSettings:
        return self.settings.get(resource_arn, ResourceSettings())


arc_backends: Any = BackendDict(ArcBackend, SERVICE)
state.keep(SERVICE, __name__, "arc_backends")
