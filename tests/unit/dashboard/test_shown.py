"""What the page shows of the journal and of metrics: the timeline, runs of scenarios, plots, commands, and where traffic goes."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from sandbox.control import scenarios
from sandbox.control.observed.model import Point
from sandbox.control.rates import RateKey
from sandbox.core.events import Event
from sandbox.dashboard import plot
from sandbox.dashboard.shown import commands
from sandbox.dashboard.shown.balancing import flow_number
from sandbox.dashboard.shown.commands import Asked
from sandbox.dashboard.shown.numbers import cpu_number, numbers, rate_number
from sandbox.dashboard.shown.runs import runs
from sandbox.dashboard.shown.timeline import STEPS, timeline
from sandbox.faults.record import STARTED
from tests.support.dashboard.observed import NOON, instance, look, service


def event(number: int, seconds: float = 0, **changes: object) -> Event:
    plain = Event(source="test", detail_type="Test", summary=f"event {number}", id=f"e{number:06d}", at=NOON + timedelta(seconds=seconds))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_every_event_is_in_one_step_of_the_timeline() -> None:
    found = timeline([event(1), event(2, 50), event(3, 100)])
    assert (sum(found.counts), found.counts[0], found.counts[STEPS // 2], found.counts[-1]) == (3, 1, 1, 1)


def test_each_step_of_the_timeline_names_the_last_event_until_then() -> None:
    found = timeline([event(1), event(2, 100)])
    assert (found.newest[0], found.newest[STEPS // 2], found.newest[-1]) == ("e000001", "e000001", "e000002")


def test_faults_and_alarms_stand_out_on_the_timeline() -> None:
    marks = timeline([event(1), event(2, 5, detail_type=STARTED), event(3, 9, detail_type="CloudWatch Alarm State Change")]).marks
    assert [(mark.kind, mark.event_id) for mark in marks] == [("fault", "e000002"), ("alarm", "e000003")]


def test_an_empty_journal_has_an_empty_timeline() -> None:
    assert timeline([]).first is None


def told(what: str, **detail: object) -> Event:
    return replace(scenarios.event({"what": what, "run": "run-1", "summary": "told", "detail": detail}), id="e000001", at=NOON)


START = told("started", name="demo", title="A demo", phases=[{"name": "cut", "title": "The cut"}], criteria=["Availability"])


def test_a_phase_is_waiting_then_running_then_done() -> None:
    began, ended = told("phase-began", phase="cut"), told("phase-ended", phase="cut")
    states = [runs(events)[0].phases[0].state for events in ([START], [START, began], [START, began, ended])]
    assert states == ["waiting", "running", "done"]


def test_criteria_are_judged_at_the_end_and_one_without_a_measurement_is_not_called_passed() -> None:
    judged = [{"sentence": text, "passed": passed} for text, passed in (("a", True), ("b", False), ("c", None))]
    [run] = runs([START, told("ended", verdict="FAILED", criteria=judged)])
    assert (run.verdict, [each.state for each in run.criteria]) == ("FAILED", ["passed", "not met", "not measured"])


def test_progress_of_a_run_whose_start_is_not_kept_is_left_out() -> None:
    assert runs([told("phase-began", phase="cut")]) == ()


def test_a_gap_in_the_data_is_a_gap_in_the_plot() -> None:
    values = (1.0, 2.0, None, None, 5.0, None, 3.0, 4.0)
    drawn = plot.metric([Point(at=NOON + timedelta(minutes=n), value=value) for n, value in enumerate(values)], 4.5)
    assert drawn is not None
    assert (len(drawn.lines), len(drawn.dots)) == (2, 1)
    assert (drawn.low, drawn.high, drawn.threshold is not None) == ("0", "5", True)


def test_without_datapoints_there_is_no_plot() -> None:
    assert plot.metric([Point(at=NOON, value=None)], 1.0) is None


def test_requests_are_counted_by_instance_and_by_where_the_load_balancer_sends_them() -> None:
    here, there = instance(0), instance(1)
    rates = {RateKey("app/web/1", "arn:tg", f"{each.private_ip_address}:80"): (rate, 0.0) for each, rate in ((here, 7.0), (there, 2.5))}
    shown = numbers(replace(look(service(here, there)), per_second=MappingProxyType(rates), cpu={here.instance_id: 42.25}))
    assert (shown[rate_number(here.instance_id)], shown[cpu_number(here.instance_id)]) == ("7.0", "42.2")
    assert shown[flow_number("app/web/1", "web")] == "9.5"
    assert shown[flow_number("app/web/1", "web", "us-east-1b")] == "2.5"


def test_what_was_not_measured_has_no_number() -> None:
    assert numbers(look(service(instance(0)))) == {}


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        (Asked(kind="instance-stop", targets=("web",), instances=("i-1", "i-2")), "aws ec2 stop-instances --instance-ids i-1 i-2"),
        (Asked(kind="instance-stop", targets=("web",)), None),
        (Asked(kind="instance-hang", targets=("i-1",), instances=("i-1",)), None),
        (
            Asked(kind="cpu-heat", targets=("i-1",), instances=("i-1",), duration="5m", parameters={"percent": "30"}),
            "aws ssm send-command --document-name AWSFIS-Run-CPU-Stress --instance-ids i-1 --parameters"
            """ '{"DurationSeconds": ["300"], "LoadPercent": ["70"]}'""",
        ),
        (Asked(kind="zone-partition", targets=("us-east-1a",), parameters={"direction": "inbound"}), None),
    ],
)
def test_the_command_of_aws_does_the_same_as_the_fault_or_there_is_none(asked: Asked, command: str | None) -> None:
    assert commands.aws(asked) == command


def test_a_target_with_a_hostile_name_is_one_word_of_the_command() -> None:
    assert commands.inject(Asked(kind="instance-hang", targets=("web; rm -rf /",))) == "sandbox fault inject instance-hang 'web; rm -rf /'"
