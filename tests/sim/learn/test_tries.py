"""Lessons whose steps are runs of a scenario in virtual time (`sandbox learn try`)."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from sandbox.cli.scenarios import virtual_runs
from sandbox.core.errors import UserError
from sandbox.learn.checks.observed import Observed
from sandbox.learn.layout import PER_INSTANCE, knobs
from sandbox.learn.library import find
from sandbox.report.model import Report
from scenarios.kit.definition.profiles import CAPACITY, PROFILES
from tests.support.learn.learner import Learner

DEMAND = 105
WEAK = {"retry_budget": "0", "jitter": "no", "spread": "5"}
Try = Callable[[Learner, str, Mapping[str, str]], Report]


@pytest.fixture
def try_(monkeypatch: pytest.MonkeyPatch) -> Try:
    """As `sandbox learn try`. The run is in another process, as it is for a learner: two virtual sandboxes of one process share moto."""

    def try_it(learner: Learner, name: str, given: Mapping[str, str]) -> Report:
        trial = find(name).trial
        assert trial is not None
        layout = virtual_runs.layout(trial, learner.client, None)
        values = {**layout, **given}

        def carried_out(run: Any) -> Report:
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                return pool.submit(_run, trial.scenario, trial.profile, values).result()

        monkeypatch.setattr(virtual_runs, "carried_out", carried_out)
        return virtual_runs.told(learner.client, virtual_runs.chosen(trial.scenario, trial.profile, values), layout)

    return try_it


def _run(scenario: str, profile: str, values: Mapping[str, str]) -> Report:
    return virtual_runs.carried_out(virtual_runs.chosen(scenario, profile, values))


def test_retries(learner: Learner, try_: Try) -> None:
    assert learner.steps("retries") == []
    try_(learner, "retries", WEAK)
    assert learner.steps("retries") == [1]
    try_(learner, "retries", {})
    assert learner.steps("retries") == [1, 2]


def test_static_stability(learner: Learner, try_: Try) -> None:
    assert learner.steps("static_stability") == []
    target_group = learner.service(3, VPCZoneIdentifier=",".join(learner.subnets[:2]))
    assert learner.steps("static_stability") == [1]
    try_(learner, "static_stability", {})
    assert learner.steps("static_stability") == [1, 2]
    learner.elb.modify_target_group(TargetGroupArn=target_group, HealthCheckIntervalSeconds=10)
    whole = {"HealthCheckType": "ELB", "HealthCheckGracePeriod": 60, "VPCZoneIdentifier": ",".join(learner.subnets)}
    learner.update(MinSize=9, DesiredCapacity=9, **whole)
    learner.wait(120)
    assert learner.steps("static_stability") == [1, 2]  # to have it is not enough
    try_(learner, "static_stability", {})
    assert learner.steps("static_stability") == [1, 2, 3]
    learner.update(MinSize=6, DesiredCapacity=6)
    try_(learner, "static_stability", {})
    assert learner.steps("static_stability") == [1, 2, 3, 4]


def test_a_run_of_another_layout_does_not_count(learner: Learner, try_: Try) -> None:
    learner.service(3)
    learner.steps("static_stability")
    for what, detail in (("started", {"name": "zone_outage"}), ("ended", {"verdict": "SUCCEEDED", "sentence": "", "criteria": []})):
        learner.client.post("scenarios/progress", {"what": what, "run": "run-1", "summary": "a scenario", "detail": detail})
    assert learner.steps("static_stability") == [1]


def test_a_layout_is_read_from_the_api(learner: Learner) -> None:
    """The tutorial's layout has the knobs of the profile `tutorial`."""
    target_group = learner.service(3, VPCZoneIdentifier=",".join(learner.subnets[:2]), TargetGroupARNs=[], MaxSize=10)
    with pytest.raises(UserError, match="No instance of web is in a target group"):
        knobs(Observed(learner.client, None), None, DEMAND)
    learner.elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": learner.member()}])
    read, tutorial = knobs(Observed(learner.client, None), "web", DEMAND), PROFILES["tutorial"]
    values = {name: getattr(tutorial, name) for name in read}
    told = {name: {"True": "yes", "False": "no"}.get(str(value), str(value)) for name, value in values.items()}
    assert read == {**told, "load": "70"}
    assert PER_INSTANCE == CAPACITY


def test_which_group_is_said_when_there_are_several(learner: Learner) -> None:
    with pytest.raises(UserError, match="There is no Auto Scaling group"):
        knobs(Observed(learner.client, None), None, DEMAND)
    learner.service(1)
    template = {"LaunchTemplateName": "web", "Version": "1"}
    learner.groups.create_auto_scaling_group(
        AutoScalingGroupName="other", LaunchTemplate=template, MinSize=0, MaxSize=1, AvailabilityZones=["us-east-1a"]
    )
    with pytest.raises(UserError, match="Say which one"):
        knobs(Observed(learner.client, None), None, DEMAND)
    with pytest.raises(UserError, match="has no instance"):
        knobs(Observed(learner.client, None), "other", DEMAND)
