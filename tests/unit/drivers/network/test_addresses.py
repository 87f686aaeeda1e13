"""The addresses of the VPC router: who holds one changes only its own, and what is there is read back."""

import json
from collections.abc import Sequence

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.addresses import RouterAddresses
from tests.support.waiting import until


class Kernel:
    """`ip` in a namespace."""

    def __init__(self) -> None:
        self.labels: dict[str, str] = {"169.254.169.254": "lo", "172.31.0.2": "lo:dns"}
        self.batches = 0
        self.broken = False

    def run(self, command: Sequence[str], text: str | None = None) -> str:
        if self.broken:
            raise Misconfigured("`ip` failed in the VPC router: Operation not permitted")
        if command[-1] != "-":
            found = [{"local": address} for address, label in self.labels.items() if label == command[-1]]
            return json.dumps([{}, {"ifname": "lo", "addr_info": found}])
        self.batches += 1
        for verb, address, *rest in (line.split()[1:] for line in (text or "").splitlines()):
            if verb == "add":
                self.labels[address.removesuffix("/32")] = rest[-1]
            else:
                del self.labels[address.removesuffix("/32")]
        return ""

    def of(self, label: str) -> set[str]:
        return {address for address, its in self.labels.items() if its == label}


def test_a_holder_has_exactly_what_it_asked_for_and_leaves_the_others_alone() -> None:
    kernel = Kernel()
    held = RouterAddresses("lb", kernel.run)
    held.hold({"172.31.15.254", "172.31.31.254"})
    until(lambda: kernel.of("lo:lb") == {"172.31.15.254", "172.31.31.254"})
    held.hold({"172.31.31.254"})
    until(lambda: kernel.of("lo:lb") == {"172.31.31.254"})
    assert kernel.of("lo") == {"169.254.169.254"} and kernel.of("lo:dns") == {"172.31.0.2"}
    held.close()


def test_the_same_addresses_again_change_nothing() -> None:
    kernel = Kernel()
    first = RouterAddresses("lb", kernel.run)
    first.hold({"172.31.15.254"})
    until(lambda: kernel.batches == 1)
    after_restart = RouterAddresses("lb", kernel.run)
    for _ in range(3):
        after_restart.hold({"172.31.15.254"})
    after_restart.hold({"172.31.15.254", "172.31.31.254"})
    until(lambda: len(kernel.of("lo:lb")) == 2)
    assert kernel.batches == 2
    first.close()
    after_restart.close()


def test_a_failure_is_told_and_the_next_call_tries_again() -> None:
    kernel = Kernel()
    held = RouterAddresses("lb", kernel.run)
    kernel.broken = True
    held.hold({"172.31.15.254"})
    until(lambda: held.problem() is not None)
    kernel.broken = False
    held.hold({"172.31.15.254"})
    until(lambda: kernel.of("lo:lb") == {"172.31.15.254"})
    assert held.problem() is None
    held.close()
