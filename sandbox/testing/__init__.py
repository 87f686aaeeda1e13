"""A sandbox in a test suite: your own service in an Auto Scaling group behind a load balancer, client traffic, faults, and a report of what
the clients saw.

    from sandbox.testing import Sandbox

    with Sandbox(runtime="process") as sandbox:
        with sandbox.service(zones=3, size=6) as web, web.load(rate=60) as traffic:
            with web.fault("zone-blackhole", web.fullest_zone()):
                web.wait(120)
        assert traffic.availability >= 90, traffic.losses

plugin.py has the same as pytest fixtures, case.py for unittest. Each process has a sandbox of its own, with its own ports and addresses
(slots.py), so tests can run in parallel. Everything is removed at the end, also when a test raises in the middle of a fault.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.testing.case import SandboxTestCase
    from sandbox.testing.sandbox import Sandbox
    from sandbox.testing.service import Service
    from sandbox.testing.traffic import Traffic

__all__ = ["Sandbox", "SandboxTestCase", "Service", "Traffic"]

HOMES = {"Sandbox": "sandbox", "SandboxTestCase": "case", "Service": "service", "Traffic": "traffic"}


def __getattr__(name: str) -> Any:
    """Imports a class when it is first used (PEP 562): pytest loads plugin.py in every session, and these import moto."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
