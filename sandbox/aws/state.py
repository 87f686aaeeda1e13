"""The AWS state of the sandbox as one file. moto's backend objects are that state, with what services/*/backend.py keep on them; they are
pickled together, so that an Auto Scaling group still holds the very EC2 backend that the Region has.

The first line of the file is a header in JSON; a file of another moto version or schema is refused, since model attributes move between
versions of moto. Only load a file that this sandbox wrote: a pickle can run code.
"""

import copyreg
import json
import os
import pickle
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
import moto
from moto.core.base_backend import BackendDict, backend_lock
from moto.core.model_instances import reset_model_data
from moto.moto_api._internal import mock_random

from sandbox.aws.context import LOCK, context
from sandbox.core.errors import SandboxError, UserError

MAGIC, SCHEMA = "fault-tolerance-sandbox state", 3

KEPT: dict[str, tuple[str, str]] = {
    name: (f"moto.{name}.models", f"{name}_backends") for name in ("ec2", "elb", "elbv2", "autoscaling", "cloudwatch", "sns", "sqs", "fis")
}
"""What is saved: {name: (module, name of its BackendDict)}. Identities (iam, sts) and other services begin anew."""

REFERENCES = ("vpc_refs", "vpc_pcx_refs", "backend_refs")
"""Sets of weak references on classes, by which moto's EC2 backends find each other across Regions: not pickled, so made again."""

CACHES = (("moto.ec2.models.subnets", "Subnet", "_base_avail_ip_iterator"), ("moto.sns.models", "Subscription", "private_key"))
"""Methods with functools' cache: it holds each subnet, and by it the whole old backend, for ever. Emptied with the backends."""

copyreg.pickle(type(threading.RLock()), lambda lock: (threading.RLock, ()))  # a queue has one; nobody holds it when the state is saved

Backends = dict[str, dict[str, dict[str, Any]]]  # name → account → Region → backend


def keep(name: str, module: str, backends: str) -> None:
    """Adds a service of ours to what is saved."""
    KEPT[name] = (module, backends)


def save(path: Path, newest_event: Callable[[], str] = str) -> None:
    """Replaces the file in one step. The lock is held while the objects are pickled (30-40 ms for 500 instances), not for the disk.
    `newest_event` tells the id of the last event of which the state holds what came of it."""
    with LOCK:
        event = newest_event()
        try:
            blob = pickle.dumps(_gather(), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # pickle raises many kinds
            raise SandboxError(f"The state cannot be saved: {type(error).__name__}: {error}") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(_header() | {"event": event}).encode() + b"\n" + blob)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path) -> str:
    """Puts the saved state in the place of the present one. → the id of the last event it knows of, "" when none was told.
    Raises UserError for a file that is not of this sandbox and moto version."""
    header, _, blob = path.read_bytes().partition(b"\n")
    event = _check(path, header)
    with LOCK:
        for module, _ in KEPT.values():
            import_module(module)
        try:
            saved: Backends = pickle.loads(blob)
        except Exception as error:
            raise _unreadable(path, f"is damaged ({type(error).__name__}: {error})") from error
        reset()
        _begin_new_ids()
        for name, accounts in saved.items():
            _restore(name, accounts)
    return event


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


def _header() -> dict[str, Any]:
    return {"magic": MAGIC, "schema": SCHEMA, "moto": moto.__version__}


def _check(path: Path, header: bytes) -> str:
    """→ the header's event."""
    try:
        found = json.loads(header)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("magic") != MAGIC:
        raise _unreadable(path, "is not a state of the sandbox")
    event = str(found.pop("event", ""))
    if found != _header():
        its = f"moto {found.get('moto')}, schema {found.get('schema')}"
        raise _unreadable(path, f"was written with {its}; this sandbox has moto {moto.__version__}, schema {SCHEMA}")
    return event


def _unreadable(path: Path, why: str) -> UserError:
    return UserError(f"{path} {why}, so it cannot be taken over.", f"mv {path} {path}.old")
