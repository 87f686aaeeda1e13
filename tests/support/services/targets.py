"""A target group in virtual time: decide() in a loop, with a prober whose results a test sets. Builders with AWS's defaults."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sandbox.core.control import Action
from sandbox.core.events import Event
from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult
from sandbox.services.elbv2.actions import CloseConnections, ForgetProbe, RemoveTarget, SetHealth, StartProbe
from sandbox.services.elbv2.decide.target_groups import decide
from sandbox.services.elbv2.model import (
    REGISTERING,
    Health,
    HealthCheckSettings,
    Memory,
    ObservedTarget,
    ObservedTargetGroup,
    Target,
    TargetGroupUse,
    TargetKey,
)

START = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
ZONE = "us-east-1a"
KEY = TargetKey("i-0a1", 80)

Answer = tuple[ProbeOutcome, int | None, float]  # outcome, status code, seconds until the result


def ok(status_code: int = 200) -> Answer:
    return ProbeOutcome.ANSWERED, status_code, 0.0


def refused() -> Answer:
    return ProbeOutcome.FAILED, None, 0.0


def timeout(seconds: float = 5) -> Answer:
    return ProbeOutcome.TIMED_OUT, None, seconds


def target(key: TargetKey = KEY, health: Health = REGISTERING, **changes: object) -> Target:
    return replace(Target(key=key, registered_at=START, since=START, health=health), **changes)  # type: ignore[arg-type]


def observed_target(of: Target | None = None, **changes: object) -> ObservedTarget:
    of = of or target()
    usual = ObservedTarget(target=of, zone=ZONE, address="172.31.0.5", check_port=80, endpoint=("127.0.0.5", 80), instance_state="running")
    return replace(usual, **changes)  # type: ignore[arg-type]


def observed_group(*targets: ObservedTarget, **changes: object) -> ObservedTargetGroup:
    return replace(ObservedTargetGroup(arn=ARN, name="web", enabled_zones=frozenset({ZONE}), targets=targets), **changes)  # type: ignore[arg-type]


@dataclass
class TargetGroupRun:
    """`answer(now)` returns the result of a check that starts at that time. `run_until` advances from due time to due time."""

    answer: Callable[[datetime], Answer] = lambda at: ok()
    settings: HealthCheckSettings = field(default_factory=HealthCheckSettings)
    now: datetime = START
    targets: dict[TargetKey, ObservedTarget] = field(default_factory=lambda: {KEY: observed_target()})
    use: TargetGroupUse = TargetGroupUse.ACTIVE
    memory: Memory | None = None
    results: list[tuple[datetime, ProbeResult]] = field(default_factory=list)
    requests: list[tuple[datetime, ProbeRequest]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)  # (seconds since START, state) of each change
    events: list[Event] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def run_until(self, seconds: float) -> None:
        end = START + timedelta(seconds=seconds)
        while (due := self.step()) <= end:
            self.now = due
        self.now = end

    def step(self) -> datetime:
        """One reconcile. Returns the time of the next one."""
        self._deliver()
        observed = observed_group(*self.targets.values(), checks=self.settings, use=self.use)
        decision = decide(observed, self.memory, self.now)
        self.memory = decision.memory
        self.events += decision.events
        for action in decision.actions:
            self._act(action)
        dues = [self.now + decision.look_again] if decision.look_again is not None else []
        return min([*dues, *(when for when, _ in self.results)], default=datetime.max.replace(tzinfo=UTC))

    def _deliver(self) -> None:
        for when, result in [r for r in self.results if r[0] <= self.now]:
            self.results.remove((when, result))
            for key, each in self.targets.items():
                if result.key.endswith(f"|{key.id}|{key.port}"):
                    self.targets[key] = replace(each, result=result)

    def _act(self, action: Action) -> None:
        if isinstance(action, StartProbe):
            self.requests.append((self.now, action.request))
            outcome, code, delay = self.answer(self.now)
            when = self.now + timedelta(seconds=delay)
            result = ProbeResult(key=action.request.key, number=action.request.number, at=when, outcome=outcome, status_code=code)
            self.results.append((when, result))
        elif isinstance(action, SetHealth):
            each = self.targets[action.target]
            changed = each.target.health.state is not action.health.state
            since = self.now if changed else each.target.since
            self.targets[action.target] = replace(each, target=replace(each.target, health=action.health, since=since))
            self.states.append(((self.now - START).total_seconds(), action.health.state.value))
        elif isinstance(action, RemoveTarget):
            del self.targets[action.target]
            self.states.append(((self.now - START).total_seconds(), "gone"))
        elif isinstance(action, CloseConnections):
            self.states.append(((self.now - START).total_seconds(), f"{action.host}:{action.port} closed"))
        elif isinstance(action, ForgetProbe):
            self.forgotten.append(action.key)
            self.results = [r for r in self.results if r[1].key != action.key]

    def health(self, key: TargetKey = KEY) -> Health:
        return self.targets[key].target.health
