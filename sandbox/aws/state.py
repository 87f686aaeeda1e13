"""Saves, loads and resets the AWS state of the sandbox: moto's backend objects, with what the services store on them. All are written
together, so that after loading an Auto Scaling group still refers to the EC2 backend of its Region.

state_file.py defines the format of the file, pickling.py converts objects to bytes.
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
    name: (f"moto.{name}.models", f"{name}_backends")
    for name in ("ec2", "elb", "elbv2", "autoscaling", "cloudwatch", "sns", "sqs", "iam", "sts")
}
"""What is saved: {name: (module, name of its BackendDict)}. Launches need the instance profiles of iam, and
instances the sessions of sts. Other services are not saved."""

FORMER = ("moto.fis.models",)
"""Modules of moto's backends in files of earlier releases, whose services are ours now. They held records without effect: dropped."""

REFERENCES = ("vpc_refs", "vpc_pcx_refs", "backend_refs")
"""Sets of weak references on classes, with which moto's EC2 backends find each other across Regions. Restored after loading."""

CACHES = (("moto.ec2.models.subnets", "Subnet", "_base_avail_ip_iterator"), ("moto.sns.models", "Subscription", "private_key"))
"""Methods with a functools cache, which refers to old objects and so keeps the old backend in memory. Cleared with the backends."""

Backends = dict[str, dict[str, dict[str, Any]]]  # name → account → Region → backend


def keep(name: str, module: str, backends: str) -> None:
    """Adds a service of ours to what is saved."""
    KEPT[name] = (module, backends)


def save(path: Path, newest_event: Callable[[], str] = str, configured: float | None = None) -> None:
    """Replaces the file atomically. Holds the lock while the objects are converted to bytes, but not while they are written to disk.
    `newest_event` returns the id of the last event whose effects the state contains; `configured` is the speed that the control plane was
    started with (None: that of the settings)."""
    with LOCK:
        header = Header(event=newest_event(), clock=_reading(configured))
        try:
            objects = pickling.dumps(_gather())
        except SandboxError as error:
            raise SandboxError(f"The state cannot be saved: {error}") from error
    state_file.write(path, header, objects)


def load(path: Path) -> str:
    """Replaces the current state with the saved one. → the id of the last event whose effects it contains, "" if unknown.
    Raises Unreadable if the file cannot be used; the current state is then unchanged or empty."""
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
            raise Unreadable(f"has invalid content ({type(error).__name__}: {error})") from error
    return header.event


def begin_after(lost: str) -> None:
    """Records that the state starts empty because the file `lost` was set aside. Until a reset, machines without an instance and the load
    balancer proxy are left running: they may belong to the state that could not be read."""
    settings = context().settings
    with LOCK:
        ec2_backends[settings.account][settings.region].sandbox_state_lost = lost


def _reading(configured: float | None) -> Reading:
    clock = context().clock
    started_with = context().settings.speed if configured is None else configured
    return Reading(at=clock.now(), wall=datetime.now(UTC), speed=clock.speed, configured=started_with)


def reset(seed: int | None = None) -> None:
    """Deletes all backends of all services. With `seed`, moto's ids (i-…, vpc-…) are the same each time."""
    with LOCK, backend_lock:
        _close_objects()
        for backends in list(BackendDict._instances):
            for account in list(backends.values()):
                account.clear()  # moto's caches refer to the account's dict: it must not refer to the backends
            backends.clear()
        BackendDict._instances.clear()
        reset_model_data()
        _empty_caches()
        if seed is not None:
            mock_random.seed(seed)


def _close_objects() -> None:
    """moto's S3 has a temporary file for each object and a list of the names of all buckets; both outlive its backends."""
    for regions in list(getattr(sys.modules.get("moto.s3.models"), "s3_backends", {}).values()):
        for backend in list(regions.values()):
            backend.reset()


def _begin_new_ids() -> None:
    """Seeds moto's id generator with the current time. With the original seed, new instances would get ids that were used before; the saved
    position does not help, because objects created after the last save have ids too. In a replay the time, and so the ids, are the same."""
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
            if type(backend).__module__ in FORMER:
                continue
            backends[account][region] = backend
            if name == "ec2":
                _reserve_addresses(backend)
                backend.add_missing_images()
            for references in REFERENCES:
                if hasattr(backend, references):
                    getattr(backend, references)[type(backend)].add(weakref.ref(backend))


def _reserve_addresses(backend: Any) -> None:
    """Marks the addresses that AWS reserves: moto's iterator over a subnet's addresses starts again after loading and would assign them."""
    for subnets in backend.subnets.values():
        for subnet in subnets.values():
            subnet._reserved_ips |= subnet.aws_reserved_ips
