"""An SNS subscriber in virtual time: like sandbox.traffic.receiver, at a URL that only the simulated deliverer uses."""

from sandbox.drivers.delivery.simulated import Behaviour, SimulatedDeliverer
from sandbox.traffic.receiver import Received

URL = "http://127.0.0.1:9999/alerts"  # nothing listens there, and nothing is sent


class VirtualReceiver:
    def __init__(self, deliverer: SimulatedDeliverer) -> None:
        self.url = URL
        self._subscriber = deliverer.subscriber(URL)
        self._subscriber.received.clear()
        self._subscriber.behaviour = Behaviour.ANSWERS

    def received(self) -> tuple[Received, ...]:
        return tuple(
            Received(headers={name.lower(): value for name, value in request.headers}, body=request.body)
            for request in self._subscriber.received
        )

    def close(self) -> None:
        self._subscriber.behaviour = Behaviour.DOWN
