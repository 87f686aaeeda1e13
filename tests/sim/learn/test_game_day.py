"""A game day in virtual time: one hidden fault, which is told nowhere until somebody has found it."""

import json
from typing import Any

import pytest

from sandbox.client import SandboxApiError
from sandbox.control.gameday import choice
from sandbox.core.events import Event
from tests.support.learn.learner import Learner

MINUTE = 60
SEEDS = {choice.chosen(seed, [choice.Hidden(kind=kind, target="x") for kind in choice.KINDS]).kind: seed for seed in range(40)}


def playing(learner: Learner, seed: int) -> Any:
    """→ the game, from inside, once something broke."""
    learner.service(3)
    learner.client.post("gameday", {"seed": seed})
    learner.wait(choice.LONGEST + 1)
    return learner.client.sandbox, hidden(learner)


def hidden(learner: Learner) -> Any:
    return [fault for fault in learner.client.sandbox.faults.active() if fault.hidden]


def answer(learner: Learner, kind: str, target: str) -> Any:
    return learner.client.post("gameday/answer", {"kind": kind, "target": target})


def test_every_kind_is_hidden_by_some_seed() -> None:
    assert set(SEEDS) == set(choice.KINDS)


@pytest.mark.parametrize("kind", sorted(SEEDS))
def test_while_it_is_on_nothing_tells_of_the_fault(learner: Learner, kind: str) -> None:
    _, [fault] = playing(learner, SEEDS[kind])
    learner.wait(5 * MINUTE)
    assert fault.kind == kind
    asked = ["faults", "events", "gameday", "machines", "health", "loops", "ui.json", "ui/events.json"]
    told = "".join(json.dumps({**learner.client.get(path), "kinds": None}) for path in asked)
    told += json.dumps(learner.client.get("explain", resource=learner.member()))
    assert fault.id not in told and kind not in told and fault.summary not in told
    learner.client.post("faults/clear", {"all": True})
    with pytest.raises(SandboxApiError, match="There is no active fault"):
        learner.client.post("faults/clear", {"id": fault.id})
    assert hidden(learner) == [fault]
    over = answer(learner, kind, fault.targets[0])
    assert (over["state"], over["was"]["kind"], over["was"]["target"]) == ("over", kind, fault.targets[0])
    assert hidden(learner) == []


def test_the_right_answer_is_worth_more_the_earlier_it_comes_and_wrong_ones_cost(learner: Learner) -> None:
    _, [fault] = playing(learner, SEEDS["instance-hang"])
    since = (learner.client.now() - fault.since).total_seconds()
    assert answer(learner, "latency", fault.targets[0])["state"] == "on"
    assert answer(learner, fault.kind, "us-east-1a")["points"] is None
    over = answer(learner, fault.kind, fault.targets[0])
    assert over["points"] == 1000 - int(since) - 200
    assert [each["right"] for each in over["answers"]] == [False, False, True]
    with pytest.raises(SandboxApiError, match="No game day is on"):
        answer(learner, fault.kind, fault.targets[0])


def test_a_zone_may_be_named_by_its_id(learner: Learner) -> None:
    _, [fault] = playing(learner, SEEDS["zone-blackhole"])
    zone = learner.client.sandbox.inventory.zone(fault.targets[0])
    assert zone is not None and answer(learner, fault.kind, zone.zone_id)["state"] == "over"


def test_needless_harm_costs_points(learner: Learner) -> None:
    _, [fault] = playing(learner, SEEDS["latency"])
    members = [each["InstanceId"] for each in learner.groups.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]]
    innocent = next(each for each in members if each not in fault.targets)
    learner.ec2.reboot_instances(InstanceIds=[innocent])
    learner.ec2.reboot_instances(InstanceIds=[fault.targets[0]])  # a repair that was worth trying
    learner.fault("process-kill", innocent)
    over = learner.client.post("gameday/stop")
    assert (over["harm"], over["points"], over["was"]["kind"]) == (2, -100, "latency")


def test_what_auto_scaling_replaces_is_no_harm(learner: Learner) -> None:
    playing(learner, SEEDS["zone-power-off"])
    learner.wait(15 * MINUTE)
    assert learner.client.post("gameday/stop")["harm"] == 0


def test_the_same_seed_breaks_the_same_thing_after_the_same_time(learner: Learner) -> None:
    _, [first] = playing(learner, 7)
    learner.client.post("gameday/stop")
    learner.client.post("gameday", {"seed": 7})
    began = learner.client.now()
    learner.wait(choice.delay(7) - 1)
    assert hidden(learner) == []
    learner.wait(2)
    [second] = hidden(learner)
    assert (second.kind, second.targets) == (first.kind, first.targets)
    assert abs((second.since - began).total_seconds() - choice.delay(7)) < 1


def test_it_ends_by_itself_after_an_hour_and_with_a_reset(learner: Learner) -> None:
    playing(learner, 1)
    learner.wait(60 * MINUTE)
    over = learner.client.get("gameday")
    assert (over["state"], over["why"], hidden(learner)) == ("over", "an hour has passed", [])
    learner.client.post("gameday", {})
    learner.wait(choice.LONGEST + 1)
    assert len(hidden(learner)) == 1
    learner.client.post("reset")
    assert hidden(learner) == [] and learner.client.get("gameday")["state"] == "none"


def test_a_game_that_was_stopped_early_breaks_nothing(learner: Learner) -> None:
    learner.service(1)
    learner.client.post("gameday", {"seed": 3})
    with pytest.raises(SandboxApiError, match="A game day is on"):
        learner.client.post("gameday", {"seed": 4})
    assert learner.client.post("gameday/stop")["was"] is None
    learner.wait(choice.LONGEST + 1)
    assert hidden(learner) == []


def test_without_instances_there_is_nothing_to_break(learner: Learner) -> None:
    with pytest.raises(SandboxApiError, match="nothing to break"):
        learner.client.post("gameday", {})
    assert learner.client.get("gameday")["state"] == "none"


def test_a_control_plane_that_starts_again_undoes_the_hidden_fault(learner: Learner) -> None:
    sandbox, [fault] = playing(learner, SEEDS["latency"])
    sandbox.faults._active.clear()  # as a new process has none
    sandbox.injector.take_up()
    assert sandbox.faults.active() == ()
    told = [each for each in sandbox.journal.events() if _names(each, fault.id)]
    assert told == []


def _names(event: Event, fault_id: str) -> bool:
    return fault_id in f"{event.summary} {event.detail} {event.resources}"
