"""The causes and descriptions of activities, exactly as AWS words them (section 2.5 of the rules). Pure; times are UTC to the second.

A cause is sentences joined by two spaces (ASG-57): first who changed the desired capacity, then what the group did.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sandbox.core.text import at

LONGEST_CAUSE = 1023  # characters

PROTECTED = "Could not scale to desired capacity because all remaining instances are protected from scale-in."  # ASG-62
LAUNCHING = "Launching a new EC2 instance"
DRAINING = " - Waiting For ELB Connection Draining."
VALID_TEMPLATE = "You must use a valid fully-formed launch template."  # ASG-19
FAILED_TAIL = " Launching EC2 instance failed."


def cause(*sentences: str) -> str:
    return "  ".join(sentences)[:LONGEST_CAUSE]


# ---- who changed the desired capacity ----------------------------------------------------------------------------------------------


def created(now: datetime, new: int) -> str:
    return f"At {at(now)} a user request created an AutoScalingGroup changing the desired capacity from 0 to {new}."


def updated(now: datetime, bounds: tuple[int, int, int], old: int) -> str:
    """`bounds`: min, max and the new desired capacity."""
    low, high, new = bounds
    return (
        f"At {at(now)} a user request update of AutoScalingGroup constraints to min: {low}, max: {high}, desired: {new}"
        f" changing the desired capacity from {old} to {new}."
    )


def desired_set(now: datetime, old: int, new: int) -> str:
    return f"At {at(now)} a user request explicitly set group desired capacity changing the desired capacity from {old} to {new}."


def alarm(now: datetime, names: tuple[str, str], old: int, new: int, state: str = "ALARM") -> str:
    """`names`: the alarm's and the policy's."""
    return (
        f"At {at(now)} a monitor alarm {names[0]} in state {state} triggered policy {names[1]}"
        f" changing the desired capacity from {old} to {new}."
    )


def scheduled(now: datetime, bounds: tuple[int, int, int], old: int) -> str:
    return updated(now, bounds, old).replace("a user request update", "a scheduled action update")


def policy_executed(now: datetime, policy: str, old: int, new: int) -> str:
    """(U)"""
    return f"At {at(now)} a user request executed policy {policy} changing the desired capacity from {old} to {new}."


def force_deleted(now: datetime, old: int) -> str:
    """(U)"""
    return f"At {at(now)} a user request force deleted this AutoScalingGroup, shrinking the capacity from {old} to 0."


# ---- what the group did ------------------------------------------------------------------------------------------------------------


def started(now: datetime, old: int, new: int) -> str:
    return (
        f"At {at(now)} an instance was started in response to a difference between desired and actual capacity,"
        f" increasing the capacity from {old} to {new}."
    )


def replaced(now: datetime) -> str:
    return f"At {at(now)} an instance was launched in response to an unhealthy instance needing to be replaced."


def refreshed(now: datetime) -> str:
    return f"At {at(now)} an instance was launched in response to an instance refresh."


def refreshed_out(now: datetime, instance_id: str) -> str:
    return cause(
        f"At {at(now)} an instance was taken out of service in response to an instance refresh.",
        f"At {at(now)} instance {instance_id} was selected for termination.",
    )


def shrunk(now: datetime, old: int, new: int, chosen: Iterable[str]) -> str:
    """One sentence of choice for each instance."""
    return cause(
        f"At {at(now)} an instance was taken out of service in response to a difference between desired and actual capacity,"
        f" shrinking the capacity from {old} to {new}.",
        *(f"At {at(now)} instance {instance_id} was selected for termination." for instance_id in chosen),
    )


def not_running(now: datetime) -> str:
    return (
        f"At {at(now)} an instance was taken out of service in response to an EC2 health check"
        " indicating it has been terminated or stopped."
    )


def status_check(now: datetime) -> str:
    return f"At {at(now)} an instance was taken out of service in response to an EC2 instance status checks failure."


def application(now: datetime) -> str:
    """ASG-126. AWS's wording is not documented (U)."""
    return f"At {at(now)} an instance was taken out of service in response to an EC2 application status check failure."


def scheduled_event(now: datetime) -> str:
    """ASG-43. AWS's heading names a scheduled reboot; the wording for the other events is not documented (U)."""
    return f"At {at(now)} an instance was taken out of service in response to an EC2 scheduled event."


def elb(now: datetime) -> str:
    return f"At {at(now)} an instance was taken out of service in response to an ELB system health check failure."


def user_health_check(now: datetime) -> str:
    return f"At {at(now)} an instance was taken out of service in response to a user health-check."


def hook_abandoned(now: datetime) -> str:
    """(U)"""
    return f"At {at(now)} an instance was taken out of service in response to an abandoned lifecycle action."


def user_terminated(now: datetime, instance_id: str, shrink: tuple[int, int] | None) -> str:
    """`shrink`: the capacity before and after; None: it is to be replaced."""
    return f"At {at(now)} instance {instance_id} was taken out of service in response to a user request{_shrinking(shrink)}."


def rebalanced(now: datetime, into: str, counts: Mapping[str, int]) -> str:
    """`counts`: instances by zone before, in the order of the zones' names."""
    zones = sorted(counts)
    return cause(
        f"At {at(now)} instances were launched to balance instances in zones {into} with other zones"
        " resulting in more than desired number of instances in the group.",
        f"At {at(now)} availability zones {' '.join(zones)} had {' '.join(str(counts[z]) for z in zones)} instances respectively."
        " An instance was launched to aid in balancing the group's zones.",
    )


def detached(now: datetime, instance_id: str, shrink: tuple[int, int] | None) -> str:
    return f"At {at(now)} instance {instance_id} was detached in response to a user request{_shrinking(shrink)}."


def attached(now: datetime, capacity: int) -> str:
    return f"At {at(now)} an instance was added in response to user request. Keeping the capacity at the new {capacity}."


def standby_entered(now: datetime, instance_id: str, shrink: tuple[int, int] | None) -> str:
    return f"At {at(now)} instance {instance_id} was moved to standby in response to a user request{_shrinking(shrink)}."


def standby_left(now: datetime, instance_id: str, old: int, new: int) -> str:
    return (
        f"At {at(now)} instance {instance_id} was moved out of standby in response to a user request,"
        f" increasing the capacity from {old} to {new}."
    )


def _shrinking(shrink: tuple[int, int] | None) -> str:
    return "" if shrink is None else f", shrinking the capacity from {shrink[0]} to {shrink[1]}"


# ---- descriptions ------------------------------------------------------------------------------------------------------------------


def launching(instance_id: str) -> str:
    return f"{LAUNCHING}: {instance_id}"


def terminating(instance_id: str) -> str:
    return f"Terminating EC2 instance: {instance_id}"


def detaching(instance_id: str) -> str:
    return f"Detaching EC2 instance: {instance_id}"


def attaching(instance_id: str) -> str:
    return f"Attaching an existing EC2 instance: {instance_id}"


def entering_standby(instance_id: str) -> str:
    return f"Moving EC2 instance to Standby: {instance_id}"


def leaving_standby(instance_id: str) -> str:
    return f"Moving EC2 instance out of Standby: {instance_id}"


def failed(description: str, message: str) -> str:
    return f"{description}.  Status Reason: {message}"


def abandoned(token: str, reason: str) -> str:
    """The StatusMessage of a launch whose lifecycle action was abandoned. `reason`: how."""
    return f"Instance failed to complete user's Lifecycle Action: Lifecycle Action with token {token} was abandoned: {reason}"


# ---- launch failures: EC2's error → the group's StatusMessage (ASG-60) ---------------------------------------------------------------

_REWORDED: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("InvalidAMIID.NotFound", re.compile(r"(ami-\w+)"), "The AMI ID {} does not exist."),
    ("InvalidAMIID.Malformed", re.compile(r"(ami-\w+)"), "The AMI ID {} does not exist."),
    ("InvalidKeyPair.NotFound", re.compile(r"key ?pair '([^']+)'"), "The key pair {} does not exist."),
    ("InvalidLaunchTemplateId.NotFoundException", re.compile(r"(.*)"), VALID_TEMPLATE + " {}"),
    ("InvalidLaunchTemplateId.NotFound", re.compile(r"(.*)"), VALID_TEMPLATE + " {}"),
    ("InvalidLaunchTemplateId.VersionNotFound", re.compile(r"(.*)"), VALID_TEMPLATE + " {}"),
    ("InvalidGroup.NotFound", re.compile(r"security group '([^']+)'"), "The security group {} does not exist."),
)


def insufficient_capacity(instance_type: str, zone: str, others: Sequence[str]) -> str:
    """Of the EC2 error InsufficientInstanceCapacity (EC2-15)."""
    return (
        f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone})."
        f" Our system will be working on provisioning additional capacity. You can currently get {instance_type} capacity"
        f" by not specifying an Availability Zone in your request or choosing {', '.join(others)}."
    )


def launch_failure(code: str, message: str) -> str:
    """The StatusMessage for EC2's error `code` with `message`."""
    for known, pattern, wording in _REWORDED:
        if code == known and (found := pattern.search(message)):
            message = wording.format(found[1])
    return message.rstrip(". ") + "." + FAILED_TAIL
