"""announced: someone breaks something by other means, and announces it so that events and reports have it."""

from dataclasses import dataclass

from sandbox.faults.context import FaultContext
from sandbox.faults.kind import Injection, Kind, TargetType
from sandbox.faults.model import BaseEffect, Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(BaseEffect):
    targets: tuple[str, ...] = ()
    kind = "announced"


def _make(injection: Injection, context: FaultContext) -> Effect:
    return Announced(targets=injection.names)


KIND = Kind(
    name="announced",
    does="Records that something is broken by other means (a command, `docker kill`); the sandbox does nothing else.",
    targets=(TargetType.ANY,),
    make=_make,
)
