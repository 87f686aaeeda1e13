"""What equal requests to the targets of the simulated proxy get. It is made once and used again as long as the configuration is the same
and the target answers in the same way: thousands of requests meet the same few answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox.drivers.proxy.base import Endpoint, ListenerConfig, Node, RuleConfig, TargetGroupConfig
from sandbox.drivers.proxy.matching import Request
from sandbox.drivers.proxy.responses import Handled, Parts, Response
from sandbox.drivers.world import World


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """What equal requests have in common."""

    parts: Parts
    response: Response
    latency: timedelta  # virtual, without waiting for the target's CPU
    worker: str | None  # the target that works for them
    answered: bool  # by the target
    key: tuple[object, ...]  # equal for requests whose access records differ in times only
    opens: tuple[str, ...]  # what a connection is opened to: the listener, and the target group if the target accepts it

    @classmethod
    def of(cls, parts: Parts) -> "Repeat":
        listener, rule, request, handled = parts
        key = (listener.arn, rule.arn if rule else "", request.path, handled.key)
        return cls(parts, handled.response, handled.response.latency, handled.worker, handled.answered, key, handled.opens(listener))


Send = Callable[[ListenerConfig, TargetGroupConfig, Endpoint], Handled]
"""Sends a request to a target. Chance has no part in it."""

_Known = dict[tuple[int, str], Repeat]  # by the number of the target, and how it answers


class Repeats:
    def __init__(self, world: World, send: Send) -> None:
        self._world, self._send = world, send
        self._known: dict[tuple[str, str, str, str], _Known] = {}  # by listener, path, zone of the node, and target group
        self._answers: dict[tuple[str, int], str] = {}  # of this moment, by address and port
        self._request_time = world.request_time

    def forget(self) -> None:
        """The configuration has changed."""
        self._known.clear()

    def look_again(self) -> None:
        """Time has passed: targets may answer in another way."""
        self._answers.clear()
        if self._request_time != self._world.request_time:
            self._request_time = self._world.request_time
            self.forget()

    def of(
        self, listener: ListenerConfig, rule: RuleConfig, request: Request, node: Node, group: TargetGroupConfig
    ) -> Callable[[int, Endpoint], Repeat]:
        """→ a function of a target, and of its number among those that the node chooses from."""
        known = self._known.setdefault((listener.arn, request.path, node.zone, group.arn), {})

        def made(number: int, endpoint: Endpoint) -> Repeat:
            key = (number, self._answer(endpoint))
            if key not in known:
                handled = self._send(listener, group, endpoint).at_node(listener, node)
                known[key] = Repeat.of((listener, rule, request, handled))
            return known[key]

        return made

    def _answer(self, endpoint: Endpoint) -> str:
        """How the target answers now."""
        address = (endpoint.host, endpoint.port)
        found = self._answers.get(address)
        if found is None:
            answer, status = self._world.connect(*address)
            found = self._answers[address] = f"{answer.value} {status}"
        return found
