"""One run of scenarios/scale_out_under_load.py: the load's phases, and observations of the group, the alarms, CPU and the requests."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.traffic.records import Record, Stream
from scenarios.kit import alarms
from scenarios.kit.counting import Counts
from scenarios.kit.demand import Demand
from scenarios.kit.fleet import Resources, group, in_service, targets
from scenarios.kit.service import SIZE, TARGET
from scenarios.kit.stage import Stage

MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class ScalingRun:
    """Times are sandbox time."""

    stage: Stage
    resources: Resources
    demand: Demand
    started_at: datetime = field(init=False)  # a full minute, before any request
    alarms: dict[str, str] = field(default_factory=dict)  # "AlarmHigh", "AlarmLow" → name
    records: tuple[Record, ...] = ()  # from streams that have ended, by planned send
    one_minute_counts: Counts | None = None
    total_counts: Counts | None = None
    baseline: tuple[datetime, datetime] | None = None  # start and end of the measured baseline load
    load_rises_at: datetime | None = None
    load_falls_at: datetime | None = None
    ended_at: datetime | None = None
    last_stream: Stream | None = None  # in progress
    capacities: list[tuple[datetime, int]] = field(default_factory=list)  # desired capacity: the initial value and each change
    initial_instances: list[str] = field(default_factory=list)  # those before the load rises
    states: dict[str, str] = field(default_factory=dict)  # "AlarmHigh", "AlarmLow" → last observed state

    def __post_init__(self) -> None:
        self.started_at = self.stage.client.now().replace(second=0, microsecond=0)
        self.initial_instances = in_service(self.stage)

    # ---- observations -----------------------------------------------------------------------------------------------------------------

    def observe(self) -> datetime:
        """Logs changes of the desired capacity and of the alarms. Returns the current sandbox time."""
        now = self.stage.client.now()
        desired = int(group(self.stage)["DesiredCapacity"])
        if not self.capacities or self.capacities[-1][1] != desired:
            if self.capacities:
                self.stage.log(f"desired capacity {self.capacities[-1][1]} → {desired}", now)
            self.capacities.append((now, desired))
        which_of = {name: which for which, name in self.alarms.items()}
        for found in self.stage.query("cloudwatch", "describe_alarms", AlarmNames=list(which_of))["MetricAlarms"]:
            which = which_of[found["AlarmName"]]
            if self.states.get(which, found["StateValue"]) != found["StateValue"]:
                self.stage.log(f"{which} is {found['StateValue']}: {found['StateReason']}", found["StateUpdatedTimestamp"])
            self.states[which] = found["StateValue"]
        return now

    @property
    def capacity(self) -> int:
        return self.capacities[-1][1]

    def scaled_out(self) -> bool:
        """More instances than at the start, all in service and healthy, and the latest CPU value is at or below the target."""
        self.observe()
        if self.capacity <= SIZE or not self._settled():
            return False
        points = alarms.cpu(self.stage, self.stage.client.now() - 10 * MINUTE)
        return bool(points) and points[-1][1] <= TARGET and self.states.get("AlarmHigh") != "ALARM"

    def scaled_in(self) -> bool:
        self.observe()
        return self.capacity == SIZE and self._settled()

    def _settled(self) -> bool:
        serving = in_service(self.stage)
        healthy = sorted(i for i, state in targets(self.stage, self.resources).items() if state == "healthy")
        return len(serving) == self.capacity and serving == healthy

    def finish(self, stream: Stream) -> None:
        """Stops the stream and adds its records."""
        self.records = tuple(sorted((*self.records, *stream.stop()), key=lambda record: record.at))

    # ---- results ----------------------------------------------------------------------------------------------------------------------

    @property
    def overloaded_at(self) -> datetime:
        """When three instances exceed the target. Reported times count from here."""
        assert self.load_rises_at is not None
        return self.load_rises_at + self.demand.time_to_target

    def between(self, start: datetime, end: datetime) -> tuple[Record, ...]:
        """Requests by planned send."""
        return tuple(record for record in self.records if start <= record.at < end)

    def alarm_high_at(self) -> datetime | None:
        assert self.load_rises_at is not None
        return alarms.entered_state_at(self.stage, self.alarms["AlarmHigh"], "ALARM", self.load_rises_at)

    def new_instance_responds_at(self) -> datetime | None:
        """The first request that a new instance responded to."""
        assert self.load_rises_at is not None
        known = (None, *self.initial_instances)
        return next((r.at for r in self.records if r.at >= self.load_rises_at and r.outcome.instance_id not in known), None)

    def capacities_in(self, start: datetime, end: datetime) -> list[int]:
        """The desired capacities set in that time."""
        return [size for moment, size in self.capacities if start <= moment < end]

    @property
    def max_capacity(self) -> int:
        return max(size for _, size in self.capacities)
