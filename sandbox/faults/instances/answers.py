"""error-rate and latency: the application of an instance fails or is slow for the requests of the load balancer, and its health checks do
not see it (a gray failure).
"""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.aws.active_faults import AnswerFault
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, following
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Number, Parameter
from sandbox.faults.queried import SpoilsAnswers

LONGEST = 3_600_000  # milliseconds
GRAY = "Only requests through a load balancer are affected. Health checks and requests to the instance's own address are not."
LIMITS = {
    "docker": f"{GRAY} Targets that are registered by address are not affected.",
    "process": f"{GRAY} Targets that are registered by address are not affected.",
    "simulated": GRAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoiledAnswers(SpoilsAnswers):
    kind: str
    targets: tuple[str, ...]
    covered: Coverage
    fault: AnswerFault

    def spoiled(self) -> dict[str, AnswerFault]:
        return dict.fromkeys(self.covered.ids(), self.fault)


def _errors(injection: Injection, context: FaultContext) -> Effect:
    fault = AnswerFault(error_percent=injection.values.number("percent"), status=int(injection.values.number("status")))
    return SpoiledAnswers(kind="error-rate", targets=injection.names, covered=following(injection, context), fault=fault)


def _latency(injection: Injection, context: FaultContext) -> Effect:
    delay, jitter = (timedelta(milliseconds=injection.values.number(name)) for name in ("milliseconds", "jitter"))
    fault = AnswerFault(delay=delay, jitter=min(jitter, delay))
    return SpoiledAnswers(kind="latency", targets=injection.names, covered=following(injection, context), fault=fault)


ERRORS = Kind(
    name="error-rate",
    does="A part of the requests that the load balancer sends to the instance gets an error, without reaching the application. Its health "
    "checks pass.",
    targets=INSTANCES,
    make=_errors,
    parameters=(
        Parameter(name="percent", unit="%", parser=Number(0.01, 100), required=True, means="of the requests that fail"),
        Parameter(name="status", parser=Number(400, 599, whole=True), default=500.0, means="HTTP status of the error"),
    ),
    reach=Reach.INSTANCES_EVER,
    limits=LIMITS,
)
LATENCY = Kind(
    name="latency",
    does="The requests that the load balancer sends to the instance reach it later. Its health checks are as fast as before.",
    targets=INSTANCES,
    make=_latency,
    parameters=(
        Parameter(
            name="milliseconds",
            unit="ms",
            parser=Number(1, LONGEST),
            required=True,
            means="added to each request, in real time",
        ),
        Parameter(name="jitter", unit="ms", parser=Number(0, LONGEST), default=0.0, means="more or less than that, by chance"),
    ),
    reach=Reach.INSTANCES_EVER,
    limits=LIMITS,
)
