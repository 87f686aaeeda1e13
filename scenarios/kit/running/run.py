"""`Run`: one run in progress, and what the phases of a scenario do with it.

    run.wait(60)                                                     60 seconds of sandbox time pass
    run.inject("instance-crash", victim)                             POST /_sandbox/faults; cleared at the end at the latest
    run.breaks("ec2", "terminate_instances", "…", [victim], InstanceIds=[victim])      a failure that an API call causes
    run.change_load(360.0, pattern=…)                                clients send otherwise; run.announce("…", group) says why
    run.operator("shifts traffic away", "arc-zonal-shift", "start_zonal_shift", …)      what a person does; printed and marked
    run.caption("T+0h28 (19:48 ET): nearly all Coinbase trading stopped")               the real event at this moment
    run.until("the group is whole", lambda: not view.settled(…), 300)                   False when the time is over

Choices of chance come from `run.chance`, which the seed of the run decides.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.report.model import MarkKind
from sandbox.traffic.plan import Backoff, KeepAlive, Plan
from sandbox.traffic.records import Records, Stream, merged
from scenarios.kit.definition.knobs import Settings
from scenarios.kit.definition.profiles import Profile
from scenarios.kit.definition.scenario import Scenario
from scenarios.kit.running.announced import Announced, Injected, Played
from scenarios.kit.stack import view
from scenarios.kit.stack.names import Stack
from scenarios.kit.stage import Stage, WaitTimeout

EVERY = timedelta(seconds=5)  # sandbox time between two looks at a condition
LONGEST_BACKOFF = timedelta(seconds=5)
MOST_KEPT = 1000  # connections


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the user chose for a run."""

    scenario: Scenario
    profile: Profile  # with the knobs of this run
    settings: Settings
    seed: int = 0
    control: bool = False  # it is the negative control
    run_id: str | None = None  # what the journal calls this run; None: by the scenario's name


@dataclass(kw_only=True)
class Run:
    stage: Stage
    chosen: Chosen
    stack: Stack
    started_at: datetime
    stream: Stream | None = None  # the clients' traffic
    beside: dict[str, Stream] = field(default_factory=dict)  # name → other traffic, which is measured apart
    earlier: list[Records] = field(default_factory=list)  # of streams before a change of the load
    phases: list[Played] = field(default_factory=list)
    marks: list[Announced] = field(default_factory=list)
    faults: list[Injected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # for the report: what was modelled, invented, or not possible here
    recovered_at: datetime | None = None
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.chosen.seed)

    @property
    def scenario(self) -> Scenario:
        return self.chosen.scenario

    @property
    def profile(self) -> Profile:
        return self.chosen.profile

    @property
    def settings(self) -> Settings:
        return self.chosen.settings

    def now(self) -> datetime:
        return self.stage.client.now()

    # ---- load ------------------------------------------------------------------------------------------------------------------------

    def start_load(self, rate: float | None = None, **more: Any) -> Stream:
        """Clients send to the service until the end of the run. `rate` in requests per real second (None: the profile's load); `more` are
        further fields of sandbox.traffic.plan.Plan."""
        self.stream = self.stage.traffic(replace(self._plan(rate or self.stack.offered), **more))
        return self.stream

    def change_load(self, rate: float, **more: Any) -> Stream:
        """From now on, clients send at this rate, such as with a `pattern`. What they sent so far is measured with it as one."""
        assert self.stream is not None
        before = self.stream
        stream = self.start_load(rate, **{"seed": self.chosen.seed + 1 + len(self.earlier), **more})
        self.earlier.append(before.stop())
        return stream

    def _plan(self, rate: float) -> Plan:
        settings = self.settings
        base, budget, lifetime = (settings.number(name) for name in ("backoff", "retry_budget", "keep_alive"))
        first = timedelta(seconds=base)
        return Plan(
            url=self.stack.url + self.stack.path,
            rate=rate,
            timeout=timedelta(seconds=settings.number("client_timeout")),
            retries=settings.whole("retries"),
            retry_budget=budget / 100 if budget else None,
            backoff=Backoff(base=first, cap=max(LONGEST_BACKOFF, first), jitter=1.0 if settings.flag("jitter") else 0.0),
            keep_alive=KeepAlive(pool_size=MOST_KEPT, lifetime=timedelta(seconds=lifetime)) if lifetime else None,
            slo=self.scenario.slo_ms / 1000,
            seed=self.chosen.seed,
            max_duration=4 * 3600.0,
            max_requests=5_000_000,
        )

    def records(self) -> Records:
        """Of all clients, so far."""
        assert self.stream is not None
        return merged([*self.earlier, self.stream.records()])

    def stop_load(self) -> Records:
        """Sends no more, waits for what is in flight, and returns the records of all clients."""
        assert self.stream is not None
        return merged([*self.earlier, self.stream.stop()])

    def add_load(self, name: str, rate: float, path: str, **more: Any) -> Stream:
        """Requests of another kind beside the load, until the end of the run: Evidence.beside has their records, and nothing else of the
        evidence counts them. `path` without a leading slash; `rate` in requests per real second."""
        plan = Plan(url=self.stack.url + path, rate=rate, seed=self.chosen.seed, max_duration=4 * 3600.0, max_requests=1_000_000)
        self.beside[name] = self.stage.traffic(replace(plan, **more))
        return self.beside[name]

    # ---- time ------------------------------------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Sandbox seconds."""
        self.stage.client.wait(timedelta(seconds=seconds))

    def wait_until(self, moment: datetime) -> None:
        """Returns at once if it has passed."""
        self.stage.client.wait(max(moment - self.now(), timedelta(0)))

    def until(self, what: str, condition: Callable[[], object], seconds: float, every: timedelta = EVERY) -> bool:
        """Waits for the condition, at most that many sandbox seconds. Returns whether it was met; a run goes on either way."""
        try:
            self.stage.wait_until(what, condition, timedelta(seconds=seconds), every)
        except WaitTimeout as error:
            self.stage.log(error.message)
            return False
        return True

    # ---- what happens ----------------------------------------------------------------------------------------------------------------

    def inject(self, kind: str, *targets: str, lasting: float | None = None, summary: str | None = None, **parameters: object) -> str:
        """Injects a fault of the sandbox (`sandbox fault kinds` lists them). `lasting`: sandbox seconds; None: until `heal`, or the end.

        Returns the fault's id. Raises SandboxApiError if the sandbox refuses it."""
        body = {"kind": kind, "targets": list(targets), "for": f"{lasting:g}s" if lasting else None, "parameters": parameters}
        given = self.stage.client.post("faults", {**body, "summary": summary} if summary else body)
        since = datetime.fromisoformat(given["since"])
        self.stage.faults.append(given["id"])
        until = datetime.fromisoformat(given["until"]) if given["until"] else None
        self.faults.append(
            Injected(id=given["id"], kind=kind, targets=tuple(given["targets"]), summary=given["summary"], since=since, until=until)
        )
        self.stage.log(f"FAULT: {given['summary']}", since)
        return str(given["id"])

    def heal(self, fault_id: str) -> None:
        """Clears a fault that `inject` returned, if it has not ended by itself."""
        self.stage.end_fault(fault_id)
        fault = next(each for each in self.faults if each.id == fault_id)
        fault.until = self.now()
        self.stage.log(f"healed: {fault.summary}", fault.until)

    def breaks(self, service: str, operation: str, text: str, targets: list[str], **parameters: Any) -> dict[str, Any]:
        """A failure that an API call causes, such as terminate_instances: announced as a fault, then called. Raises StepFailed."""
        since = self.stage.fault(text, *targets)
        self.faults.append(Injected(id=self.stage.faults[-1], kind="announced", targets=tuple(targets), summary=text, since=since))
        return self.stage.step(service, operation, **parameters)

    def announce(self, text: str, target: str, *more: str) -> datetime:
        """A failure that no fault of the sandbox and no call makes, such as more users than ever. Returns its moment."""
        since = self.stage.fault(text, target, *more)
        self.faults.append(Injected(id=self.stage.faults[-1], kind="announced", targets=(target, *more), summary=text, since=since))
        return since

    def operator(self, text: str, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """An operator's action: printed, marked, called. `text` continues "An operator …". Raises StepFailed."""
        self.mark(MarkKind.OPERATOR, f"An operator {text}")
        return self.stage.step(service, operation, **parameters)

    def caption(self, text: str, zone: str | None = None) -> None:
        """What happened in the real event at this moment."""
        self.mark(MarkKind.CAPTION, text, zone)

    def mark(self, kind: MarkKind, text: str, zone: str | None = None) -> None:
        now = self.now()
        self.marks.append(Announced(at=now, kind=kind, text=text, zone=zone))
        self.stage.log(f"{kind.value.upper()}: {text}", now)

    # ---- what there is ---------------------------------------------------------------------------------------------------------------

    def instances(self, zone: str | None = None) -> list[str]:
        """Ids of the group's instances in service, of one zone or of all."""
        return [m.instance_id for m in view.members(self.stage) if m.state == "InService" and zone in (None, m.zone)]

    def fullest_zone(self) -> str:
        """The name of the zone with the most instances; of several, the first."""
        counts = Counter(m.zone for m in view.members(self.stage) if m.state == "InService")
        return min(counts, key=lambda zone: (-counts[zone], zone))

    def settled(self) -> bool:
        """Whether the service is whole and balanced, and the target group agrees with the group."""
        return not view.settled(self.stage, self.stack.target_group)
