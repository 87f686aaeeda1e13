"""The application status of an instance, from its application status checks (EC2-84): pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.services.ec2.application.model import (
    Aggregation,
    AppliedCheck,
    CheckState,
    InstanceStatus,
    Overall,
    Suppression,
)

WORST_FIRST = (
    (CheckState.FAILED, Overall.IMPAIRED),
    (CheckState.INITIALIZING, Overall.INITIALIZING),
    (CheckState.INSUFFICIENT_DATA, Overall.INSUFFICIENT_DATA),
    (CheckState.PASSED, Overall.OK),
)

METRIC = "StatusCheckFailed_Application"
FAILED = {Overall.OK: 0.0, Overall.IMPAIRED: 1.0}
CHECK_FAILED = {CheckState.PASSED: 0.0, CheckState.FAILED: 1.0}


def overall(checks: Iterable[AppliedCheck], suppressed: bool) -> Overall:
    """EC2-84. `checks`: those that apply to an instance that runs."""
    if suppressed:
        return Overall.SUPPRESSED
    counted = {state_of(check) for check in checks if check.settings.aggregation is Aggregation.INCLUDED}
    return next((status for state, status in WORST_FIRST if state in counted), Overall.NOT_APPLICABLE)


def state_of(check: AppliedCheck) -> CheckState:
    return check.result.state if check.result else CheckState.INITIALIZING


def status_of(checks: tuple[AppliedCheck, ...], suppression: Suppression | None, now: datetime) -> InstanceStatus:
    suppressed = suppression is not None and suppression.active(now)
    return InstanceStatus(
        status=overall(checks, suppressed),
        checks=checks,
        since=_status_since(checks, suppression, now),
        probed_at=max((each.result.probed_at for each in checks if each.result and each.result.probed_at), default=None),
        resumes_at=suppression.until if suppression and suppressed else None,
    )


def _status_since(checks: Iterable[AppliedCheck], suppression: Suppression | None, now: datetime) -> datetime | None:
    """As far as the checks and the last suppression tell."""
    if suppression and suppression.active(now):
        return suppression.since
    counted = [each for each in checks if each.settings.aggregation is Aggregation.INCLUDED]
    status = overall(counted, suppressed=False)
    state = next((state for state, its in WORST_FIRST if its is status), None)
    began = [each.result.since for each in counted if each.result and each.result.state is state]
    if not began:
        return None
    first = max(began) if status is Overall.OK else min(began)  # all have to pass, one has to fail
    return max(first, suppression.until) if suppression and suppression.until else first


def metrics(found: InstanceStatus) -> Iterator[tuple[str, float]]:
    """Name and value of what CloudWatch gets every minute, of the instance and of each check; nothing where no result is known (EC2-87)."""
    if found.status in FAILED:
        yield METRIC, FAILED[found.status]
    for check in found.checks:
        if (state := state_of(check)) in CHECK_FAILED:
            yield f"{METRIC}_{check.check_id}", CHECK_FAILED[state]
