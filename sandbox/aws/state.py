"""The AWS state of the sandbox: saved, taken up again, reset. moto's backend objects are that state, with what the services keep on them;
they are written together, so that an Auto Scaling group still holds the very EC2 backend that the Region has.

What a file looks like is in state_file.py, how objects become bytes in pickling.py.
"""

import sys
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.base_backend import BackendDict, backend_lock
from moto.core.model_instances import reset_model_data
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from sandbox.aws import pickling, state_file
from sandbox.aws.context import LOCK, context
from sandbox.aws.state_file import Header, Unreadable
from sandbox.core.clock import Reading
from sandbox.core.errors import SandboxError

KEPT: dict[str, tuple[str, str]] = {
    name: (f"moto.{name}.models", f"{name}_backends") for name in ("ec2", "elb", "elbv2", "autoscaling", "cloudwatch", "sns", "sqs", "fis")
}
"""What is saved: {name: (module, name of its BackendDict)}. Identities (iam, sts) and other services begin anew."""

REFERENCES = ("vpc_refs", "vpc_pcx_refs", "backend_refs")
"""Sets of weak references on classes, by which moto's EC2 backends find each other across Regions: not pickled, so made again."""

CACHES = (("moto.ec2.models.subnets", "Subnet", "_base_avail_ip_iterator"), ("moto.sns.models", "Subscription", "private_key"))
"""Methods with functools' cache: it holds each subnet, and by it the whole old backend, for ever. Emptied with the backends."""

Backends = dict[str, dict[str, dict[str, Any]]]  # name → account → Region → backend


def keep(name: str, module: str, backends: str) -> None:
    """Adds a service of ours to what is saved."""
    KEPT[name] = (module, backends)


def save(path: Path, newest_event: Callable[[], str] = str, configured: float | None = None) -> None:
    """Replaces the file in one step. The lock is held while the objects are written to memory, not for the disk.
    `newest_event` returns the id of the last event whose effects the state holds; `configured` is the speed that the control plane was
    started with (None: that of the settings)."""
    with LOCK:
        header = Header(event=newest_event(), clock=_reading(configured))
        try:
            objects = pickling.dumps(_gather())
        except SandboxError as error:
            raise SandboxError(f"The state cannot be saved: {error}") from error
    state_file.write(path, header, objects)


def load(path: Path) -> str:
    """Puts the saved state in the place of the present one. → the id of the last event it knows of, "" when it has none.
    Raises Unreadable when the file cannot be taken over; then the present state stays, or is empty."""
    for module, _ in KEPT.values():
        import_module(module)
    with LOCK:
        header, saved = state_file.read(path)
        reset()
        try:
            _begin_new_ids()
            for name, accounts in saved.items():
                _restore(name, accounts)
        except Exception as error:
            reset()
            raise Unreadable(f"does not hold what it should ({type(error).__name__}: {error})") from error
    return header.event


def begin_after(lost: str) -> None:
    """The state starts empty because the file `lost` was set aside. Until a reset, machines that belong to no instance are left alone, and
    so is what the load balancers' proxy serves: both may be of the state that could not be read."""
    settings = context().settings
    with LOCK:
        ec2_backends[settings.account][settings.region].sandbox_state_lost = lost


def _reading(configured: float | None) -> Reading:
    clock = context().clock
    started_with = context().settings.speed if configured is None else configured
    return Reading(at=clock.now(), wall=datetime.now(UTC), speed=clock.speed, configured=started_with)


def reset(seed: int | None = None) -> None:
    """All backends of all services are empty and new. With `seed`, moto's ids (i-…, vpc-…) are the same each time."""
    with LOCK, backend_lock:
        for backends in list(BackendDict._instances):
            for account in list(backends.values()):
                account.clear()  # moto's caches hold the account's dict: it must not hold the backends
            backends.clear()
        BackendDict._instances.clear()
        reset_model_data()
        _empty_caches()
        if seed is not None:
            mock_random.seed(seed)


def _begin_new_ids() -> None:
    """moto's ids come from a seed: begun anew with the same one, a new instance would get the id of an earlier one. Not continued from
    the file either, for what was made after the last save has ids, too. The moment makes them new, and the same in each replay."""
    known = context()
    mock_random.seed(f"{known.settings.seed} taken up at {known.clock.now().isoformat()}")


def _empty_caches() -> None:
    for module, owner, method in CACHES:
        if module in sys.modules:
            getattr(getattr(sys.modules[module], owner), method).cache_clear()


def _gather() -> Backends:
    return {name: _accounts(*where) for name, where in KEPT.items() if where[0] in sys.modules}


def _accounts(module: str, name: str) -> dict[str, dict[str, Any]]:
    return {account: dict(regions) for account, regions in getattr(sys.modules[module], name).items()}


def _restore(name: str, accounts: dict[str, dict[str, Any]]) -> None:
    module, attribute = KEPT[name]
    backends = getattr(import_module(module), attribute)
    for account, regions in accounts.items():
        for region, backend in regions.items():
            backends[account][region] = backend
            if name == "ec2":
                _reserve_addresses(backend)
            for references in REFERENCES:
                if hasattr(backend, references):
                    getattr(backend, references)[type(backend)].add(weakref.ref(backend))


def _reserve_addresses(backend: Any) -> None:
    """moto's iterator over a subnet's addresses is a cache, so it begins anew after loading: it must not give out what AWS reserves."""
    for subnets in backend.subnets.values():
        for subnet in subnets.values():
            subnet._reserved_ips |= subnet.aws_reserved_ips
