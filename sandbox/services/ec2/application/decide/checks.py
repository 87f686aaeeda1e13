"""What the loop does with the application status checks of one instance (EC2-83): pure.

A check is evaluated in this order: the instance does not run → in its grace period → the result of the probe → a result too old to say
anything → the next probe. Probes start one interval apart, counted from start to start.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.core.text import plural
from sandbox.drivers.probe.base import ProbeRequest, ProbeResult, Trouble
from sandbox.services.ec2.application.actions import ForgetProbe, Keep, StartProbe
from sandbox.services.ec2.application.decide.status import overall
from sandbox.services.ec2.application.model import (
    INTERVAL,
    NOT_STALE,
    ApplicationExtra,
    AppliedCheck,
    CheckReason,
    CheckResult,
    CheckState,
    History,
    Machine,
    Memory,
    ObservedApplication,
    Overall,
    Protocol,
    ReasonCode,
    Suppression,
    applied_resource,
    probe_key,
)

CHANGE = "EC2 Application Status Check Change"  # AWS's detail type is not documented (U)
USER_AGENT = "EC2-ApplicationStatusCheck"  # AWS's is not documented (U)
JUDGED = (CheckState.PASSED, CheckState.FAILED)
DEFAULT_PORTS = {Protocol.HTTP: 80, Protocol.HTTPS: 443}
CODES = {
    Trouble.NO_CONNECTION: ReasonCode.CONNECTION_TIMEOUT,
    Trouble.NO_RESPONSE: ReasonCode.RESPONSE_TIMEOUT,
    Trouble.REFUSED: ReasonCode.REFUSED,
    Trouble.RESET: ReasonCode.RESET,
}
"""A probe that failed otherwise has none of AWS's codes."""


def decide(observed: ObservedApplication, memory: Memory | None, now: datetime) -> Decision[Memory]:
    histories: Mapping[str, History] = memory.histories if memory else {}
    if observed.machine is None:
        return _at_rest(observed, histories)
    found = [_evaluated(observed, observed.machine, check, histories.get(check.check_id), now) for check in observed.checks]
    after = {each.check.check_id: each for each in found}
    suppression, ended = _suppression(observed.kept.suppression, now)
    kept = replace(observed.kept, results={check_id: each.result for check_id, each in after.items()}, suppression=suppression)
    before, status = _statuses(observed, found, now)
    events = [_event(observed, each, status, changed=before is not status) for each in found if each.why]
    events += [_resumed(observed, status)] if ended else []
    left = [check_id for check_id in histories if check_id not in after or not after[check_id].probing]
    probing = {each.check.check_id: each.history for each in found if each.probing}
    waits = [each.due - now for each in found if each.due] + _remaining(suppression, now)
    return Decision(
        memory=Memory(histories=probing),
        actions=(*_keep(observed, kept), *_forget(observed, left), *(each.probe for each in found if each.probe)),
        events=tuple(events),
        look_again=max(min(waits), timedelta(0)) if waits else None,
    )


def _at_rest(observed: ObservedApplication, histories: Mapping[str, History]) -> Decision[Memory]:
    """An instance that does not run is not probed, and nothing is known of its application."""
    kept = replace(observed.kept, results={})
    return Decision(memory=Memory(), actions=(*_keep(observed, kept), *_forget(observed, histories)))


# ---- one check ---------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evaluated:
    check: AppliedCheck
    result: CheckResult
    history: History = field(default_factory=History)
    probing: bool = True
    probe: StartProbe | None = None
    due: datetime | None = None  # when to look again; None: the prober says when
    why: str = ""  # its state changed


def _evaluated(observed: ObservedApplication, machine: Machine, check: AppliedCheck, history: History | None, now: datetime) -> _Evaluated:
    result = check.result or CheckResult(since=now)
    begins = machine.launched_at + check.settings.grace
    if now < begins:  # EC2-83
        return _Evaluated(check=check, result=_initializing(result, now), probing=False, due=begins)
    probed = observed.probed.get(check.check_id)
    known = history or History(number=probed.number if probed else 0)
    why = ""
    if known.outstanding and probed and probed.number == known.number:
        known, result, why = _judged(check, known, result, probed)
    if result.state in JUDGED and (result.probed_at is None or now - result.probed_at > NOT_STALE):
        result, why = CheckResult(state=CheckState.INSUFFICIENT_DATA, since=now), "was not probed lately"
    return _next(observed, machine, _Evaluated(check=check, result=result, history=known, why=why), now)


def _initializing(result: CheckResult, now: datetime) -> CheckResult:
    return result if result.state is CheckState.INITIALIZING else CheckResult(since=now)


def _judged(check: AppliedCheck, known: History, result: CheckResult, probed: ProbeResult) -> tuple[History, CheckResult, str]:
    """After a probe has ended: what is known, and why its state changed ("": it did not)."""
    passed = probed.status_code is not None and check.settings.accepts(probed.status_code)
    counts = (known.passed + 1, 0) if passed else (0, known.failed + 1)
    known = replace(known, outstanding=False, passed=counts[0], failed=counts[1])
    result = replace(result, probed_at=probed.at, reason=_reason(check, probed, passed))
    state, needed = (
        (CheckState.PASSED, check.settings.success_threshold) if passed else (CheckState.FAILED, check.settings.failure_threshold)
    )
    if sum(counts) < needed or result.state is state:
        return known, result, ""
    what = f"answered {probed.status_code}" if probed.status_code is not None else probed.detail
    return known, replace(result, state=state, since=probed.at), f"{state.value}: {plural(sum(counts), 'probe')} in a row ({what})"


def _reason(check: AppliedCheck, probed: ProbeResult, passed: bool) -> CheckReason | None:
    if probed.status_code is not None:
        code = ReasonCode.MATCHED if passed else ReasonCode.MISMATCH
        return CheckReason(code=code, status_code=probed.status_code, protocol=check.settings.protocol)
    found = CODES.get(probed.trouble) if probed.trouble else None
    return CheckReason(code=found) if found else None


def _next(observed: ObservedApplication, machine: Machine, each: _Evaluated, now: datetime) -> _Evaluated:
    known = each.history
    if known.outstanding:
        return each
    due = known.started_at + INTERVAL if known.started_at else now
    if now < due:
        return replace(each, due=due)
    request = _request(observed.key, machine, each.check, known.number + 1)
    started = replace(known, number=known.number + 1, started_at=now, outstanding=True)
    return replace(each, history=started, probe=StartProbe(request=request))


def _request(key: str, machine: Machine, check: AppliedCheck, number: int) -> ProbeRequest:
    settings = check.settings
    host, port = machine.endpoints[settings.port]
    usual = settings.port == DEFAULT_PORTS[settings.protocol]
    return ProbeRequest(
        key=probe_key(key, check.check_id),
        number=number,
        host=host,
        port=port,
        host_header=machine.address if usual else f"{machine.address}:{settings.port}",
        path=settings.path,
        timeout=settings.timeout,
        user_agent=USER_AGENT,
        tls=settings.protocol is Protocol.HTTPS,
    )


# ---- the instance ------------------------------------------------------------------------------------------------------------------------


def _keep(observed: ObservedApplication, kept: ApplicationExtra) -> tuple[Action, ...]:
    return (Keep(kept=kept),) if kept != observed.kept else ()


def _forget(observed: ObservedApplication, checks: Iterable[str]) -> tuple[Action, ...]:
    return tuple(ForgetProbe(key=probe_key(observed.key, check_id)) for check_id in checks)


def _statuses(observed: ObservedApplication, found: list[_Evaluated], now: datetime) -> tuple[Overall, Overall]:
    """Before and after this evaluation."""
    suppressed = observed.kept.suppression is not None and observed.kept.suppression.active(now)
    after = [replace(each.check, result=each.result) for each in found]
    return overall(observed.checks, suppressed), overall(after, suppressed)


def _suppression(known: Suppression | None, now: datetime) -> tuple[Suppression | None, bool]:
    """EC2-85: one whose time is over ends, once."""
    if known is None or known.over or known.active(now):
        return known, False
    return replace(known, over=True), True


def _remaining(suppression: Suppression | None, now: datetime) -> list[timedelta]:
    return [suppression.until - now] if suppression and not suppression.over and suppression.until else []


def _event(observed: ObservedApplication, each: _Evaluated, status: Overall, *, changed: bool) -> Event:
    check_id = each.check.check_id
    resources = (observed.instance_id, check_id, applied_resource(check_id, observed.instance_id))
    summary = f"the application status check {check_id} of {observed.instance_id} {each.why}"
    if changed:
        summary += f"; its application status is {status.value}"
    detail = {
        "instance-id": observed.instance_id,
        "application-status-check-id": check_id,
        "status": each.result.state.value,
        "application-status": status.value,
    }
    return _about(observed, summary, resources, detail)


def _resumed(observed: ObservedApplication, status: Overall) -> Event:
    summary = f"the suppression of {observed.instance_id}'s application status checks is over; its application status is {status.value}"
    detail = {"instance-id": observed.instance_id, "application-status": status.value}
    return _about(observed, summary, (observed.instance_id,), detail)


def _about(observed: ObservedApplication, summary: str, resources: tuple[str, ...], detail: Mapping[str, str]) -> Event:
    return Event(source="aws.ec2", detail_type=CHANGE, summary=summary, resources=resources, detail=dict(detail), cause=observed.cause)
