"""Instances, as those who log in see them. Reads only."""

from collections.abc import Iterator
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.drivers.commands.base import CommandReport, Commands
from sandbox.drivers.runtime.commands import CommandEnd
from sandbox.services.instance_connect.decide.script import PROBLEMS
from sandbox.services.instance_connect.model import USERS, Host, Login, Observed

GONE = ("shutting-down", "terminated")


def host(scope: Scope, instance_id: str) -> Host | None:
    """None: there is no such instance, or it is terminated."""
    found = _find(scope, instance_id)
    if found is None or found.lifecycle_state.value in GONE:
        return None
    return Host(
        instance_id=found.id,
        zone=found.availability_zone,
        running=found.lifecycle_state.value == "running",
        answers=context().machines.reachable(found.id) is True,
    )


def keys() -> Iterator[str]:
    """Of the running instances with a key pair."""
    for scope, ec2 in backends.walk(ec2_backends):
        for reservation in ec2.reservations.values():
            yield from (scope.key(each.id) for each in reservation.instances if _has_key(each))


def observe(key: str, commands: Commands, cause: str | None) -> Observed | None:
    scope, instance_id = Scope.split(key)
    found = _find(scope, instance_id)
    if found is None or not _has_key(found):
        return None
    known = start_key(key, found.sandbox.boots)
    report = commands.latest(known)
    return Observed(
        instance_id=found.id,
        boots=found.sandbox.boots,
        login=Login(user=USERS[0], public_key=_public_key(found), seconds=None),
        at_work=commands.is_running(known),
        done=report is not None,
        problem=problem(report) if report else None,
        cause=cause,
    )


def start_key(key: str, boot: int) -> str:
    """What the driver knows the installation of a boot by."""
    return f"{key}/ssh/{boot}"


def problem(report: CommandReport) -> str | None:
    """Why the script failed; None: it did not."""
    result = report.result
    if result is None:
        return "the machine did not answer"
    if result.end is CommandEnd.EXITED and result.exit_code == 0:
        return None
    told = result.detail or result.stderr.decode(errors="replace").strip()
    return PROBLEMS.get(result.exit_code or 0) or told or f"exit code {result.exit_code}"


def has_key(key: str) -> bool:
    scope, instance_id = Scope.split(key)
    found = _find(scope, instance_id)
    return found is not None and _has_key(found)


def _has_key(instance: Any) -> bool:
    """Most instances have no name of a key pair, and that is asked first: this runs for each instance at each wake-up."""
    return bool(instance.key_name) and instance.lifecycle_state.value == "running" and bool(_public_key(instance))


def _public_key(instance: Any) -> str:
    pair = instance.ec2_backend.key_pairs.get(instance.key_name) if instance.key_name else None
    return str(pair.public_key).strip() if pair else ""


def _find(scope: Scope, instance_id: str) -> Any | None:
    ec2 = backends.find(ec2_backends, scope)
    return backends.find_instance(ec2, instance_id) if ec2 else None
