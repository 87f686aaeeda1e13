"""What is seen while the group follows the load: its size, the alarms, CPU, and the requests, each with its moment. For S10."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.traffic.plan import Record, Stream
from scenarios.kit import alarms
from scenarios.kit.counting import Counts
from scenarios.kit.demand import Demand
from scenarios.kit.fleet import Scene, group, in_service, targets
from scenarios.kit.service import SIZE, TARGET
from scenarios.kit.stage import Stage

MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class Course:
    """Moments are sandbox time."""

    stage: Stage
    scene: Scene
    demand: Demand
    began: datetime = field(init=False)  # a whole minute, before any request
    alarms: dict[str, str] = field(default_factory=dict)  # "AlarmHigh", "AlarmLow" → name
    records: tuple[Record, ...] = ()  # of streams that have ended
    minute: Counts | None = None  # of one minute of load
    whole: Counts | None = None  # of the whole run
    usual: tuple[datetime, datetime] | None = None  # from, to
    grows: datetime | None = None
    falls: datetime | None = None
    ended: datetime | None = None
    last: Stream | None = None  # under way
    sizes: list[tuple[datetime, int]] = field(default_factory=list)  # each change of the desired capacity
    first: list[str] = field(default_factory=list)  # the instances before the load grew
    states: dict[str, str] = field(default_factory=dict)  # of the alarms, when last looked at

    def __post_init__(self) -> None:
        self.began = self.stage.client.now().replace(second=0, microsecond=0)
        self.first = in_service(self.stage)

    # ---- while it runs -----------------------------------------------------------------------------------------------------------------

    def look(self) -> datetime:
        """Tells what has changed. → now."""
        now = self.stage.client.now()
        desired = int(group(self.stage)["DesiredCapacity"])
        if not self.sizes or self.sizes[-1][1] != desired:
            if self.sizes:
                self.stage.stamped(f"desired capacity {self.sizes[-1][1]} → {desired}", now)
            self.sizes.append((now, desired))
        which_of = {name: which for which, name in self.alarms.items()}
        for found in self.stage.ask("cloudwatch", "describe_alarms", AlarmNames=list(which_of))["MetricAlarms"]:
            which = which_of[found["AlarmName"]]
            if self.states.get(which, found["StateValue"]) != found["StateValue"]:
                self.stage.stamped(f"{which} is {found['StateValue']}: {found['StateReason']}", found["StateUpdatedTimestamp"])
            self.states[which] = found["StateValue"]
        return now

    @property
    def size(self) -> int:
        return self.sizes[-1][1]

    def has_grown(self) -> bool:
        """More than at first, all of them serve, the warmup is over and the newest CPU is under the target."""
        self.look()
        if self.size <= SIZE or not self._settled():
            return False
        points = alarms.cpu(self.stage, self.stage.client.now() - 10 * MINUTE)
        return bool(points) and points[-1][1] <= TARGET and self.states.get("AlarmHigh") != "ALARM"

    def has_shrunk(self) -> bool:
        self.look()
        return self.size == SIZE and self._settled()

    def _settled(self) -> bool:
        serving = in_service(self.stage)
        healthy = sorted(i for i, state in targets(self.stage, self.scene).items() if state == "healthy")
        return len(serving) == self.size and serving == healthy

    def keep(self, stream: Stream) -> None:
        """Ends the stream, and keeps its requests."""
        self.records = tuple(sorted((*self.records, *stream.stop()), key=lambda record: record.at))

    # ---- afterwards --------------------------------------------------------------------------------------------------------------------

    @property
    def zero(self) -> datetime:
        """The moment from which on three instances are busier than the target: times are told from here."""
        assert self.grows is not None
        return self.grows + self.demand.passes_target

    def between(self, start: datetime, end: datetime) -> tuple[Record, ...]:
        """Requests whose sending was planned then."""
        return tuple(record for record in self.records if start <= record.at < end)

    def alarmed(self) -> datetime | None:
        assert self.grows is not None
        return alarms.went_to(self.stage, self.alarms["AlarmHigh"], "ALARM", self.grows)

    def new_instance_serves(self) -> datetime | None:
        """The first request that was answered by an instance that was not there before."""
        assert self.grows is not None
        new = [r for r in self.records if r.at >= self.grows and r.outcome.instance_id and r.outcome.instance_id not in self.first]
        return new[0].at if new else None

    def sizes_in(self, start: datetime, end: datetime) -> list[int]:
        """The desired capacities that began then."""
        return [size for moment, size in self.sizes if start <= moment < end]

    @property
    def largest(self) -> int:
        return max(size for _, size in self.sizes)
