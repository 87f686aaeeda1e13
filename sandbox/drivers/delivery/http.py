"""The Deliverer that really posts: one asyncio loop in one thread, a POST of its own for each delivery (posting.py).

A subscriber that never answers holds only its own places: the limit of deliveries under way is for each host and port. What goes to a
loopback address is given to the courier where there is one: a control plane in a container has another loopback than its user.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.core.clock import Clock
from sandbox.core.own_ports import OwnPort
from sandbox.drivers.delivery import courier
from sandbox.drivers.delivery.base import DeliveryRequest, DeliveryResult, Outcome
from sandbox.drivers.delivery.posting import Fate, Letter, Poster, destination, fate_of
from sandbox.drivers.requester import AsyncRequester

AT_ONCE = 32  # to one host and port
SHORTEST_TIMEOUT = 1.0  # real seconds, whatever the clock's speed: a subscriber is a program of the real world


class HttpDeliverer(AsyncRequester[DeliveryResult]):
    def __init__(
        self,
        clock: Clock,
        *,
        shortest: float = SHORTEST_TIMEOUT,
        courier_at: Path | None = None,
        own_ports: Sequence[OwnPort] = (),
    ) -> None:
        """`courier_at`: its socket; None: this process has the user's own loopback. `own_ports`: of the sandbox, to which nothing is sent
        but to its load balancers."""
        self._clock, self._shortest, self._courier, self._own_ports = clock, shortest, courier_at, own_ports
        self._places: dict[str, asyncio.Semaphore] = {}
        self._poster = Poster(own_ports)
        super().__init__("deliverer")

    def start(self, request: DeliveryRequest) -> None:
        self._results.begin(request)
        self._schedule(partial(self._deliver, request))

    # ---- in the loop's thread ------------------------------------------------------------------------------------------------------

    async def _cancel_all(self) -> None:
        await super()._cancel_all()
        await self._poster.close()
        await self._loop.shutdown_default_executor()

    async def _deliver(self, request: DeliveryRequest) -> None:
        try:
            fate = await self._in_turn(request)
        except Exception as error:  # every delivery ends in a result; what is left is the request's own fault
            fate = fate_of(error)
        timed_out = f"no answer within {request.timeout.total_seconds():g} s" if fate.outcome is Outcome.TIMED_OUT else fate.detail
        self._results.end(
            DeliveryResult(
                key=request.key,
                number=request.number,
                at=self._clock.now(),
                outcome=fate.outcome,
                status_code=fate.status_code,
                detail=timed_out,
            )
        )

    async def _in_turn(self, request: DeliveryRequest) -> Fate:
        letter = Letter(url=request.url, headers=request.headers, body=request.body)
        seconds = max(self._clock.real(request.timeout), self._shortest)
        async with self._places.setdefault(urlsplit(letter.url).netloc, asyncio.Semaphore(AT_ONCE)):
            if self._courier is None:
                return await self._poster.post(letter, seconds)
            async with asyncio.timeout(seconds):
                address = await destination(letter.url, self._own_ports)
            if ip_address(address).is_loopback:
                return await courier.carry(self._courier, letter, seconds)
            return await self._poster.post(letter, seconds)
