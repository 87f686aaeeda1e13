"""The Deliverer that sends real requests: one asyncio loop in one thread, one POST per delivery (posting.py).

The limit of concurrent deliveries is per host and port, so a subscriber that never answers does not delay others. A POST to a loopback
address goes through the courier where there is one: the loopback of a control plane in a container is not that of its user.
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
from sandbox.drivers.delivery.base import DeliveryOutcome, DeliveryRequest, DeliveryResult
from sandbox.drivers.delivery.posting import Poster, PostRequest, PostResult, destination, failure
from sandbox.drivers.requester import AsyncRequester

AT_ONCE = 32  # to one host and port
SHORTEST_TIMEOUT = 1.0  # real seconds, at any speed of the clock: a subscriber is a real program


class HttpDeliverer(AsyncRequester[DeliveryResult]):
    def __init__(
        self,
        clock: Clock,
        *,
        shortest: float = SHORTEST_TIMEOUT,
        courier_at: Path | None = None,
        own_ports: Sequence[OwnPort] = (),
    ) -> None:
        """`courier_at`: the courier's socket; None: this process has the user's loopback. `own_ports`: of the sandbox; nothing is sent to
        them, except to load balancers."""
        self._clock, self._shortest, self._courier, self._own_ports = clock, shortest, courier_at, own_ports
        self._slots: dict[str, asyncio.Semaphore] = {}
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
            result = await self._send(request)
        except Exception as error:  # every delivery ends in a result
            result = failure(error)
        detail = (
            f"no response within {request.timeout.total_seconds():g} s" if result.outcome is DeliveryOutcome.TIMED_OUT else result.detail
        )
        self._results.end(
            DeliveryResult(
                key=request.key,
                number=request.number,
                at=self._clock.now(),
                outcome=result.outcome,
                status_code=result.status_code,
                detail=detail,
            )
        )

    async def _send(self, request: DeliveryRequest) -> PostResult:
        post = PostRequest(url=request.url, headers=request.headers, body=request.body)
        seconds = max(self._clock.real(request.timeout), self._shortest)
        async with self._slots.setdefault(urlsplit(post.url).netloc, asyncio.Semaphore(AT_ONCE)):
            if self._courier is None:
                return await self._poster.post(post, seconds)
            async with asyncio.timeout(seconds):
                address = await destination(post.url, self._own_ports)
            if ip_address(address).is_loopback:
                return await courier.post_by_courier(self._courier, post, seconds)
            return await self._poster.post(post, seconds)
