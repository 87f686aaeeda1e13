"""The verdict of scale_out_under_load: scaled in time, to the required capacity, without oscillation, and every request counted."""

import math
import statistics
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sandbox.traffic.records import Record
from sandbox.traffic.summary import Summary, summarise
from scenarios.kit import alarms
from scenarios.kit.fleet import GROUP, POLICY, activities
from scenarios.kit.scaling_run import ScalingRun
from scenarios.kit.service import SIZE, TARGET, WARMUP
from scenarios.kit.stage import Stage

MINUTE = timedelta(minutes=1)
MAX_TO_ALARM = timedelta(minutes=4)  # three full one-minute periods (SCL-12), and up to one until the evaluation (CW-31)
REAL_GRACE = 3.0  # real seconds for this machine's own work, at any clock speed
MAX_OVERSHOOT = 1.25
SLOW_FACTOR, SLOW_MARGIN = 3.0, 0.25  # p99 is high at three times the baseline, and at least 0.25 s above it


def judge(stage: Stage, run: ScalingRun) -> bool:
    if run.load_rises_at is None or run.load_falls_at is None or run.ended_at is None:
        stage.expect("the load rose and fell", False, "the scenario ended early")
    else:
        required, recovered = _required_capacity(stage, run), _recovered(run)
        _report(stage, run, required, recovered)
        _expect_alarm(stage, run)
        _expect_capacity(stage, run, required)
        _expect_service(stage, run, recovered)
        _expect_steady(stage, run)
        _expect_causes(stage, run)
        _expect_counts(stage, run)
    return stage.verdict(
        "The group scaled out to the required capacity, and scaled in after the load fell.",
        f"The group did not scale as expected. See the lines marked FAILED, and run: sandbox explain {GROUP}",
    )


def _expect_alarm(stage: Stage, run: ScalingRun) -> None:
    assert run.load_rises_at and run.load_falls_at
    alarm = run.alarm_high_at()
    limit = MAX_TO_ALARM + _grace(stage) + (MINUTE if run.demand.ramp else timedelta(0))  # a ramp reaches the target within a period
    in_time = alarm is not None and alarm - run.overloaded_at <= limit
    stage.expect("AlarmHigh entered ALARM as fast as one-minute metrics allow", in_time, _after(run, alarm))
    points = [moment for moment, _ in alarms.cpu(stage, run.load_rises_at) if moment + MINUTE <= run.load_falls_at]
    minutes = int((run.load_falls_at - run.load_rises_at) / MINUTE)
    enough = len(points) >= 0.9 * minutes
    stage.expect("CPU has a datapoint for each minute of the load", enough, f"{len(points)} datapoints in {minutes} minutes")


def _expect_capacity(stage: Stage, run: ScalingRun, required: int) -> None:
    largest, limit = run.max_capacity, MAX_OVERSHOOT * required
    stage.expect("the group reached the required capacity", largest >= required > SIZE, f"{largest}, required {required}")
    stage.expect("the group exceeded it by at most a quarter", largest <= limit, f"{largest} of at most {limit:g}")


def _expect_service(stage: Stage, run: ScalingRun, recovered: datetime | None) -> None:
    response = run.new_instance_responds_at()
    stage.expect("a new instance serves requests", response is not None, _after(run, response))
    limit = _recovery_limit(run.alarm_high_at(), response) + _grace(stage)
    in_time = recovered is not None and recovered - run.overloaded_at <= limit
    stage.expect("p99 returned to normal in time", in_time, f"{_after(run, recovered)}, at most {_span(stage, limit)}")
    failed = summarise(run.records).failed
    stage.expect("no request failed", failed == 0, f"{failed} of {len(run.records)}")


def _expect_counts(stage: Stage, run: ScalingRun) -> None:
    for period, counts in (("one minute of load", run.one_minute_counts), ("the whole run", run.total_counts)):
        assert counts is not None
        stage.expect(f"CloudWatch and clients agree on the request counts of {period}", counts.equal, counts.observed)


def _expect_steady(stage: Stage, run: ScalingRun) -> None:
    assert run.load_rises_at and run.load_falls_at and run.ended_at
    under_load, after = run.capacities_in(run.load_rises_at, run.load_falls_at), run.capacities_in(run.load_falls_at, run.ended_at)
    shown = " → ".join(str(size) for _, size in run.capacities)
    stage.expect("the capacity did not oscillate under load", under_load == sorted(under_load), shown)
    stage.expect("the capacity did not oscillate after the load", after == sorted(after, reverse=True), shown)
    stage.expect("the capacity is back at its initial value", bool(after) and run.capacity == SIZE, f"desired {run.capacity}")


def _expect_causes(stage: Stage, run: ScalingRun) -> None:
    """The activities' causes and the alarm histories have the wording of AWS (section 2.5, CW-53)."""
    causes = [a["Cause"] for a in activities(stage, run.started_at)]
    for which, change in (("AlarmHigh", f"from {SIZE} to"), ("AlarmLow", f"to {SIZE}.")):
        words = f"a monitor alarm {run.alarms[which]} in state ALARM triggered policy {POLICY} changing the desired capacity"
        found = [cause for cause in causes if words in cause and change in cause]
        stage.expect(f"an activity's cause names {which} and the policy", bool(found), f"{len(found)} of {len(causes)} activities")
        history = [item["HistorySummary"] for item in alarms.history(stage, [run.alarms[which]], run.started_at)]
        acted = any(s.startswith("Successfully executed action") for s in history) and any(s.endswith("to ALARM") for s in history)
        stage.expect(f"the history of {which} records its state change and its action", acted, f"{len(history)} items")


# ---- measurements ------------------------------------------------------------------------------------------------------------------------


def _required_capacity(stage: Stage, run: ScalingRun) -> int:
    """The capacity by SCL-15: from the average CPU in the last five minutes of the load, and the number of instances then."""
    assert run.load_falls_at is not None
    points = [value for moment, value in alarms.cpu(stage, run.load_falls_at - 6 * MINUTE) if moment + MINUTE <= run.load_falls_at]
    size = [size for moment, size in run.capacities if moment < run.load_falls_at][-1]
    return math.ceil(size * statistics.fmean(points) / TARGET) if points else 0


def _recovered(run: ScalingRun) -> datetime | None:
    """The start of the first minute from which p99 stays normal until the load falls. None: it is high in the last minute."""
    assert run.baseline and run.load_falls_at
    high = _high_p99(summarise(run.between(*run.baseline)))
    found: datetime | None = None
    for start, records in _minutes(run):
        if not records or summarise(records).latency_ms.get("p99", math.inf) > high:
            found = None
        elif found is None:
            found = start
    return found


def _minutes(run: ScalingRun) -> Iterator[tuple[datetime, Sequence[Record]]]:
    """Full minutes of the load, from when three instances exceed the target."""
    assert run.load_falls_at is not None
    start = run.overloaded_at
    while start + MINUTE <= run.load_falls_at:
        yield start, run.between(start, start + MINUTE)
        start += MINUTE


def _high_p99(baseline: Summary) -> float:
    """The p99 in milliseconds above which latency counts as high."""
    p99 = baseline.latency_ms.get("p99", 0.0)
    return max(SLOW_FACTOR * p99, p99 + 1000 * SLOW_MARGIN)


def _grace(stage: Stage) -> timedelta:
    return timedelta(seconds=REAL_GRACE * stage.client.speed)


def _recovery_limit(alarm: datetime | None, response: datetime | None) -> timedelta:
    """Time to the alarm, the launch, and the warmup."""
    launch = response - alarm if alarm and response and response > alarm else timedelta(0)
    return MAX_TO_ALARM + launch + timedelta(seconds=WARMUP)


# ---- report ------------------------------------------------------------------------------------------------------------------------------


def _report(stage: Stage, run: ScalingRun, required: int, recovered: datetime | None) -> None:
    assert run.baseline and run.load_rises_at and run.load_falls_at and run.ended_at
    stage.chapter("Measurements: times since three instances exceeded the target; client latency in real time")
    low = alarms.entered_state_at(stage, run.alarms["AlarmLow"], "ALARM", run.load_falls_at)
    shrunk = next((moment for moment, size in run.capacities if moment >= run.load_falls_at and size == SIZE), None)
    response = run.new_instance_responds_at()
    windows = {
        "before": run.baseline,
        "during": (run.load_rises_at, response or run.load_falls_at),
        "after": (run.load_falls_at - 5 * MINUTE, run.load_falls_at),
    }
    stage.table(
        [
            ("AlarmHigh in ALARM", _after(run, run.alarm_high_at())),
            ("first response of a new instance", _after(run, response)),
            ("p99 back to normal", _after(run, recovered)),
            ("desired capacity", " → ".join(str(size) for _, size in run.capacities) + f" (required: {required})"),
            ("AlarmLow in ALARM", _span(stage, low - run.load_falls_at) + " after the load fell" if low else "never"),
            (f"capacity back at {SIZE}", _span(stage, shrunk - run.load_falls_at) + " after the load fell" if shrunk else "never"),
            *[(f"latency {name}", _latency(summarise(run.between(*window)))) for name, window in windows.items()],
            ("requests", f"{len(run.records)}, failed {summarise(run.records).failed}"),
        ]
    )
    stage.say("CPU utilization of the group (GetMetricStatistics, average of each period):")
    stage.say("  ".join(f"{moment:%H:%M} {value:.0f}%" for moment, value in alarms.cpu(stage, run.started_at)))
    stage.say("Scaling activities:")
    for activity in activities(stage, run.started_at):
        stage.say(f"- {activity['Description']} [{activity['StatusCode']}] {activity['Cause']}")
    stage.say("Alarm history:")
    for line in _without_repetitions(_history(stage, run)):
        stage.say(f"- {line}")


def _history(stage: Stage, run: ScalingRun) -> list[tuple[datetime, str]]:
    which = {name: label for label, name in run.alarms.items()}
    items = alarms.history(stage, run.alarms.values(), run.started_at)
    return [(item["Timestamp"], f"{which[item['AlarmName']]}: {item['HistorySummary']}") for item in items]


def _without_repetitions(items: Sequence[tuple[datetime, str]]) -> Iterator[str]:
    """A policy's action runs every minute while the alarm lasts (SCL-4): counts repetitions instead of listing them."""
    for text, same in groupby(items, key=lambda item: item[1]):
        moments = [moment for moment, _ in same]
        again = f" (repeated {len(moments) - 1} times until {moments[-1]:%H:%M:%S})" if len(moments) > 1 else ""
        yield f"{moments[0]:%H:%M:%S} {text}{again}"


def _latency(summary: Summary) -> str:
    shown = ", ".join(f"{name} {summary.latency_ms[name]:.0f} ms" for name in ("p50", "p99") if name in summary.latency_ms)
    return f"{shown or 'no responses'} of {summary.sent} requests"


def _after(run: ScalingRun, moment: datetime | None) -> str:
    return _span(run.stage, moment - run.overloaded_at) if moment else "never"


def _span(stage: Stage, duration: timedelta) -> str:
    """In sandbox time and in real time."""
    seconds = duration.total_seconds()
    return f"{seconds:+.0f} s ({seconds / stage.client.speed:.1f} s real)"
