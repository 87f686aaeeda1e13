"""What becomes of a target group's targets: pure. From what the checker saw, what EC2 says of the instances and whether a load balancer
sends to the group, to the health that DescribeTargetHealth tells and to the next checks.

A target is looked at by a ladder: draining → cannot be used → checks disabled → being registered → judged by its checks. Checks start
one interval apart, counted from start to start, so a dead target is found after at most interval × threshold + timeout (TG-14).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.errors import IllegalTransition
from sandbox.core.events import Event
from sandbox.core.machine import move
from sandbox.core.text import plural
from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult
from sandbox.services.elbv2 import model
from sandbox.services.elbv2.actions import CutConnections, ForgetProbe, RemoveTarget, SetHealth, StartProbe, UpdateRouting
from sandbox.services.elbv2.model import (
    Checks,
    Health,
    Memory,
    Observed,
    ObservedTarget,
    TargetEvent,
    TargetKey,
    TargetState,
    Use,
    probe_key,
)

HTTP_PORT = 80


@dataclass(slots=True)
class _Step:
    """What one target's ladder comes to; `checks` None: it is not checked."""

    checks: Checks | None = None
    actions: list[Action] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    due: datetime | None = None  # None: nothing to wait for


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    remembered: Mapping[TargetKey, Checks] = memory.checks if memory else {}
    steps = {seen.target.key: _Ladder(observed, seen, remembered.get(seen.target.key), now).climb() for seen in observed.targets}
    actions = [action for step in steps.values() for action in step.actions]
    changes = [action for action in actions if isinstance(action, SetHealth | RemoveTarget)]
    probes = [action for action in actions if not isinstance(action, SetHealth | RemoveTarget)]
    probes += [ForgetProbe(key=probe_key(observed.arn, gone)) for gone in remembered if gone not in steps]
    dues = [step.due for step in steps.values() if step.due]
    return Decision(
        memory=Memory(checks={key: step.checks for key, step in steps.items() if step.checks}),
        actions=(*changes, *([UpdateRouting()] if changes else []), *probes),  # the proxy is told before anything else
        events=tuple(event for step in steps.values() for event in step.events),
        look_again=max(min(dues) - now, timedelta(0)) if dues else None,
    )


def unusable(observed: Observed, seen: ObservedTarget) -> Health | None:
    """Why the target gets no requests and no checks, or None. A machine that is stopping or shutting down is still checked (TG-5)."""
    if observed.use is Use.NONE:
        return model.NOT_IN_USE  # TG-13
    if seen.instance_state in ("stopped", "terminated"):
        return model.STOPPED if seen.instance_state == "stopped" else model.TERMINATED
    if seen.instance_state == "pending" or seen.endpoint is None:
        return model.INVALID
    if seen.zone not in observed.enabled_zones and seen.zone != model.ALL_ZONES:
        return model.ZONE_NOT_ENABLED
    return None


def failure(result: ProbeResult) -> Health:
    """TG-11: what an unhealthy target shows after that check."""
    if result.outcome is ProbeOutcome.TIMED_OUT:
        return model.TIMED_OUT
    if result.outcome is ProbeOutcome.ANSWERED and result.status_code is not None:
        return model.mismatch(result.status_code)
    return model.FAILED


class _Ladder:
    """One target, at one moment."""

    def __init__(self, observed: Observed, seen: ObservedTarget, checks: Checks | None, now: datetime) -> None:
        self.observed, self.seen, self.now = observed, seen, now
        self.health = seen.target.health
        self.step = _Step()
        self.probe_key = probe_key(observed.arn, seen.target.key)
        self.checks = checks

    def climb(self) -> _Step:
        target = self.seen.target
        if target.draining_until is not None:
            return self._draining(target.draining_until)
        if reason := unusable(self.observed, self.seen):
            if self.health != reason:
                self._become(TargetEvent.CANNOT_BE_USED, reason, (reason.description or "").lower())
            return self._unchecked()
        if not self.observed.checks.enabled:
            if self.health.state is not TargetState.UNAVAILABLE:
                self._become(TargetEvent.CHECKS_DISABLED, model.CHECKS_DISABLED, "health checks are disabled")
            return self._unchecked()
        return self._checked()

    # ---- not checked -----------------------------------------------------------------------------------------------------------------

    def _draining(self, until: datetime) -> _Step:
        if self.now < until:
            self.step.due = until
            return self._unchecked()
        move(model.TRANSITIONS, str(self.seen.target.key), self.health.state, TargetEvent.DRAINED)
        self._tell(model.NOT_REGISTERED, "its deregistration delay is over")
        self.step.actions.append(RemoveTarget(target=self.seen.target.key))
        if self.seen.serves_alone_at is not None:
            host, port = self.seen.serves_alone_at
            self.step.actions.append(CutConnections(host=host, port=port))
        return self._unchecked()

    def _unchecked(self) -> _Step:
        if self.checks:
            self.step.actions.append(ForgetProbe(key=self.probe_key))
        return self.step

    # ---- checked -----------------------------------------------------------------------------------------------------------------------

    def _checked(self) -> _Step:
        registering_since = self._registering_since()
        if self.observed.use is Use.PROVISIONING:
            return self._unchecked()  # nobody is there to check it: registration goes on
        if registering_since and self.now < registering_since + model.REGISTRATION_TIME:
            self.step.due = registering_since + model.REGISTRATION_TIME
            return self._unchecked()
        if registering_since:
            self._set(model.CHECKING)
        checks = self._own_checks()
        if checks.outstanding and (result := self.seen.result) and result.number == checks.number:
            checks = self._judge(checks, result)
        self.step.checks = self._next_probe(checks)
        return self.step

    def _registering_since(self) -> datetime | None:
        """When the present registration (or return into use) began, None when it is over."""
        if self.health.state is TargetState.UNUSED:
            self._become(TargetEvent.CAN_BE_USED, model.REGISTERING, "it can be used")
            return self.now
        if self.health.state is TargetState.UNAVAILABLE:
            self._become(TargetEvent.CHECKS_ENABLED, model.REGISTERING, "health checks are enabled")
            return self.now
        return self.seen.target.since if self.health == model.REGISTERING else None

    def _own_checks(self) -> Checks:
        """Of this registration: counts begin anew after a restart and when the target was registered again."""
        registered_at = self.seen.target.registered_at
        if self.checks and self.checks.registered_at == registered_at:
            return self.checks
        if self.checks:
            self.step.actions.append(ForgetProbe(key=self.probe_key))
        earlier = max(self.checks.number if self.checks else 0, self.seen.result.number if self.seen.result else 0)
        return Checks(registered_at=registered_at, number=earlier)

    def _judge(self, checks: Checks, result: ProbeResult) -> Checks:
        """TG-12. A new target is healthy after one pass; later changes need a row of them."""
        settings = self.observed.checks
        if result.outcome is ProbeOutcome.ANSWERED and settings.matcher.match(result.status_code):
            checks = replace(checks, outstanding=False, passed=checks.passed + 1, failed=0)
            if self.health.state is TargetState.INITIAL:
                self._become(TargetEvent.FIRST_CHECK_PASSED, model.HEALTHY, "its first health check passed")
            elif self.health.state is TargetState.UNHEALTHY and checks.passed >= settings.healthy_threshold:
                self._become(TargetEvent.CHECKS_PASSED, model.HEALTHY, f"{plural(checks.passed, 'health check')} passed in a row")
            return checks
        checks = replace(checks, outstanding=False, passed=0, failed=checks.failed + 1)
        health = failure(result)
        if self.health.state is TargetState.UNHEALTHY:
            if health != self.health:
                self._become(TargetEvent.CHECK_FAILED_AGAIN, health, f"still, now: {_words(health, result)}")
        elif checks.failed >= settings.unhealthy_threshold:
            why = f"{plural(checks.failed, 'health check')} failed in a row ({_words(health, result)})"
            self._become(TargetEvent.CHECKS_FAILED, health, why)
        return checks

    def _next_probe(self, checks: Checks) -> Checks:
        if checks.outstanding:
            return checks  # its result wakes us
        due = checks.started_at + self.observed.checks.interval if checks.started_at else self.now
        if self.now < due:
            self.step.due = due
            return checks
        self.step.actions.append(StartProbe(request=self._request(checks.number + 1)))
        return replace(checks, number=checks.number + 1, started_at=self.now, outstanding=True)

    def _request(self, number: int) -> ProbeRequest:
        assert self.seen.endpoint is not None and self.seen.address is not None  # else unusable()
        host, port = self.seen.endpoint
        address = self.seen.address
        return ProbeRequest(
            key=self.probe_key,
            number=number,
            host=host,
            port=port,
            host_header=address if self.seen.check_port == HTTP_PORT else f"{address}:{self.seen.check_port}",  # TG-2
            path=self.observed.checks.path,
            timeout=self.observed.checks.timeout,
        )

    # ---- changes -----------------------------------------------------------------------------------------------------------------------

    def _become(self, event: TargetEvent, health: Health, why: str) -> None:
        subject = str(self.seen.target.key)
        if move(model.TRANSITIONS, subject, self.health.state, event) is not health.state:
            raise IllegalTransition(subject, self.health.state, event)
        self._tell(health, why)
        self._set(health)

    def _set(self, health: Health) -> None:
        self.health = health
        self.step.actions.append(SetHealth(target=self.seen.target.key, health=health))

    def _tell(self, health: Health, why: str) -> None:
        group = (self.observed.arn, self.observed.name)
        target = replace(self.seen.target, health=self.health)
        event = model.health_event(group, self.observed.load_balancers, target, health, why)
        self.step.events.append(replace(event, cause=self.seen.cause))


def _words(health: Health, result: ProbeResult) -> str:
    return f"{health.reason}: {result.detail or health.description}"
