"""The table as `sandbox services` and docs/services.md show it: every service that answers here, those without a row included."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from botocore.session import Session
from moto.backend_index import backend_url_patterns
from moto.core.utils import service_name_from_moto_package_name

from sandbox.aws import state
from sandbox.aws.catalogue.table import Kind, Service, entries, entry
from sandbox.aws.http.dispatcher import BOTOCORE_NAMES

ORDER = tuple(Kind)


def services(ours: Iterable[str] = ()) -> tuple[Service, ...]:
    """By class, then by name. `ours`: services that we added to moto's. Imports no service of moto."""
    known = set(Session().get_available_services())
    named = {_botocore_name(name) for name, _ in backend_url_patterns} | set(entries()) | set(ours)
    return tuple(sorted((entry(name) for name in named & known), key=lambda one: (ORDER.index(one.kind), one.name)))


def saved(name: str) -> bool:
    """Whether a restart of the control plane keeps the service's state."""
    return name in {_botocore_name(kept) for kept in state.KEPT}


def as_json(service: Service) -> Mapping[str, Any]:
    return {
        "name": service.name,
        "class": service.kind.value,
        "saved": saved(service.name),
        "note": service.note,
        "refused": [{key: value for key, value in asdict(row).items() if value} for row in service.refused],
    }


def _botocore_name(name: str) -> str:
    return BOTOCORE_NAMES.get(name) or str(service_name_from_moto_package_name(name.replace("-", "")))
