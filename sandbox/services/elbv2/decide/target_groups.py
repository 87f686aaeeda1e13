"""The state machine of a target group's targets: pure. Input: the results of health checks, the states of EC2 instances, and whether a load
balancer routes to the target group. Output: the health that DescribeTargetHealth returns, and the next health checks.

A target is evaluated in this order: draining → cannot be used → health checks disabled → being registered → judged by its health checks.
Checks start one interval apart, counted from start to start, so a dead target is detected after interval × threshold + timeout at most
(TG-14).
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
from sandbox.services.elbv2.actions import CloseConnections, ForgetProbe, RemoveTarget, SetHealth, StartProbe, UpdateRouting
from sandbox.services.elbv2.model import (
    CheckHistory,
    Health,
    Memory,
    ObservedTarget,
    ObservedTargetGroup,
    TargetEvent,
    TargetGroupUse,
    TargetKey,
    TargetState,
    probe_key,
)

HTTP_PORT = 80


@dataclass(slots=True)
class _TargetDecision:
    """What follows from the evaluation of one target."""

    checks: CheckHistory | None = None  # None: it is not checked
    actions: list[Action] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    due: datetime | None = None  # when to evaluate it again; None: nothing to wait for


def decide(observed: ObservedTargetGroup, memory: Memory | None, now: datetime) -> Decision[Memory]:
    histories: Mapping[TargetKey, CheckHistory] = memory.checks if memory else {}
    decisions = {each.target.key: _Evaluation(observed, each, histories.get(each.target.key), now).run() for each in observed.targets}
    actions = [action for decision in decisions.values() for action in decision.actions]
    changes = [action for action in actions if isinstance(action, SetHealth | RemoveTarget)]
    probes = [action for action in actions if not isinstance(action, SetHealth | RemoveTarget)]
    probes += [ForgetProbe(key=probe_key(observed.arn, key)) for key in histories if key not in decisions]
    dues = [decision.due for decision in decisions.values() if decision.due]
    return Decision(
        memory=Memory(checks={key: decision.checks for key, decision in decisions.items() if decision.checks}),
        actions=(*changes, *([UpdateRouting()] if changes else []), *probes),  # requests stop before anything else happens
        events=tuple(event for decision in decisions.values() for event in decision.events),
        look_again=max(min(dues) - now, timedelta(0)) if dues else None,
    )


def unusable(group: ObservedTargetGroup, observed: ObservedTarget) -> Health | None:
    """Why the target receives neither requests nor health checks; None: it receives both. An instance that is stopping or shutting down
    is still checked (TG-5)."""
    if group.use is TargetGroupUse.NONE:
        return model.NOT_IN_USE  # TG-13
    if observed.instance_state in ("stopped", "terminated"):
        return model.STOPPED if observed.instance_state == "stopped" else model.TERMINATED
    if observed.instance_state == "pending" or observed.endpoint is None:
        return model.INVALID
    if observed.zone not in group.enabled_zones and observed.zone != model.ALL_ZONES:
        return model.ZONE_NOT_ENABLED
    return None


def health_after_failure(result: ProbeResult) -> Health:
    """TG-11: the health of an unhealthy target after that check."""
    if result.outcome is ProbeOutcome.TIMED_OUT:
        return model.TIMED_OUT
    if result.outcome is ProbeOutcome.ANSWERED and result.status_code is not None:
        return model.mismatch(result.status_code)
    return model.FAILED


class _Evaluation:
    """Of one target, at one moment."""

    def __init__(self, group: ObservedTargetGroup, observed: ObservedTarget, checks: CheckHistory | None, now: datetime) -> None:
        self.group, self.observed, self.now = group, observed, now
        self.key = observed.target.key
        self.health = observed.target.health
        self.decision = _TargetDecision()
        self.probe_key = probe_key(group.arn, self.key)
        self.checks = checks

    def run(self) -> _TargetDecision:
        target = self.observed.target
        if target.draining_until is not None:
            return self._drain(target.draining_until)
        if reason := unusable(self.group, self.observed):
            if self.health != reason:
                self._transition(TargetEvent.CANNOT_BE_USED, reason, (reason.description or "").lower())
            return self._without_checks()
        if not self.group.checks.enabled:
            if self.health.state is not TargetState.UNAVAILABLE:
                self._transition(TargetEvent.CHECKS_DISABLED, model.CHECKS_DISABLED, "health checks are disabled")
            return self._without_checks()
        return self._with_checks()

    # ---- without health checks -------------------------------------------------------------------------------------------------------

    def _drain(self, until: datetime) -> _TargetDecision:
        if self.now < until:
            self.decision.due = until
            return self._without_checks()
        move(model.TRANSITIONS, str(self.key), self.health.state, TargetEvent.DRAINED)
        self._record(model.NOT_REGISTERED, "its deregistration delay ended")
        self.decision.actions.append(RemoveTarget(target=self.key))
        if self.observed.exclusive_endpoint is not None:
            host, port = self.observed.exclusive_endpoint
            self.decision.actions.append(CloseConnections(host=host, port=port))
        return self._without_checks()

    def _without_checks(self) -> _TargetDecision:
        if self.checks:
            self.decision.actions.append(ForgetProbe(key=self.probe_key))
        return self.decision

    # ---- with health checks ------------------------------------------------------------------------------------------------------------

    def _with_checks(self) -> _TargetDecision:
        registering_since = self._registering_since()
        if self.group.use is TargetGroupUse.PROVISIONING:
            return self._without_checks()  # no load balancer node exists that could check it: registration continues
        if registering_since and self.now < registering_since + model.REGISTRATION_TIME:
            self.decision.due = registering_since + model.REGISTRATION_TIME
            return self._without_checks()
        if registering_since:
            self._set_health(model.CHECKING)
        checks = self._checks_of_this_registration()
        if checks.outstanding and (result := self.observed.result) and result.number == checks.number:
            checks = self._judge(checks, result)
        self.decision.checks = self._next_check(checks)
        return self.decision

    def _registering_since(self) -> datetime | None:
        """When the target was registered, or became usable again; None: its registration is complete."""
        if self.health.state is TargetState.UNUSED:
            self._transition(TargetEvent.CAN_BE_USED, model.REGISTERING, "it can be used")
            return self.now
        if self.health.state is TargetState.UNAVAILABLE:
            self._transition(TargetEvent.CHECKS_ENABLED, model.REGISTERING, "health checks are enabled")
            return self.now
        return self.observed.target.since if self.health == model.REGISTERING else None

    def _checks_of_this_registration(self) -> CheckHistory:
        """A new history after a restart, and when the target was registered again."""
        registered_at = self.observed.target.registered_at
        if self.checks and self.checks.registered_at == registered_at:
            return self.checks
        if self.checks:
            self.decision.actions.append(ForgetProbe(key=self.probe_key))
        last = max(self.checks.number if self.checks else 0, self.observed.result.number if self.observed.result else 0)
        return CheckHistory(registered_at=registered_at, number=last)

    def _judge(self, checks: CheckHistory, result: ProbeResult) -> CheckHistory:
        """TG-12. A new target is healthy after one passed check; later changes need consecutive checks."""
        settings = self.group.checks
        if result.outcome is ProbeOutcome.ANSWERED and settings.matcher.match(result.status_code):
            checks = replace(checks, outstanding=False, passed=checks.passed + 1, failed=0)
            if self.health.state is TargetState.INITIAL:
                self._transition(TargetEvent.FIRST_CHECK_PASSED, model.HEALTHY, "its first health check passed")
            elif self.health.state is TargetState.UNHEALTHY and checks.passed >= settings.healthy_threshold:
                self._transition(TargetEvent.CHECKS_PASSED, model.HEALTHY, f"{plural(checks.passed, 'health check')} passed in a row")
            return checks
        checks = replace(checks, outstanding=False, passed=0, failed=checks.failed + 1)
        health = health_after_failure(result)
        if self.health.state is TargetState.UNHEALTHY:
            if health != self.health:
                why = f"another health check failed ({_failure(health, result)})"
                self._transition(TargetEvent.CHECK_FAILED_AGAIN, health, why)
        elif checks.failed >= settings.unhealthy_threshold:
            why = f"{plural(checks.failed, 'health check')} failed in a row ({_failure(health, result)}){self._refused(health)}"
            self._transition(TargetEvent.CHECKS_FAILED, health, why)
        return checks

    def _refused(self, health: Health) -> str:
        """SG-10."""
        return f": {self.observed.refusal}" if self.observed.refusal and health == model.TIMED_OUT else ""

    def _next_check(self, checks: CheckHistory) -> CheckHistory:
        if checks.outstanding:
            return checks  # the prober wakes the controller when it has the result
        due = checks.started_at + self.group.checks.interval if checks.started_at else self.now
        if self.now < due:
            self.decision.due = due
            return checks
        self.decision.actions.append(StartProbe(request=self._request(checks.number + 1)))
        return replace(checks, number=checks.number + 1, started_at=self.now, outstanding=True)

    def _request(self, number: int) -> ProbeRequest:
        assert self.observed.endpoint is not None and self.observed.address is not None  # else unusable()
        host, port = self.observed.endpoint
        address, check_port = self.observed.address, self.observed.check_port
        return ProbeRequest(
            key=self.probe_key,
            number=number,
            host=host,
            port=port,
            host_header=address if check_port == HTTP_PORT else f"{address}:{check_port}",  # TG-2
            path=self.group.checks.path,
            timeout=self.group.checks.timeout,
            source=self.observed.checked_from,
        )

    # ---- changes of health -------------------------------------------------------------------------------------------------------------

    def _transition(self, event: TargetEvent, health: Health, why: str) -> None:
        if move(model.TRANSITIONS, str(self.key), self.health.state, event) is not health.state:
            raise IllegalTransition(str(self.key), self.health.state, event)
        self._record(health, why)
        self._set_health(health)

    def _set_health(self, health: Health) -> None:
        self.health = health
        self.decision.actions.append(SetHealth(target=self.key, health=health))

    def _record(self, health: Health, why: str) -> None:
        target = replace(self.observed.target, health=self.health)
        event = model.health_event((self.group.arn, self.group.name), self.group.load_balancers, target, health, why)
        self.decision.events.append(replace(event, cause=self.observed.cause))


def _failure(health: Health, result: ProbeResult) -> str:
    return f"{health.reason}: {result.detail or health.description}"
