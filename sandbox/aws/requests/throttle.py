"""How many requests each AWS account may send (SANDBOX_API_RATE), so that one learner's script does not keep the others waiting.

As EC2 does, with a bucket of tokens for each account: it holds twice the rate and refills at the rate. What AWS services of the sandbox
call does not count.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.aws.http.answers import EC2, QUERY
from sandbox.aws.http.calls import Call
from sandbox.core.errors import ApiError

BURST = 2.0
"""Tokens that a full bucket holds, as a multiple of the rate."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Throttle:
    """`rate`: requests per real second and account; 0: no limit. `now`: monotonic seconds. The caller holds the sandbox's lock."""

    rate: float
    now: Callable[[], float]
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def refusal(self, call: Call, account: str) -> ApiError | None:
        """The error of the service when the account has no token left; else takes one."""
        if not self.rate or call.caller is not None:
            return None
        now, full = self.now(), max(1.0, self.rate * BURST)
        bucket = self._buckets.setdefault(account, _Bucket(full, now))
        bucket.tokens, bucket.at = min(full, bucket.tokens + (now - bucket.at) * self.rate), now
        if bucket.tokens < 1:
            return _exceeded(call)
        bucket.tokens -= 1
        return None


def _exceeded(call: Call) -> ApiError:
    if call.protocol == EC2:
        return ApiError("RequestLimitExceeded", "Request limit exceeded.", status=503)
    return ApiError("Throttling" if call.protocol == QUERY else "ThrottlingException", "Rate exceeded", status=400)
