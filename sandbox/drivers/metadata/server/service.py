"""Answers requests of all instances, and counts them. One object for the whole server; the simulated driver has one, too."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sandbox.drivers.metadata.base import Uses
from sandbox.drivers.metadata.server.answers import Caller, Request, Response, answer, error
from sandbox.drivers.metadata.server.throttle import Bucket
from sandbox.drivers.metadata.server.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Served:
    caller: Caller
    addresses: tuple[str, ...]  # by which it is known
    version: int = 0  # of its document

    @property
    def instance_id(self) -> str:
        return self.caller.document.instance_id


class Service:
    """`steady`: seconds of a clock that never goes back."""

    def __init__(self, tokens: Tokens, steady: Callable[[], float] = time.monotonic) -> None:
        self._tokens, self._steady = tokens, steady
        self._served: dict[str, Served] = {}
        self._by_address: dict[str, Caller] = {}
        self._buckets: dict[str, Bucket] = {}
        self._uses: dict[str, Uses] = {}

    def update(self, changed: Iterable[Served], gone: Iterable[str] = ()) -> None:
        """An address that two instances have, because one of them is about to go, belongs to the one that changed last."""
        for instance_id in gone:
            for known in (self._served, self._buckets, self._uses):
                known.pop(instance_id, None)
        for each in changed:
            self._served.pop(each.instance_id, None)
            self._served[each.instance_id] = each
            self._buckets.setdefault(each.instance_id, Bucket(at=self._steady()))
            self._uses.setdefault(each.instance_id, Uses())
        self._by_address = {address: each.caller for each in self._served.values() for address in each.addresses}

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(self._by_address)

    @property
    def uses(self) -> Mapping[str, Uses]:
        return dict(self._uses)

    def versions(self) -> dict[str, int]:
        """Instance id → version of the document that is served."""
        return {instance_id: each.version for instance_id, each in self._served.items()}

    def respond(self, address: str, request: Request) -> Response:
        caller = self._by_address.get(address)
        if caller is None:
            return answer(request, None, self._tokens)
        instance_id = caller.document.instance_id
        uses = self._uses[instance_id]
        if not self._buckets[instance_id].take(self._steady()):
            self._uses[instance_id] = replace(uses, throttled=uses.throttled + 1)
            return error(503)
        response = answer(request, caller, self._tokens)
        if response.without_token:
            self._uses[instance_id] = _counted(uses, response)
        return response


def _counted(uses: Uses, response: Response) -> Uses:
    if response.status == 401:
        return replace(uses, rejected=uses.rejected + 1)
    return replace(uses, without_token=uses.without_token + 1)
