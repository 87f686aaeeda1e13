"""Application status checks (EC2-35): what a check is, to which instances it applies, and what is known of one on one instance.

This folder is a room of EC2 with floors of its own: api/ and controller, state, decide, actions, model. Values only; the saved state
has those that are declared @persisted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted
from sandbox.drivers.probe.base import ProbeResult

INTERVAL = timedelta(seconds=60)  # EC2-81: the only one
KEPT_DELETED = timedelta(hours=1)  # for how long IncludeAll shows a deleted check (U)
NOT_STALE = 3 * INTERVAL  # an older result says nothing about now: the sandbox did not run meanwhile (EC2-83)


@persisted("ec2.Aggregation")
class Aggregation(Enum):
    INCLUDED = "included"
    EXCLUDED = "excluded"


@persisted("ec2.CheckProtocol")
class Protocol(Enum):
    HTTP = "http"
    HTTPS = "https"


@persisted("ec2.ApplicationCheckState")
class CheckState(Enum):
    """ApplicationStatusDetail.Status (EC2-83)."""

    PASSED = "passed"
    FAILED = "failed"
    INITIALIZING = "initializing"
    INSUFFICIENT_DATA = "insufficient-data"


class Overall(Enum):
    """ApplicationStatus.Status: of an instance (EC2-84)."""

    OK = "ok"
    IMPAIRED = "impaired"
    INITIALIZING = "initializing"
    INSUFFICIENT_DATA = "insufficient-data"
    NOT_APPLICABLE = "not-applicable"
    SUPPRESSED = "suppressed"


@persisted("ec2.ReasonCode")
class ReasonCode(Enum):
    """ApplicationStatusReason.Code."""

    MATCHED = "ResponseCodeMatched"
    MISMATCH = "ResponseCodeMismatch"
    CONNECTION_TIMEOUT = "ConnectionTimeout"
    RESPONSE_TIMEOUT = "ResponseTimeout"
    REFUSED = "ConnectionRefused"
    RESET = "ConnectionReset"


@persisted("ec2.CheckReason")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReason:
    """Of the last probe. `status_code` and `protocol`: only of one that was answered."""

    code: ReasonCode
    status_code: int | None = None
    protocol: Protocol | None = None


@persisted("ec2.CheckSettings")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """The defaults are AWS's (EC2-81), and are written down only here."""

    protocol: Protocol
    port: int
    path: str = "/"
    timeout: timedelta = timedelta(seconds=6)
    failure_threshold: int = 2
    success_threshold: int = 2
    matcher: str = "200"
    grace: timedelta = timedelta(seconds=300)  # from the launch of an instance
    aggregation: Aggregation = Aggregation.INCLUDED

    def accepts(self, status_code: int) -> bool:
        """Whether an answer with this status passes: `200,202,300-399`."""
        ranges = [part.split("-") for part in self.matcher.split(",")]
        return any(int(each[0]) <= status_code <= int(each[-1]) for each in ranges)


@persisted("ec2.TargetTag")
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTag:
    key: str
    value: str


@persisted("ec2.ApplicationStatusCheck")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationStatusCheck:
    check_id: str
    settings: CheckSettings
    created_at: datetime
    modified_at: datetime | None = None  # None: never
    tags: tuple[TargetTag, ...] = ()  # instances with one of them are monitored
    instances: tuple[str, ...] = ()  # ids

    def applies(self, instance_id: str, tags: Mapping[str, str]) -> bool:
        """EC2-82. `tags`: those of the instance."""
        return instance_id in self.instances or any(tags.get(one.key) == one.value for one in self.tags)


@persisted("ec2.DeletedCheck")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedCheck:
    """EC2-86."""

    check: ApplicationStatusCheck
    deleted_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)  # the tags that the check itself had


@persisted("ec2.ApplicationCheckResult")
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What is known of one check on one instance. Kept on the instance, and gone when it no longer runs."""

    state: CheckState = CheckState.INITIALIZING
    since: datetime
    probed_at: datetime | None = None  # when the last probe ended; None: there was none
    reason: CheckReason | None = None


@persisted("ec2.Suppression")
@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """EC2-85. The last one of an instance is kept: what is reported after it began when it ended."""

    since: datetime
    until: datetime | None = None  # None: until it is disabled
    over: bool = False

    def active(self, now: datetime) -> bool:
        return not self.over and (self.until is None or now < self.until)


@persisted("ec2.ApplicationExtra")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationExtra:
    """What is kept of an instance. `results`: by check."""

    results: Mapping[str, CheckResult] = field(default_factory=dict)
    suppression: Suppression | None = None


# ---- what the loop observes and remembers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCheck:
    """A check that applies to the instance. `result` None: the loop has not seen it yet."""

    check_id: str
    settings: CheckSettings
    updated_at: datetime
    result: CheckResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """The application status of an instance (EC2-84), and what it is made of."""

    status: Overall
    checks: tuple[AppliedCheck, ...] = ()
    since: datetime | None = None  # None: no check counts
    probed_at: datetime | None = None  # when the newest probe ended
    resumes_at: datetime | None = None  # None: not suppressed, or until it is disabled

    def summary(self) -> dict[str, object]:
        """ApplicationStatusSummary of DescribeInstanceStatus, which has no word for `suppressed` (U)."""
        suppressed = self.status is Overall.SUPPRESSED
        shown = Overall.NOT_APPLICABLE if suppressed else self.status
        since = {"ImpairedSince": self.since} if self.status is Overall.IMPAIRED else {}
        return {"Status": shown.value, **since}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """An instance as the probes see it. `endpoint`: by port, where they connect."""

    instance_id: str
    address: str
    launched_at: datetime
    endpoints: Mapping[int, tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedApplication:
    key: str  # of the instance: "<account>/<region>/<id>"
    instance_id: str
    machine: Machine | None  # None: it does not run
    checks: tuple[AppliedCheck, ...] = ()
    kept: ApplicationExtra = ApplicationExtra()
    probed: Mapping[str, ProbeResult] = field(default_factory=dict)  # the newest result of each check's probes
    cause: str | None = None  # id of the newest event that acted on the instance


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The probes of one check on one instance since this process started."""

    number: int = 0  # of the last probe
    started_at: datetime | None = None
    outstanding: bool = False  # the last probe has no result yet
    passed: int = 0  # in a row
    failed: int = 0  # in a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    histories: Mapping[str, History] = field(default_factory=dict)  # by check


def probe_key(key: str, check_id: str) -> str:
    """`key`: of the instance."""
    return f"{key}|{check_id}"


def applied_resource(check_id: str, instance_id: str) -> str:
    """A check on an instance, as a resource of events."""
    return f"{check_id}/{instance_id}"


def instance_of(probe: str) -> str | None:
    """The key of the instance that a probe belongs to; None: it is another service's."""
    key, _, check_id = probe.partition("|")
    return key if check_id.startswith(f"{ID_PREFIX}-") else None


ID_PREFIX = "asc"
