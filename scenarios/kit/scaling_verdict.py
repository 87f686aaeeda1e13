"""What S10 measured, and whether it is as it should be: in time, as much as needed, no swinging, counted to the last request."""

import math
import statistics
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sandbox.traffic.plan import Record
from sandbox.traffic.verdict import Summary, summarise
from scenarios.kit import alarms
from scenarios.kit.fleet import GROUP, POLICY, activities
from scenarios.kit.scaling_course import Course
from scenarios.kit.service import SIZE, TARGET, WARMUP
from scenarios.kit.stage import Stage

MINUTE = timedelta(minutes=1)
TO_ALARM = timedelta(minutes=4)  # three whole one-minute periods (SCL-12), and up to one until the evaluation (CW-31)
OWN_WORK = 3.0  # real seconds that this machine may add, however fast the clock runs
OVERSHOOT = 1.25
SLOW, SLOW_BY = 3.0, 0.25  # p99 is bad at three times the usual one, and a quarter of a second more at least


def judge(stage: Stage, course: Course) -> bool:
    if course.grows is None or course.falls is None or course.ended is None:
        return stage.verdict("", "the story broke off before the load had grown and fallen.")
    alarm, serves, recovered = course.alarmed(), course.new_instance_serves(), _recovered(course)
    needed = _needed(stage, course)
    _report(stage, course, needed, recovered)
    spare = timedelta(seconds=OWN_WORK * stage.client.speed)
    told = _after(course, alarm)
    soon = TO_ALARM + spare + (MINUTE if course.demand.ramp else timedelta(0))  # a ramp passes the target within a period
    stage.expect("the alarm told as soon as one-minute metrics allow", alarm is not None and alarm - course.zero <= soon, told)
    points = [moment for moment, _ in alarms.cpu(stage, course.grows) if moment + MINUTE <= course.falls]
    minutes = int((course.falls - course.grows) / MINUTE)
    stage.expect("CPU was told each minute of the load", len(points) >= 0.9 * minutes, f"{len(points)} datapoints in {minutes} minutes")
    stage.expect("the group grew to what the load needs", course.largest >= needed > SIZE, f"{course.largest}, needed {needed}")
    stage.expect("by at most a quarter more", course.largest <= OVERSHOOT * needed, f"{course.largest} of at most {OVERSHOOT * needed:g}")
    stage.expect("a new instance answered requests", serves is not None, _after(course, serves))
    limit = _recovery_limit(alarm, serves) + spare
    in_time = recovered is not None and recovered - course.zero <= limit
    stage.expect("p99 was as usual in time", in_time, f"{_after(course, recovered)}, at most {_span(stage, limit)}")
    _expect_steady(stage, course)
    _expect_words(stage, course)
    stage.expect("no request was lost", summarise(course.records).lost == 0, f"{summarise(course.records).lost} of {len(course.records)}")
    for sentence, counts in (("of a minute of load", course.minute), ("of the whole run", course.whole)):
        assert counts is not None
        stage.expect(f"CloudWatch and clients agree on the counts {sentence}", counts.equal, counts.seen)
    late = f"it is not as it should be (AlarmHigh: {told}); see NOT above, and sandbox explain {GROUP}"
    return stage.verdict("it scaled: out to what the load needed, and in again when it ended.", late)


def _expect_steady(stage: Stage, course: Course) -> None:
    assert course.grows and course.falls and course.ended
    under_load, after = course.sizes_in(course.grows, course.falls), course.sizes_in(course.falls, course.ended)
    shown = " → ".join(str(size) for _, size in course.sizes)
    stage.expect("it did not swing under load", under_load == sorted(under_load), shown)
    stage.expect("it did not swing after it", after == sorted(after, reverse=True), shown)
    stage.expect("it is as small as before", bool(after) and course.size == SIZE, f"desired {course.size}")


def _expect_words(stage: Stage, course: Course) -> None:
    """AWS's own words: section 2.5 and CW-53."""
    causes = [a["Cause"] for a in activities(stage, course.began)]
    for which, change in (("AlarmHigh", f"from {SIZE} to"), ("AlarmLow", f"to {SIZE}.")):
        words = f"a monitor alarm {course.alarms[which]} in state ALARM triggered policy {POLICY} changing the desired capacity"
        found = [cause for cause in causes if words in cause and change in cause]
        stage.expect(f"an activity's cause names {which} and the policy", bool(found), f"{len(found)} of {len(causes)} activities")
        history = [item["HistorySummary"] for item in alarms.history(stage, [course.alarms[which]], course.began)]
        acted = any(s.startswith("Successfully executed action") for s in history) and any(s.endswith("to ALARM") for s in history)
        stage.expect(f"the history of {which} tells its change and its action", acted, f"{len(history)} items")


# ---- measures ----------------------------------------------------------------------------------------------------------------------------


def _needed(stage: Stage, course: Course) -> int:
    """SCL-15: by the CPU that CloudWatch tells of the last five minutes of the load, and the instances that shared it then."""
    assert course.falls is not None
    points = [value for moment, value in alarms.cpu(stage, course.falls - 6 * MINUTE) if moment + MINUTE <= course.falls]
    size = [size for moment, size in course.sizes if moment < course.falls][-1]
    return math.ceil(size * statistics.fmean(points) / TARGET) if points else 0


def _recovered(course: Course) -> datetime | None:
    """From then on to the load's end, no minute's p99 was bad. None: the last one was."""
    assert course.usual and course.falls
    bad = _bad_p99(summarise(course.between(*course.usual)))
    found: datetime | None = None
    for start, records in _minutes(course):
        if not records or summarise(records).latency_ms.get("p99", math.inf) > bad:
            found = None
        elif found is None:
            found = start
    return found


def _minutes(course: Course) -> Iterator[tuple[datetime, Sequence[Record]]]:
    """Whole minutes of the load, from the moment on from which it is too much."""
    assert course.falls is not None
    start = course.zero
    while start + MINUTE <= course.falls:
        yield start, course.between(start, start + MINUTE)
        start += MINUTE


def _bad_p99(usual: Summary) -> float:
    """Milliseconds."""
    p99 = usual.latency_ms.get("p99", 0.0)
    return max(SLOW * p99, p99 + 1000 * SLOW_BY)


def _recovery_limit(alarm: datetime | None, serves: datetime | None) -> timedelta:
    """S10: three minutes, launch and warmup."""
    launch = serves - alarm if alarm and serves and serves > alarm else timedelta(0)
    return TO_ALARM + launch + timedelta(seconds=WARMUP)


# ---- telling -----------------------------------------------------------------------------------------------------------------------------


def _report(stage: Stage, course: Course, needed: int, recovered: datetime | None) -> None:
    assert course.usual and course.grows and course.falls and course.ended
    stage.chapter("What was measured: times since three instances were too few; latency at the clients, in real time")
    low = alarms.went_to(stage, course.alarms["AlarmLow"], "ALARM", course.falls)
    shrunk = next((moment for moment, size in course.sizes if moment >= course.falls and size == SIZE), None)
    serves = course.new_instance_serves()
    windows = {
        "before": course.usual,
        "during": (course.grows, serves or course.falls),
        "after": (course.falls - 5 * MINUTE, course.falls),
    }
    stage.table(
        [
            ("AlarmHigh in ALARM", _after(course, course.alarmed())),
            ("new instance answers", _after(course, serves)),
            ("p99 as usual again", _after(course, recovered)),
            ("desired capacity", " → ".join(str(size) for _, size in course.sizes) + f" (the load needs {needed})"),
            ("AlarmLow in ALARM", _span(stage, low - course.falls) + " after the fall" if low else "never"),
            ("back at three", _span(stage, shrunk - course.falls) + " after the fall" if shrunk else "never"),
            *[(f"latency {name}", _latency(summarise(course.between(*window)))) for name, window in windows.items()],
            ("requests", f"{len(course.records)}, lost {summarise(course.records).lost}"),
        ]
    )
    stage.say("CPU of the group, as CloudWatch tells it (GetMetricStatistics, Average of each period):")
    stage.say("  ".join(f"{moment:%H:%M} {value:.0f}%" for moment, value in alarms.cpu(stage, course.began)))
    stage.say("Activities, in AWS's words:")
    for activity in activities(stage, course.began):
        stage.say(f"- {activity['Description']} [{activity['StatusCode']}] {activity['Cause']}")
    stage.say("Alarm history:")
    for line in _told_once(_history(stage, course)):
        stage.say(f"- {line}")


def _history(stage: Stage, course: Course) -> list[tuple[datetime, str]]:
    which = {name: label for label, name in course.alarms.items()}
    items = alarms.history(stage, course.alarms.values(), course.began)
    return [(item["Timestamp"], f"{which[item['AlarmName']]}: {item['HistorySummary']}") for item in items]


def _told_once(items: Sequence[tuple[datetime, str]]) -> Iterator[str]:
    """A policy's action is run each minute while the alarm lasts (SCL-4): repetitions are counted, not listed."""
    for text, same in groupby(items, key=lambda item: item[1]):
        moments = [moment for moment, _ in same]
        again = f" (and {len(moments) - 1} times more until {moments[-1]:%H:%M:%S})" if len(moments) > 1 else ""
        yield f"{moments[0]:%H:%M:%S} {text}{again}"


def _latency(summary: Summary) -> str:
    shown = ", ".join(f"{name} {summary.latency_ms[name]:.0f} ms" for name in ("p50", "p99") if name in summary.latency_ms)
    return f"{shown or 'no answers'} of {summary.sent} requests"


def _after(course: Course, moment: datetime | None) -> str:
    return _span(course.stage, moment - course.zero) if moment else "never"


def _span(stage: Stage, duration: timedelta) -> str:
    """In both clocks."""
    seconds = duration.total_seconds()
    return f"{seconds:+.0f} s ({seconds / stage.client.speed:.1f} s real)"
