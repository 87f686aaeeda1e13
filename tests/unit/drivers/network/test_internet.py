"""Which instances the VPC router lets out, as commands to its packet filter."""

from collections.abc import Sequence

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.internet import RouterInternet
from tests.support import rule
from tests.support.waiting import until


class Router:
    """Its packet filter, which takes whole transactions."""

    def __init__(self) -> None:
        self.out: set[str] = {"10.9.9.9"}  # let out by an earlier control plane
        self.transactions = 0
        self.ready = True

    def run(self, command: Sequence[str], text: str | None = None) -> str:
        if not self.ready:
            raise Misconfigured("`nft -f -` failed in the VPC router: No such file or directory")
        flush, *add = (text or "").splitlines()
        assert flush == "flush set ip sandbox internet"
        self.out = set(add[0].removeprefix("add element ip sandbox internet { ").removesuffix(" }").split(", ")) if add else set()
        self.transactions += 1
        return ""


@rule("NET-2")
def test_exactly_the_instances_that_are_named_are_let_out() -> None:
    router = Router()
    internet = RouterInternet(router.run)
    for wanted in ({"10.0.1.4", "10.0.2.4"}, {"10.0.2.4"}, set[str]()):
        internet.let_out(wanted)
        until(lambda wanted=wanted: router.out == wanted)  # type: ignore[misc]
    internet.close()


def test_a_new_control_plane_takes_back_what_an_earlier_one_allowed() -> None:
    router = Router()
    internet = RouterInternet(router.run)
    internet.let_out(())
    until(lambda: router.out == set())
    for _ in range(3):
        internet.let_out(())
    internet.let_out({"10.0.1.4"})
    until(lambda: router.out == {"10.0.1.4"})
    assert router.transactions == 2
    internet.close()


def test_before_the_router_has_its_table_it_is_tried_again() -> None:
    router = Router()
    router.ready = False
    internet = RouterInternet(router.run)
    internet.let_out({"10.0.1.4"})
    router.ready = True
    until(lambda: router.out == {"10.0.1.4"})
    internet.close()
