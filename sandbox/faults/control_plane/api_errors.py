"""api-error, api-throttle and describe-instances-impaired: API calls that fail instead of being carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.aws.active_faults import ApiCall
from sandbox.core.errors import ApiError
from sandbox.faults.context import FaultContext
from sandbox.faults.control_plane.calls import (
    ALL,
    OPERATION,
    PERCENT_OF_CALLS,
    ROLES,
    Calls,
    Share,
    calls_of,
    error,
    internal_error,
    throttled,
)
from sandbox.faults.kind import Injection, Kind, TargetType
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Number, Parameter, Text
from sandbox.faults.queried import FailsCalls


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiErrors(FailsCalls):
    calls: tuple[Calls, ...]
    errors: tuple[ApiError, ...]  # of each of `calls`
    share: Share = ALL
    kind = "api-error"

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(calls.service for calls in self.calls)

    def error(self, call: ApiCall) -> ApiError | None:
        concerned = next((error for calls, error in zip(self.calls, self.errors, strict=True) if calls.concerns(call)), None)
        return concerned if concerned and self.share.hit() else None


class Throttle(FailsCalls):
    """A token bucket for each service: it holds the calls of one second."""

    kind = "api-throttle"

    def __init__(self, calls: tuple[Calls, ...], errors: tuple[ApiError, ...], rate: float, now: Callable[[], datetime]) -> None:
        self._calls, self._errors = calls, errors
        self._buckets = [_Bucket(rate, now) for _ in calls]

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(calls.service for calls in self._calls)

    def error(self, call: ApiCall) -> ApiError | None:
        for calls, bucket, refused in zip(self._calls, self._buckets, self._errors, strict=True):
            if calls.concerns(call):
                return None if bucket.take() else refused
        return None


class _Bucket:
    def __init__(self, rate: float, now: Callable[[], datetime]) -> None:
        self._rate, self._now = rate, now
        self._size = max(1.0, rate)
        self._tokens, self._at = self._size, now()

    def take(self) -> bool:
        now = self._now()
        self._tokens = min(self._size, self._tokens + (now - self._at) / timedelta(seconds=1) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeInstancesImpaired(FailsCalls):
    """EC2-17: DescribeInstances fails if it names an instance of the zone, or names none at all."""

    targets: tuple[str, ...]  # zones
    context: FaultContext
    kind = "describe-instances-impaired"

    def error(self, call: ApiCall) -> ApiError | None:
        if (call.service, call.operation) != ("ec2", "DescribeInstances"):
            return None
        ids = call.parameters.get("InstanceIds") or ()
        known = (self.context.inventory.instance(instance_id) for instance_id in ids)
        if ids and not any(instance and instance.zone in self.targets for instance in known):
            return None
        return error(internal_error("ec2"), None)


def _errors(injection: Injection, context: FaultContext) -> Effect:
    calls = calls_of(injection, context)
    message = injection.values.text("message") if injection.values.given("message") else None
    codes = [injection.values.text("code") if injection.values.given("code") else internal_error(each.service) for each in calls]
    found = tuple(error(code, message) for code in codes)
    return ApiErrors(calls=calls, errors=found, share=Share.of(injection, context.random))


def _throttle(injection: Injection, context: FaultContext) -> Effect:
    calls = calls_of(injection, context)
    errors = tuple(error(throttled(each.service, context), None) for each in calls)
    return Throttle(calls, errors, injection.values.number("rate"), context.clock.now)


def _describe(injection: Injection, context: FaultContext) -> Effect:
    return DescribeInstancesImpaired(targets=injection.names, context=context)


API_ERROR = Kind(
    name="api-error",
    does="API calls of a service fail, also those that Auto Scaling and other AWS services make; nothing is carried out.",
    targets=(TargetType.SERVICE,),
    make=_errors,
    parameters=(
        OPERATION,
        Parameter(
            name="code", parser=Text(r"[A-Za-z][A-Za-z0-9.]{0,127}", "an error code"), means="AWS's code; by default an internal error"
        ),
        Parameter(name="message", parser=Text(), means="the error's text; by default AWS's for the code"),
        PERCENT_OF_CALLS,
        ROLES,
    ),
    distinct_by=("operation", "code", "roles"),
)
API_THROTTLE = Kind(
    name="api-throttle",
    does="API calls of a service above a rate fail with the service's throttling error.",
    targets=(TargetType.SERVICE,),
    make=_throttle,
    parameters=(
        Parameter(name="rate", parser=Number(0.01, 100_000), unit="per second of sandbox time", required=True, means="calls that succeed"),
        OPERATION,
    ),
    distinct_by=("operation",),
)
DESCRIBE = Kind(
    name="describe-instances-impaired",
    does="DescribeInstances fails when it names instances of the zone or no instance at all; calls that name only others work (EC2-17).",
    targets=(TargetType.ZONE,),
    make=_describe,
)
