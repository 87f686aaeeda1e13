"""`Evidence`: everything that a finished run leaves, and the measures made of it. Criteria and the report ask it. Pure.

sandbox/traffic/measures/ defines the measures. Times are sandbox time. A measure that has no value (it did not happen) is None.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from sandbox.report.model import MarkKind, Reconciliation
from sandbox.traffic.measures import capacity, churn, closed_form, detection, recovery, requests
from sandbox.traffic.measures.budget import burn_rate, error_budget_used
from sandbox.traffic.measures.levels import Levels
from sandbox.traffic.records import Records
from scenarios.kit.definition.knobs import Settings
from scenarios.kit.definition.profiles import Profile
from scenarios.kit.definition.scenario import Scenario
from scenarios.kit.evidence.fleet import Fleet, fleet
from scenarios.kit.evidence.journal import LAUNCHED, STARTED, JournalEvent, of_kind
from scenarios.kit.running.announced import Announced, Injected, Played
from scenarios.kit.stack.names import GROUP, TARGET_GROUP, Stack


@dataclass(frozen=True, kw_only=True)
class Evidence:
    scenario: Scenario
    profile: Profile
    settings: Settings
    stack: Stack
    speed: float  # sandbox seconds per real second
    virtual: bool
    started_at: datetime  # of the run
    load_from: datetime  # the first request
    ended_at: datetime  # the last request
    records: Records
    events: tuple[JournalEvent, ...]
    zone_of: Mapping[str, str]  # instance id → zone name
    phases: tuple[Played, ...]
    marks: tuple[Announced, ...]
    faults: tuple[Injected, ...]
    beside: Mapping[str, Records] = field(default_factory=dict)  # name → requests of another kind (Run.add_load)
    reconciliation: Reconciliation | None = None

    # ---- what the clients saw --------------------------------------------------------------------------------------------------------

    @cached_property
    def slo(self) -> float:
        """Real seconds within which a response is good."""
        return self.scenario.slo_ms / 1000

    @cached_property
    def losses(self) -> dict[str, int]:
        """Class → requests that were not good, the largest first."""
        return requests.losses(self.records, self.slo)

    @property
    def lost(self) -> int:
        return sum(self.losses.values())

    @cached_property
    def losses_by_zone(self) -> dict[str | None, int]:
        """Zone → requests that were not good; None: no response named an instance."""
        return requests.losses_by_zone(self.records, self.slo, self.zone_of)

    @property
    def availability(self) -> float | None:
        """Percent of good requests."""
        return requests.availability(self.records, self.slo)

    @property
    def attempt_success(self) -> float | None:
        """Percent of good attempts: retries count, too."""
        return requests.attempt_success(self.records, self.slo)

    @property
    def amplification(self) -> float | None:
        """Attempts for each request; 1 without retries."""
        return requests.amplification(self.records)

    @property
    def budget_used(self) -> float:
        """Percent of the error budget of 30 days at the offered load."""
        return error_budget_used(self.lost, self.stack.offered, self.scenario.slo_percent)

    def burn_rate(self, start: datetime, end: datetime) -> float | None:
        """How many times faster than allowed the budget was used in that time."""
        return burn_rate(self.lost_between(start, end), len(self.records.between(start, end)), self.scenario.slo_percent)

    def lost_between(self, start: datetime, end: datetime) -> int:
        """By planned send."""
        return int((~requests.good(self.records.between(start, end), self.slo)).sum())

    def availability_between(self, start: datetime, end: datetime) -> float | None:
        """Percent of good requests, by planned send. None: there were none."""
        return requests.availability(self.records.between(start, end), self.slo)

    @cached_property
    def answered_by(self) -> Counter[str]:
        return Counter(requests.answered_by(self.records))

    # ---- what was broken, and when it was noticed ------------------------------------------------------------------------------------

    @property
    def fault_at(self) -> datetime | None:
        """When the first failure began."""
        return min((fault.since for fault in self.faults), default=None)

    def fault(self, kind: str) -> Injected | None:
        """The first fault of that kind."""
        return next((fault for fault in self.faults if fault.kind == kind), None)

    def phase(self, name: str) -> Played | None:
        return next((phase for phase in self.phases if phase.name == name), None)

    def detected_by_balancer(self, instances: Sequence[str] | None, since: datetime) -> float | None:
        """TTD-lb: seconds until the load balancer stopped to choose the first of these instances (None: of any). None: it never did."""
        return _seconds(detection.by_load_balancer(self.events, TARGET_GROUP, since, instances))

    def detected_by_alarm(self, since: datetime, alarms: Sequence[str] | None = None) -> float | None:
        """TTD-alarm: seconds until the first of these alarms (None: of any; the client canary's, too) was in ALARM."""
        canary = [mark.at - since for mark in self.marks if mark.kind is MarkKind.ALARM and alarms is None and mark.at >= since]
        found = detection.by_alarm(self.events, since, alarms)
        return _seconds(min((*canary, *([] if found is None else [found])), default=None))

    def detected_by_operator(self, since: datetime) -> float | None:
        """TTD-operator: seconds until the first action of an operator."""
        return _seconds(detection.by_operator((mark.at for mark in self.marks if mark.kind is MarkKind.OPERATOR), since))

    @cached_property
    def launched(self) -> list[str]:
        """Instances that came into service after the first failure."""
        since = self.fault_at
        found = [e for e in of_kind(self.events, LAUNCHED) if e.about(GROUP) and since is not None and e.at >= since]
        return [event.detail["EC2InstanceId"] for event in found]

    def replaced(self, victim: str, since: datetime) -> float | None:
        """Seconds from `since` until the group had taken the instance out of service and the next instance was in service. None: never."""
        taken = next((e.at for e in of_kind(self.events, STARTED) if e.at >= since and e.about(victim)), None)
        if taken is None:
            return None
        launched = next((e.at for e in of_kind(self.events, LAUNCHED) if e.at >= taken and e.about(GROUP)), None)
        return (launched - since).total_seconds() if launched else None

    @cached_property
    def launch_failures(self) -> dict[str, int]:
        """EC2's error code → launches of the group that failed."""
        return churn.launch_failures(self.events, GROUP)

    @property
    def launches_failed(self) -> int:
        return sum(self.launch_failures.values())

    @cached_property
    def broken(self) -> frozenset[str]:
        """Instances that the run's faults hit: named, or in a zone that was named."""
        named = {target for fault in self.faults for target in fault.targets}
        return frozenset(named | {instance for instance, zone in self.zone_of.items() if zone in named})

    def needless_kills(self, excused: Collection[str] = ()) -> list[str]:
        """Instances that the group terminated although no fault hit them. `excused`: those that left because fewer were desired."""
        return churn.needless_kills(self.events, GROUP, self.broken, excused)

    @property
    def thrash(self) -> float | None:
        """Launches after the first failure for each one that was needed: growth, and broken instances replaced."""
        since = self.fault_at
        if since is None:
            return None
        desired = self.fleet.desired
        grown = max((desired.at(at) for at in desired.changes(since, self.ended_at)), default=0.0) - desired.at(since)
        replaced = len(self.broken & set(churn.terminated(self.events, GROUP)))
        return churn.thrash(len(self.launched), round(max(0.0, grown)) + replaced)

    def serving_before(self, zone: str) -> int:
        """Healthy targets in that zone when the first failure began."""
        found = self.fleet.by_zone.get(zone)
        return round(found.at(self.fault_at)) if found and self.fault_at else 0

    # ---- recovery and capacity -------------------------------------------------------------------------------------------------------

    @cached_property
    def fleet(self) -> Fleet:
        return fleet(self.events, self.zone_of)

    @property
    def capacity_recovered(self) -> float | None:
        """TTR-cap: seconds from the first failure until as many targets as desired were healthy for a minute. None: never."""
        if self.fault_at is None:
            return None
        return _seconds(recovery.time_to_capacity(self.fleet.healthy, self.fleet.desired, self.fault_at, self.ended_at))

    @property
    def fully_recovered(self) -> float | None:
        """TTR-full: seconds from the first failure until, for a minute, the capacity was whole, the zones were balanced, and nothing was
        being launched or terminated. None: never."""
        if self.fault_at is None:
            return None
        now = self.fleet
        return _seconds(recovery.time_to_full(now.by_zone, now.desired, now.activities, self.fault_at, self.ended_at))

    def mitigated(self, since: datetime, percent: float | None = None) -> float | None:
        """TTM: seconds from `since` until the objective (or another percentage of good requests) was met again, and for a minute. 0: it was
        met all the time. None: never."""
        return _seconds(recovery.time_to_mitigate(self.records, self.slo, percent or self.scenario.slo_percent, since))

    def expected_loss(self, share: float, *, answers: bool = False) -> float:
        """The closed form: requests that reach the dead share of the instances until health checks find them. `answers`: the machine
        refuses connections, so a check fails at once; else it fails after the health check's timeout."""
        profile = self.profile
        refused = closed_form.detection_of_refusal(profile.interval, profile.unhealthy)
        hung = closed_form.detection_of_silence(profile.interval, profile.timeout, profile.unhealthy)
        return closed_form.expected_loss(self.stack.offered, share, (refused if answers else hung).mean, self.speed)

    def loss_ratio(self, share: float, *, answers: bool = False) -> float | None:
        """Lost requests divided by the closed form. Up to 1.5: nothing was lost beyond the time that detection takes."""
        return closed_form.loss_ratio(self.lost, self.expected_loss(share, answers=answers))

    @cached_property
    def demand(self) -> Levels:
        """Requests that were planned, per real second."""
        return capacity.demand_of(self.records)

    def shortfall(self, since: datetime) -> float:
        """Requests (real) asked for beyond the capacity of the healthy targets, from then to the end."""
        return capacity.shortfall(self.demand, self.fleet.healthy, self.stack.capacity, since, self.ended_at, speed=self.speed)

    def headroom(self, since: datetime) -> float:
        """The lowest share of the healthy capacity that was free, in percent; negative: more was asked for."""
        return capacity.headroom(self.demand, self.fleet.healthy, self.stack.capacity, since, self.ended_at)


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
