"""The application status checks of moto's EC2 backends, and what is kept of them on instances: read for the loop and for the API.

The checks are in `backend.sandbox_application_checks`, by id; the results and the suppression of an instance in `instance.sandbox`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.core.control import Scope
from sandbox.drivers.probe.base import ProbeResult
from sandbox.services.ec2.application.decide.status import metrics, status_of
from sandbox.services.ec2.application.model import (
    ApplicationExtra,
    ApplicationStatusCheck,
    AppliedCheck,
    InstanceStatus,
    Machine,
    ObservedApplication,
    Overall,
    Suppression,
    probe_key,
)

RUNNING = "running"
Endpoint = Callable[[str, int], tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where the loop's knowledge comes from besides moto."""

    endpoint: Endpoint  # Runtime.endpoint
    latest: Callable[[str], ProbeResult | None]  # Prober.latest
    cause: Callable[[str, Iterable[str]], str | None]  # instance id and checks → the newest event that acted on them


def monitored() -> Iterator[tuple[Scope, Any]]:
    for scope, backend in backends.walk(ec2_backends):
        for reservation in list(backend.reservations.values()):
            yield from ((scope, instance) for instance in reservation.instances if is_monitored(instance))


def is_monitored(instance: Any) -> bool:
    """A check applies to it, or something is still kept of it."""
    checks = instance.ec2_backend.sandbox_application_checks.values()
    return _something_kept(instance.sandbox.application) or any(_applies(check, instance) for check in checks)


def find(scope: Scope, instance_id: str) -> Any | None:
    backend = backends.find(ec2_backends, scope)
    return find_in(backend, instance_id) if backend else None


def find_in(backend: Any, instance_id: str) -> Any | None:
    return backends.find_instance(backend, instance_id)


def applied(instance: Any) -> tuple[AppliedCheck, ...]:
    """The checks that apply to the instance, with what is kept of them."""
    checks: Mapping[str, ApplicationStatusCheck] = instance.ec2_backend.sandbox_application_checks
    if not checks:
        return ()
    results = instance.sandbox.application.results
    return tuple(
        AppliedCheck(
            check_id=check.check_id,
            settings=check.settings,
            updated_at=check.modified_at or check.created_at,
            result=results.get(check.check_id),
        )
        for check in list(checks.values())
        if _applies(check, instance)
    )


def status(instance: Any, now: datetime) -> InstanceStatus:
    """Of an instance that does not run nothing is known."""
    if instance.state != RUNNING:
        return InstanceStatus(status=Overall.NOT_APPLICABLE)
    return status_of(applied(instance), instance.sandbox.application.suppression, now)


def measured(instance: Any, now: datetime) -> tuple[tuple[str, float], ...]:
    """Name and value of the metrics of a running instance (EC2-87)."""
    return tuple(metrics(status(instance, now)))


def observe(scope: Scope, instance: Any, sources: Sources) -> ObservedApplication:
    key, checks = scope.key(instance.id), applied(instance)
    probed = {each.check_id: sources.latest(probe_key(key, each.check_id)) for each in checks}
    return ObservedApplication(
        key=key,
        instance_id=instance.id,
        machine=_machine(instance, checks, sources.endpoint),
        checks=checks,
        kept=instance.sandbox.application,
        probed={check_id: result for check_id, result in probed.items() if result},
        cause=sources.cause(instance.id, [each.check_id for each in checks]),
    )


def keep(instance: Any, kept: ApplicationExtra) -> None:
    instance.sandbox.application = kept


def suppress(instance: Any, suppression: Suppression) -> None:
    instance.sandbox.application = replace(instance.sandbox.application, suppression=suppression)


def forget_instance(backend: Any, instance_id: str) -> None:
    """The instance is no more: no check is associated with it."""
    for check_id, check in list(backend.sandbox_application_checks.items()):
        if instance_id in check.instances:
            left = tuple(each for each in check.instances if each != instance_id)
            backend.sandbox_application_checks[check_id] = replace(check, instances=left)


def _something_kept(kept: ApplicationExtra) -> bool:
    return bool(kept.results) or (kept.suppression is not None and not kept.suppression.over)


def _applies(check: ApplicationStatusCheck, instance: Any) -> bool:
    return check.applies(instance.id, instance.ec2_backend.tags.get(instance.id, {}))


def _machine(instance: Any, checks: tuple[AppliedCheck, ...], endpoint: Endpoint) -> Machine | None:
    if instance.state != RUNNING or instance.private_ip is None:
        return None
    address = str(instance.private_ip)
    launched_at: datetime = instance.launch_time.replace(tzinfo=UTC)
    ports = {each.settings.port for each in checks}
    endpoints = {port: endpoint(address, port) for port in ports}
    return Machine(instance_id=instance.id, address=address, launched_at=launched_at, endpoints=endpoints)
