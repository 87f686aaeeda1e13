"""Effects that the control plane queries through hooks.py, so that applying them needs no action. One class for each kind of fault."""

from dataclasses import dataclass

from sandbox.core.errors import ApiError
from sandbox.faults.model import FaultKind


class QueriedEffect:
    """Base class: the effect is active while the registry holds the fault."""

    __slots__ = ()

    def apply(self) -> None:
        """Does nothing: the hooks query the registry."""

    def undo(self) -> None:
        """Does nothing: the registry no longer holds the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(QueriedEffect):
    """A user or a scenario breaks something by other means (terminate-instances, docker kill) and announces it."""

    targets: tuple[str, ...] = ()
    kind = FaultKind.ANNOUNCED


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiErrors(QueriedEffect):
    """API calls fail: of one operation, of one service (`operation` is None), or all calls (both are None)."""

    error: ApiError
    service: str | None = None  # botocore's name: "elbv2"
    operation: str | None = None
    kind = FaultKind.API_ERROR

    @property
    def targets(self) -> tuple[str, ...]:
        return (f"{self.service or '*'}:{self.operation or '*'}",)

    def concerns(self, service: str, operation: str) -> bool:
        return self.service in (None, service) and self.operation in (None, operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoCapacity(QueriedEffect):
    """A zone has no capacity for one instance type, or for all (EC2-15)."""

    zone: str
    text: str  # AWS's error message of the launch
    instance_type: str | None = None  # None: any
    kind = FaultKind.NO_CAPACITY

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.zone,) if self.instance_type is None else (self.zone, self.instance_type)

    def concerns(self, zone: str, instance_type: str) -> bool:
        return self.zone == zone and self.instance_type in (None, instance_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUnreachable(QueriedEffect):
    """The hosts of these instances are unreachable: their system status checks fail (EC2-30)."""

    targets: tuple[str, ...]
    kind = FaultKind.HOST_UNREACHABLE
