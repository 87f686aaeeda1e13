"""Terraform: `apply` of examples/terraform with what tests/clients/terraform adds, and `plan` without changes, at speed 10.

The provider itself waits: 30 s after CreateLoadBalancer and 30 s after ModifyLoadBalancerAttributes, before it asks for the state at all.
So an `apply` with a load balancer takes at least 60 s against any server.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.kit.figure import Figure, at_most, not_measured
from tests.support.clients import ClientSandbox, free_ports
from tests.support.real_clients.terraform import in_folder, installed

APPLY, PLAN = 60.0, 15.0  # seconds
LISTENERS = 10
METHOD = "speed 10, process runtime; the provider's own waits for a load balancer are 60 s of it"


def measure() -> list[Figure]:
    if not installed():
        return [not_measured("terraform apply", "not measured: Terraform with its AWS provider is not installed")]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        first = free_ports(LISTENERS + 2)
        sandbox = ClientSandbox(Path(name) / "sandbox", first, first + 1, range(first + 2, first + 2 + LISTENERS))
        sandbox.up()
        try:
            terraform = in_folder(sandbox, Path(name) / "stack")
            terraform.add_more()
            applied = _seconds(terraform.apply)
            planned = _seconds(terraform.assert_unchanged)
            terraform.destroy()
        finally:
            sandbox.down()
    return [
        at_most("terraform apply of the stack", applied, "s", APPLY, METHOD),
        at_most("terraform plan without changes", planned, "s", PLAN, "one run"),
    ]


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
