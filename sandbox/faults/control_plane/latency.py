"""api-latency: the answers of API calls come late."""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.aws.active_faults import ApiCall
from sandbox.faults.context import FaultContext
from sandbox.faults.control_plane.calls import OPERATION, Calls, calls_of
from sandbox.faults.kind import Injection, Kind, TargetType
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Number, Parameter
from sandbox.faults.queried import DelaysCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLatency(DelaysCalls):
    calls: tuple[Calls, ...]
    by: timedelta
    kind = "api-latency"

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(calls.service for calls in self.calls)

    def delay(self, call: ApiCall) -> timedelta:
        concerned = any(calls.concerns(call) for calls in self.calls)
        return self.by if concerned and not call.internal else timedelta(0)


def _make(injection: Injection, context: FaultContext) -> Effect:
    by = timedelta(milliseconds=injection.values.number("milliseconds"))
    return ApiLatency(calls=calls_of(injection, context), by=by)


KIND = Kind(
    name="api-latency",
    does="Answers of API calls come late, in real time. A call is carried out at once, so a client that gives up has changed something.",
    targets=(TargetType.SERVICE,),
    make=_make,
    parameters=(
        Parameter(name="milliseconds", parser=Number(1, 300_000), unit="ms", required=True, means="by which an answer is late"),
        OPERATION,
    ),
    distinct_by=("operation",),
    cannot={"simulated": "API calls take no virtual time, so no client would notice. Use api-error or api-throttle."},
    limits=dict.fromkeys(("docker", "process"), "Calls that Auto Scaling and other AWS services make inside the sandbox are not delayed."),
)
