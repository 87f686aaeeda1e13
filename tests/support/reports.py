"""A report as a run of a zone outage would give it, for tests of the views: three zones, one of which goes dark in the fourth minute."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.report.model import (
    Advice,
    Buckets,
    CauseLine,
    CountRow,
    Criterion,
    Identity,
    Mark,
    MarkKind,
    Measure,
    Phase,
    Reconciliation,
    Report,
    Setting,
    Span,
    Steps,
    Verdict,
)

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
DARK, BACK, STEPS, RATE = 24, 48, 72, 1800  # in steps of ten seconds; requests in a step


def zone_outage(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "run": identity(),
        "verdict": Verdict.FAILED,
        "sentence": "Availability was 99.14 %, below the 99.9 % of the objective.",
        "started_at": datetime(2026, 5, 7, 17, 0, tzinfo=UTC),
        "duration": 720.0,
        "real_duration": 721.5,
        "criteria": criteria(),
        "slo_ms": 500.0,
        "sent": STEPS * RATE,
        "good": STEPS * RATE - 1110,
        "phases": phases(),
        "marks": marks(),
        "spans": spans(),
        "buckets": buckets(),
        "healthy": healthy(),
        "capacity": (
            Steps(name="desired", points=((0, 6), (720, 6))),
            Steps(name="in service", points=((0, 6), (262, 4), (340, 6), (720, 6))),
        ),
        "measures": measures(),
        "reconciliation": reconciliation(),
        "causes": causes(),
        "advice": advice(),
        "notes": ("The temperatures are invented: AWS has not published any.",),
    }
    return Report(**{**values, **changes})


def identity() -> Identity:
    return Identity(
        id="S04",
        name="zone_outage",
        title="An Availability Zone overheats and loses power",
        hypothesis="When one of three zones goes dark, clients lose no more than the detection time explains.",
        profile="tutorial",
        control=False,
        seed=7,
        runtime="docker",
        virtual=False,
        speed=1.0,
        settings=(Setting(name="ramp_minutes", value="3 min", default=False), Setting(name="residual_pct", value="1 %", default=True)),
    )


def criteria() -> tuple[Criterion, ...]:
    return (
        Criterion(
            sentence="Availability of the run",
            passed=False,
            measured="99.14 % (1,110 of 129,600 failed)",
            required="≥ 99.9 %",
            control=True,
        ),
        Criterion(sentence="Lost requests against the closed form", passed=True, measured="0.92 ×", required="≤ 1.5 ×"),
        Criterion(sentence="Operator mitigates", passed=None, measured="no operator acted", required="≤ 2 min"),
    )


def phases() -> tuple[Phase, ...]:
    return (
        Phase(name="Steady state", began=0, ended=DARK * 10),
        Phase(name="Heat", began=DARK * 10, ended=300, caption="T+0 (16:20 PDT): chillers fail in one hall", invented=True),
        Phase(name="Power off", began=300, ended=BACK * 10, caption="T+0h28 (19:48 ET): trading stopped"),
        Phase(name="Return and tail", began=BACK * 10, ended=720, caption="T+5h51 (22:11 PDT): additional cooling on line"),
    )


def marks() -> tuple[Mark, ...]:
    return (
        Mark(at=240, kind=MarkKind.FAULT, text="Zone us-east-1c begins to lose power", zone="us-east-1c", event_id="e-10"),
        Mark(at=262, kind=MarkKind.DETECTION, text="i-0c1 is unhealthy: Target.Timeout", zone="us-east-1c", event_id="e-14"),
        Mark(at=300, kind=MarkKind.ALARM, text="Alarm unhealthy-hosts is in ALARM", event_id="e-20"),
        Mark(at=320, kind=MarkKind.OPERATOR, text="An operator starts a zonal shift away from use1-az2"),
        Mark(at=340, kind=MarkKind.HEALING, text="i-0a9 is in service", zone="us-east-1a", event_id="e-31"),
        Mark(at=480, kind=MarkKind.FAULT, text="Power returns in us-east-1c", zone="us-east-1c", event_id="e-40"),
    )


def spans() -> tuple[Span, ...]:
    return (
        Span(label="zone-power-off us-east-1c", kind=MarkKind.FAULT, began=240, ended=480),
        Span(label="unhealthy-hosts in ALARM", kind=MarkKind.ALARM, began=300, ended=520),
        Span(label="zonal shift", kind=MarkKind.OPERATOR, began=320, ended=None),
    )


def buckets() -> Buckets:
    def each(value: Callable[[int], int]) -> tuple[int, ...]:
        return tuple(value(n) for n in range(STEPS))

    dark = range(DARK, DARK + 3)
    timeouts = each(lambda n: 300 if n in dark else 0)
    errors = each(lambda n: 70 if n in dark else 0)
    good = tuple(RATE - a - b for a, b in zip(timeouts, errors, strict=True))
    out = range(DARK, BACK)
    return Buckets(
        width=10.0,
        began=0.0,
        seconds=10.0,
        good=good,
        failed=(("504", timeouts), ("client timeout", errors)),
        answered=(
            (ZONES[0], tuple(g // 2 if n in out else g // 3 for n, g in enumerate(good))),
            (ZONES[1], tuple(g - g // 2 if n in out else g // 3 for n, g in enumerate(good))),
            (ZONES[2], each(lambda n: 0 if n in out else RATE // 3)),
        ),
        p50=tuple(6.0 + 0.2 * (n % 5) for n in range(STEPS)),
        p95=tuple(15.0 if n not in out else 40.0 for n in range(STEPS)),
        p99=tuple(None if n == 30 else 30.0 if n not in out else 2000.0 if n in dark else 90.0 for n in range(STEPS)),
    )


def healthy() -> tuple[Steps, ...]:
    return (
        Steps(name=ZONES[0], points=((0, 2), (340, 3), (720, 3))),
        Steps(name=ZONES[1], points=((0, 2), (352, 3), (720, 3))),
        Steps(name=ZONES[2], points=((0, 2), (262, 0), (560, 2), (720, 2))),
    )


def measures() -> tuple[Measure, ...]:
    return (
        Measure(name="TTD (load balancer)", value="22 s", meaning="from the fault to the first unhealthy target"),
        Measure(name="Error budget used", value="2.9 %", meaning="of the failures that 99.9 % allows in 30 days"),
    )


def reconciliation() -> Reconciliation:
    rows = (CountRow(what="requests", client=129_600, load_balancer=129_600), CountRow(what="HTTP 5xx", client=900, load_balancer=900))
    return Reconciliation(rows=rows, agrees=True, sentence="The counts differ by 0.00 %; at most 0.1 % is accepted.")


def causes() -> tuple[CauseLine, ...]:
    return (
        CauseLine(at=240, depth=0, text="fault-1: zone us-east-1c loses power", event_id="e-10"),
        CauseLine(at=262, depth=1, text="i-0c1:80 in web is unhealthy: 2 health checks failed in a row", event_id="e-14"),
        CauseLine(
            at=270, depth=2, text="An instance was taken out of service <in response> to an ELB health check & replaced", event_id="e-15"
        ),
    )


def advice() -> tuple[Advice, ...]:
    command = "aws autoscaling update-auto-scaling-group \\\n  --auto-scaling-group-name web --min-size 9 --desired-capacity 9"
    return (Advice(change="Run three instances in each zone.", because="Two zones must carry the load of three.", command=command),)
