"""For a sandbox whose instances are not behind a VPC router, as in the process runtime: nothing can be cut off, and it says so."""

from collections.abc import Callable

from sandbox.core.errors import Misconfigured
from sandbox.drivers.network.base import Cut, Cuts


class UnsupportedNetwork:
    def __init__(self, why_not: str) -> None:
        """`why_not`: one sentence, what `available()` returns."""
        self._why_not = why_not

    def apply(self, cuts: Cuts) -> None:
        if cuts:
            raise Misconfigured(self._why_not)

    def cut_off(self) -> Cuts:
        return frozenset()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Never called: nothing changes."""

    def available(self) -> str | None:
        return self._why_not

    def cannot(self, cut: Cut) -> str | None:
        return self._why_not

    def close(self) -> None:
        pass
