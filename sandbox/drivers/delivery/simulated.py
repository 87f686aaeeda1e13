"""The Deliverer of virtual time: subscribers are objects of tests and scenarios; a connection to any other URL is refused.

The behaviour of the subscriber when the request arrives decides the result, which is published when its virtual time has passed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from sandbox.drivers.delivery.base import DeliveryOutcome, DeliveryRequest, DeliveryResult
from sandbox.drivers.requester import Requester
from sandbox.drivers.world import World


class Behaviour(Enum):
    ANSWERS = "answers"  # `status_code`
    DOWN = "down"  # connection refused
    SILENT = "silent"  # accepts and never answers


@dataclass
class Subscriber:
    """One URL. `received`: its requests, in order. `on_request` is called with each request when its response is sent."""

    url: str
    behaviour: Behaviour = Behaviour.ANSWERS
    status_code: int = 200
    received: list[DeliveryRequest] = field(default_factory=list)
    on_request: Callable[[DeliveryRequest], None] = lambda request: None


class SimulatedDeliverer(Requester[DeliveryResult]):
    def __init__(self, world: World) -> None:
        self._world = world
        super().__init__()
        self._subscribers: dict[str, Subscriber] = {}

    def subscriber(self, url: str) -> Subscriber:
        """The subscriber at the URL, created by the first call."""
        return self._subscribers.setdefault(url, Subscriber(url=url))

    def start(self, request: DeliveryRequest) -> None:
        self._results.begin(request)
        subscriber = self._subscribers.get(request.url)
        behaviour = subscriber.behaviour if subscriber else Behaviour.DOWN
        if subscriber is None or behaviour is Behaviour.DOWN:
            self._later(request, self._world.request_time, DeliveryOutcome.FAILED, detail="connection refused")
            return
        subscriber.received.append(request)
        if behaviour is Behaviour.SILENT:
            self._later(
                request, request.timeout, DeliveryOutcome.TIMED_OUT, detail=f"no response within {request.timeout.total_seconds():g} s"
            )
            return
        self._later(request, self._world.request_time, DeliveryOutcome.ANSWERED, status=subscriber.status_code, then=subscriber.on_request)

    def _later(
        self,
        request: DeliveryRequest,
        after: timedelta,
        outcome: DeliveryOutcome,
        status: int | None = None,
        detail: str = "",
        then: Callable[[DeliveryRequest], None] = lambda request: None,
    ) -> None:
        at = self._world.clock.now() + after
        result = DeliveryResult(key=request.key, number=request.number, at=at, outcome=outcome, status_code=status, detail=detail)

        def end() -> None:
            then(request)
            self._results.end(result)

        self._world.at(at, end)
