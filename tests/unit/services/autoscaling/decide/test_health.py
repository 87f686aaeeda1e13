"""Which members are unhealthy, and which of them are replaced now."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.services.autoscaling.decide import health
from sandbox.services.autoscaling.lifecycle_model import AttachmentState, LifecycleState
from sandbox.services.autoscaling.model import Group, Health, HealthFailure, Member, Memory, PendingReplacement, Process
from tests.support import rule
from tests.support.services.groups import DELAYS, NOW, TG, attachment, group, leaving, member, pending, seconds

ELB = frozenset({"EC2", "ELB"})
RECENTLY = Memory(checked_at=NOW - seconds(1))


def marked(observed: Group, memory: Memory | None = None) -> dict[str, HealthFailure]:
    memory = memory or Memory(impaired_since={m.instance_id: NOW - timedelta(hours=1) for m in observed.members})
    return {mark.instance_id: mark.failure for mark in health.marks(observed, memory, NOW, DELAYS)}


def failing(instance_id: str, **more: Any) -> Member:
    return member(instance_id, targets={TG: "unhealthy"}, **more)


def behind_lb(*members: Member, **more: Any) -> Group:
    return group(*members, **({"health_check_types": ELB, "attachments": (attachment(),)} | more))


@pytest.mark.parametrize("state", ["stopping", "stopped", "shutting-down", "terminated"])
@rule("ASG-41")
def test_an_instance_that_is_not_running_is_marked_at_once_even_in_the_grace_period(state: str) -> None:
    young = member("i-1", instance_state=state, in_service_since=NOW)
    assert marked(group(young, health_check_grace_period=seconds(300)), RECENTLY) == {"i-1": HealthFailure.NOT_RUNNING}


@pytest.mark.parametrize(
    ("observed", "why"),
    [
        (group(member("i-1")), "it runs"),
        (group(pending("i-1")), "it is starting"),
        pytest.param(
            group(member("i-1", lifecycle=LifecycleState.STANDBY, instance_state="stopped")),
            "standby is not checked (ASG-47)",
            marks=rule("ASG-47"),
        ),
        pytest.param(
            group(member("i-1", instance_state="stopped"), suspended=frozenset({Process.HEALTH_CHECK})),
            "HealthCheck is suspended",
            marks=rule("ASG-47"),
        ),
        pytest.param(
            group(member("i-1", impaired=True, in_service_since=NOW), health_check_grace_period=seconds(1)),
            "grace period",
            marks=rule("ASG-45"),
        ),
        pytest.param(group(failing("i-1"), attachments=(attachment(),)), "the group's type is EC2 (ASG-44)", marks=rule("ASG-44")),
        pytest.param(
            behind_lb(failing("i-1", in_service_since=NOW), health_check_grace_period=seconds(1)), "grace period", marks=rule("ASG-45")
        ),
        pytest.param(
            behind_lb(failing("i-1"), attachments=(attachment(passed=False),)), "no instance has passed yet (ASG-82)", marks=rule("ASG-82")
        ),
        pytest.param(
            behind_lb(failing("i-1"), attachments=(attachment(AttachmentState.ADDED),)),
            "the attachment is not in service (ASG-82)",
            marks=rule("ASG-82"),
        ),
        pytest.param(behind_lb(member("i-1", targets={TG: "initial"})), "initial is not unhealthy", marks=rule("ASG-44")),
        pytest.param(behind_lb(member("i-1", targets={TG: "draining"})), "draining is not unhealthy", marks=rule("ASG-44")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_is_not_marked(observed: Group, why: str) -> None:
    assert marked(observed) == {}


@rule("ASG-44")
def test_a_target_that_is_unhealthy_in_one_target_group_marks_its_instance() -> None:
    half = member("i-1", targets={TG: "unhealthy", TG + "2": "healthy"})
    assert marked(behind_lb(half, member("i-2"))) == {"i-1": HealthFailure.ELB}


@rule("ASG-48")
def test_load_balancer_health_is_looked_at_periodically() -> None:
    observed = behind_lb(failing("i-1"), member("i-2"))
    assert marked(observed, Memory(checked_at=NOW - DELAYS.health_check + seconds(1))) == {}
    assert marked(observed, Memory(checked_at=NOW - DELAYS.health_check)) == {"i-1": HealthFailure.ELB}


@pytest.mark.parametrize(("minutes", "expected"), [(2.9, {}), (3, {"i-1": HealthFailure.STATUS_CHECK})])
@rule("ASG-42")
def test_an_impaired_status_check_marks_after_three_minutes(minutes: float, expected: dict[str, HealthFailure]) -> None:
    since = NOW - timedelta(minutes=minutes)
    assert expected == marked(group(member("i-1", impaired=True)), Memory(impaired_since={"i-1": since}))


@rule("ASG-42")
def test_the_time_of_an_impairment_starts_again_after_it_passed() -> None:
    seen = Memory(impaired_since={"i-1": NOW - seconds(99), "i-2": NOW - seconds(99)})
    since = health.impaired_since(group(member("i-1", impaired=True), member("i-2")), seen, NOW)
    assert {"i-1": NOW - seconds(99)} == since


@rule("ASG-51")
def test_when_all_fail_only_one_is_marked_at_a_time() -> None:
    all_failing = [failing(f"i-{n}") for n in range(4)]
    assert marked(behind_lb(*all_failing)) == {"i-0": HealthFailure.ELB}
    one_marked = failing("i-9", health=Health.UNHEALTHY, failure=HealthFailure.ELB)
    assert marked(behind_lb(one_marked, *all_failing)) == {}


# ---- replacing ---------------------------------------------------------------------------------------------------------------------------


def unhealthy(instance_id: str, failure: HealthFailure, **more: Any) -> Member:
    return member(instance_id, health=Health.UNHEALTHY, failure=failure, **more)


def taken(observed: Group) -> list[str]:
    return [m.instance_id for m in health.to_replace(observed, NOW)]


@rule("ASG-50")
def test_members_that_are_not_running_or_marked_by_a_user_are_replaced_at_once() -> None:
    dead = [unhealthy("i-1", HealthFailure.NOT_RUNNING), unhealthy("i-2", HealthFailure.USER), unhealthy("i-3", HealthFailure.NOT_RUNNING)]
    assert taken(group(*dead)) == ["i-1", "i-2", "i-3"]


@pytest.mark.parametrize(("size", "expected"), [(3, 1), (19, 1), (20, 2), (40, 4)])
@rule("ASG-50")
def test_others_are_replaced_a_tenth_at_a_time(size: int, expected: int) -> None:
    observed = group(*(unhealthy(f"i-{n}", HealthFailure.ELB) for n in range(size)))
    assert expected == len(taken(observed))


@pytest.mark.parametrize(
    "new",
    [
        pending("i-new"),
        member("i-new", targets={TG: "initial"}),
        member("i-new", in_service_since=NOW - seconds(59)),
    ],
    ids=["pending", "in its initial health checks", "in its warmup"],
)
@rule("ASG-50")
def test_the_next_waits_until_the_replacement_of_the_last_is_ready(new: Member) -> None:
    observed = behind_lb(unhealthy("i-1", HealthFailure.ELB), member("i-2"), new, default_instance_warmup=seconds(60))
    assert taken(observed) == []


@rule("ASG-50")
def test_the_next_waits_for_a_pending_replacement_and_not_for_draining_alone() -> None:
    observed = group(unhealthy("i-1", HealthFailure.ELB), member("i-2"), leaving("i-old"), desired_capacity=3)
    assert taken(observed) == []
    refilled = group(unhealthy("i-1", HealthFailure.ELB), member("i-2"), member("i-3"), leaving("i-old"), desired_capacity=3)
    assert taken(refilled) == ["i-1"]


@rule("ASG-50")
def test_replacement_does_not_wait_when_launch_is_suspended() -> None:
    pending = (PendingReplacement(at=NOW, unhealthy=True),)
    observed = group(
        unhealthy("i-1", HealthFailure.ELB),
        member("i-2"),
        pending_replacements=pending,
        desired_capacity=3,
        suspended=frozenset({Process.LAUNCH}),
    )
    assert taken(observed) == ["i-1"]


@rule("ASG-52")
def test_protection_from_scale_in_does_not_protect_from_replacement() -> None:
    assert taken(group(unhealthy("i-1", HealthFailure.ELB, protected=True), member("i-2"))) == ["i-1"]


@pytest.mark.parametrize("process", [Process.REPLACE_UNHEALTHY, Process.TERMINATE])
@rule("ASG-52")
def test_replacing_can_be_suspended(process: Process) -> None:
    assert taken(group(unhealthy("i-1", HealthFailure.NOT_RUNNING), suspended=frozenset({process}))) == []
