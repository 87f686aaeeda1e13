"""Effects that the control plane asks about (hooks.py); nothing has to be applied to the world for them. One class for each kind."""

from dataclasses import dataclass

from sandbox.core.errors import ApiError
from sandbox.faults.model import FaultKind


class Asked:
    """Base: in force as long as the registry holds it."""

    __slots__ = ()

    def apply(self) -> None:
        """Nothing to do: the hooks ask the registry."""

    def undo(self) -> None:
        """Nothing to do: the registry no longer holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Asked):
    """Somebody breaks something by other means (terminate-instances, docker kill) and says so."""

    targets: tuple[str, ...] = ()
    kind = FaultKind.ANNOUNCED


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiErrors(Asked):
    """Calls fail: of one operation, of one service (`operation` None), or all (both None)."""

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
class NoCapacity(Asked):
    """A zone has no capacity for an instance type, or for any (EC2-15)."""

    zone: str
    text: str  # AWS's, as the launch's error message
    instance_type: str | None = None  # None: any
    kind = FaultKind.NO_CAPACITY

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.zone,) if self.instance_type is None else (self.zone, self.instance_type)

    def concerns(self, zone: str, instance_type: str) -> bool:
        return self.zone == zone and self.instance_type in (None, instance_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUnreachable(Asked):
    """The hosts of these instances do not answer: their system status checks fail (EC2-30)."""

    targets: tuple[str, ...]
    kind = FaultKind.HOST_UNREACHABLE
