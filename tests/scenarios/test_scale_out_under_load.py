"""scale_out_under_load in virtual time: the group follows each shape of load, and each check of the verdict can fail."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest

from scenarios import scale_out_under_load
from tests.support import rule
from tests.support.scenarios.rehearsal import Ended, Rehearsal, ended, left_behind, rehearsal


@pytest.fixture(autouse=True, scope="module")
def looks_less_often() -> Iterator[None]:
    """Looking takes most of a run's time; the usual interval is tried by make scenario."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scale_out_under_load, "EVERY", timedelta(seconds=20))
        yield


def with_options(**options: str) -> Rehearsal:
    return rehearsal({"sustain": "5"} | {name.replace("_", "-"): value for name, value in options.items()})


def run(**options: str) -> tuple[bool, Rehearsal]:
    stage = with_options(**options)
    return scale_out_under_load.run(stage), stage


@cache
def as_usual(shape: str) -> Ended:
    return ended(scale_out_under_load.run, with_options(shape=shape))


@pytest.mark.parametrize("shape", ["step", "ramp", "flash"])
def test_the_group_scales_out_with_the_load_and_in_again(shape: str) -> None:
    usual = as_usual(shape)
    assert usual.unmet == []
    assert usual.passed
    assert usual.left == []


@rule("SCL-14", "EC2-40")
def test_with_basic_monitoring_it_scales_later_and_fails() -> None:
    """The negative control."""
    passed, stage = run(basic_monitoring="yes")
    assert not passed
    assert stage.unmet() == [
        "AlarmHigh entered ALARM as fast as one-minute metrics allow",
        "CPU has a datapoint for each minute of the load",
    ]
    assert left_behind(stage) == []


def test_the_report_has_the_wording_of_aws() -> None:
    output = as_usual("step").output
    assert "in state ALARM triggered policy cpu-scaling-policy changing the desired capacity from 3 to 4." in output
    assert "was selected for termination." in output
    assert "AlarmHigh: Successfully executed action arn:aws:autoscaling:us-east-1:" in output


def test_a_group_that_cannot_launch_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_out_under_load, "SCALE_OUT_TIMEOUT", timedelta(minutes=6))
    monkeypatch.setattr(scale_out_under_load, "SCALE_IN_TIMEOUT", timedelta(minutes=1))
    stage = with_options()
    stage.at["The load rises"] = lambda: setattr(stage.sandbox.sandbox.world, "launch_error", lambda zone: "no capacity")
    assert not scale_out_under_load.run(stage)
    assert "a new instance serves requests" in stage.unmet()
    assert left_behind(stage) == []


def test_a_group_that_does_not_scale_in_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_out_under_load, "SCALE_IN_TIMEOUT", timedelta(minutes=10))
    passed, stage = run()
    assert not passed
    assert "the capacity is back at its initial value" in stage.unmet()


def test_responses_that_stay_slow_fail() -> None:
    stage = with_options()
    stage.at["The load rises"] = lambda: setattr(stage.sandbox.sandbox.world, "request_time", timedelta(seconds=8))
    assert not scale_out_under_load.run(stage)
    assert stage.unmet() == ["p99 returned to normal in time"]


def test_requests_of_another_client_fail_the_counts() -> None:
    """It goes through the same load balancer. More than the thousandth that is accepted."""
    stage = with_options()

    def stranger() -> None:
        listener = stage.client.get("endpoints")["endpoints"][0]["listener_arn"]
        stage.sandbox.sandbox.simulated.proxy.request_many(listener, 10)

    stage.at["The load rises"] = stranger
    assert not scale_out_under_load.run(stage)
    assert stage.unmet() == ["CloudWatch and clients agree on the request counts of the whole run"]


def test_the_same_seed_gives_the_same_journal() -> None:
    again = ended(scale_out_under_load.run, with_options())
    assert again.journal == as_usual("step").journal
