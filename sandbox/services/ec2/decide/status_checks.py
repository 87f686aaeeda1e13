"""The status checks of a running instance, minute by minute (EC2-30 to EC2-32). Pure; decide/instances.py calls it for `running`."""

from datetime import datetime, timedelta

from sandbox.core.control import Decision
from sandbox.core.events import Event
from sandbox.services.ec2.actions import SetStatus
from sandbox.services.ec2.model import CHECK_INTERVAL, CheckResult, Observed, StatusCheck, event_of

UNNOTICED = timedelta(seconds=5)  # how often it looks again whether the failure of a host is noticed


def checks(observed: Observed, now: datetime) -> Decision[None]:
    """The status checks of each minute (EC2-31): what is due now, and when the next one is."""
    due = observed.next_check or now
    if now < due:
        return Decision(memory=None, look_again=due - now)
    if observed.unnoticed:  # AZ-7: within 1 to 3 minutes
        return Decision(memory=None, look_again=UNNOTICED)
    while due <= now:
        due += CHECK_INTERVAL
    system = _result(observed.system_check, observed.host_reachable, now)
    instance = _result(observed.instance_check, observed.reachable, now)
    events = (
        *_check_events(observed, "system", observed.system_check, system),
        *_check_events(observed, "instance", observed.instance_check, instance),
    )
    found = SetStatus(system=system, instance=instance, next_check=due)
    return Decision(memory=None, actions=(found,), events=events, look_again=due - now)


def _result(before: StatusCheck, found: bool | None, now: datetime) -> StatusCheck:
    if found is None and before.result is CheckResult.INITIALIZING:  # EC2-32: initializing until the first result
        return before
    if found is None:
        return StatusCheck(result=CheckResult.INSUFFICIENT_DATA)
    if found:
        return StatusCheck(result=CheckResult.PASSED)
    return StatusCheck(result=CheckResult.FAILED, impaired_since=before.impaired_since or now)


def _check_events(observed: Observed, name: str, before: StatusCheck, after: StatusCheck) -> tuple[Event, ...]:
    if before.result is after.result:
        return ()
    summary = f"the {name} status check of {observed.instance_id} is {after.status}"
    return (event_of(observed, "Instance Status Check Change", summary, check=name, status=after.status),)
