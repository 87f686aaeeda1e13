"""The load balancer's own counts, as CloudWatch tells them, beside those of the clients: they are the same to the last request.

A request belongs to the minute in which its response ended, so a single minute is compared only when nothing is under way at its edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.traffic.plan import Plan, Record
from sandbox.traffic.verdict import summarise
from scenarios.kit.fleet import Scene
from scenarios.kit.service import balancer_dimension
from scenarios.kit.stage import NotReached, Stage

MINUTE = timedelta(minutes=1)
LOADED = timedelta(seconds=45)  # of the counted minute
TRIES = 3
OWN = (502, 503, 504)  # answered by the load balancer itself
METRICS = (
    "RequestCount",
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "HTTPCode_ELB_4XX_Count",
    "HTTPCode_ELB_5XX_Count",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    cloudwatch: dict[str, int]
    clients: dict[str, int]

    @property
    def equal(self) -> bool:
        return self.cloudwatch == self.clients

    @property
    def seen(self) -> str:
        """For the verdict: what differs, else how many there were."""
        differing = [f"{m} {self.cloudwatch[m]}, clients {self.clients[m]}" for m in METRICS if self.cloudwatch[m] != self.clients[m]]
        return "; ".join(differing) or f"{self.clients['RequestCount']} requests"

    def rows(self) -> list[tuple[str, ...]]:
        return [("", "CloudWatch", "clients"), *((m, str(self.cloudwatch[m]), str(self.clients[m])) for m in METRICS)]


def compare(stage: Stage, scene: Scene, records: Sequence[Record], start: datetime, end: datetime) -> Counts:
    """From minute to minute. Metrics come within a second of the last answer; they are given a minute."""
    expected = counted(records)
    found = Counts(cloudwatch=told(stage, scene, start, end), clients=expected)

    def equal() -> bool:
        nonlocal found
        found = Counts(cloudwatch=told(stage, scene, start, end), clients=expected)
        return found.equal

    try:
        stage.wait_until(f"CloudWatch has counted {expected['RequestCount']} requests, as the clients have", equal, MINUTE)
    except NotReached:
        stage.stamped(f"CloudWatch and the clients differ: {found.seen}")
    return found


def counted(records: Sequence[Record]) -> dict[str, int]:
    """What the metrics should be by the answers that the clients got; requests without an answer are in none."""
    codes = summarise(records).status_codes
    own = sum(codes.get(code, 0) for code in OWN)

    def family(hundreds: int) -> int:
        return sum(count for code, count in codes.items() if code // 100 == hundreds)

    answered = sum(codes.values())
    values = (answered - codes.get(503, 0), family(2), family(4), family(5) - own, 0, own)  # 503: no target was chosen (LBM-2)
    return dict(zip(METRICS, values, strict=True))


def told(stage: Stage, scene: Scene, start: datetime, end: datetime) -> dict[str, int]:
    """The metrics' sums over the minutes; 0 where there is no datapoint (LBM-2: only what is not zero is reported)."""
    metric = {"Namespace": "AWS/ApplicationELB", "Dimensions": [balancer_dimension(scene)]}
    queries = [
        {"Id": f"m{n}", "MetricStat": {"Metric": {**metric, "MetricName": name}, "Period": 60, "Stat": "Sum"}}
        for n, name in enumerate(METRICS)
    ]
    answer = stage.ask("cloudwatch", "get_metric_data", MetricDataQueries=queries, StartTime=start, EndTime=end)
    sums = {result["Id"]: sum(result["Values"]) for result in answer["MetricDataResults"]}
    return {name: round(sums[f"m{n}"]) for n, name in enumerate(METRICS)}


def a_minute(stage: Stage, scene: Scene, path: str, rate: float) -> tuple[Counts, tuple[Record, ...]]:
    """One minute with load, alone. → its counts, and all requests that were sent for it (more minutes, when answers came too late)."""
    everything: tuple[Record, ...] = ()
    for _ in range(TRIES):
        start = _next_minute(stage)
        stream = stage.traffic(
            Plan(
                url=scene.url + path,
                rate=rate,
                longest=LOADED.total_seconds() / stage.client.speed,
                patience=timedelta(seconds=30 * stage.client.speed),
            )
        )
        stage.client.wait(start + MINUTE - stage.client.now())
        records = stream.stop()
        everything += records
        if all(start <= r.at and r.at + timedelta(seconds=r.latency * stage.client.speed) < start + MINUTE for r in records):
            break
        stage.stamped("some answers came in the next minute; once more")
    return compare(stage, scene, records, start, start + MINUTE), everything


def _next_minute(stage: Stage) -> datetime:
    """Waits until one has begun."""
    now = stage.client.now()
    start = now.replace(second=0, microsecond=0) + MINUTE
    stage.client.wait(start - now + timedelta(seconds=1))
    return start
