"""The connections of virtual clients. Without keep-alive each request opens a new one; with it, the connections of the pool take turns, as
those of many clients would. A connection stays at the node to which it was opened until its lifetime is over or the node stops answering.
"""

from collections.abc import Iterator

import numpy as np

from sandbox.traffic.plan import KeepAlive
from sandbox.traffic.records import Column


class Connections:
    def __init__(self, keep_alive: KeepAlive | None) -> None:
        self._size = keep_alive.pool_size if keep_alive else 0
        self._lifetime = keep_alive.lifetime.total_seconds() if keep_alive and keep_alive.lifetime else float("inf")
        self._nodes: list[str | None] = [None] * self._size  # zone of the node; None: not open
        self._opened = [0.0] * self._size
        self._turn = 0
        self._chosen = np.empty(0, dtype=int)  # the connection of each request of the last spread

    def spread(self, offsets: Column) -> Iterator[tuple[str | None, Column]]:
        """(zone of the node that has the connection, places of the requests in `offsets`); None: on new connections."""
        if not self._size:
            yield None, np.arange(len(offsets))
            return
        self._chosen = (self._turn + np.arange(len(offsets))) % self._size
        self._turn = (self._turn + len(offsets)) % self._size
        places: dict[str | None, list[int]] = {}
        for place, connection in enumerate(self._chosen.tolist()):
            if offsets[place] - self._opened[connection] >= self._lifetime:
                self._nodes[connection] = None
            places.setdefault(self._nodes[connection], []).append(place)
        for node, found in places.items():
            yield node, np.array(found)

    def used(self, places: Column, offsets: Column, node: str | None, *, broken: bool) -> None:
        """What became of the connections of these requests. `broken`: the client closed it, because no answer came."""
        if not self._size:
            return
        for place in places.tolist():
            connection = int(self._chosen[place])
            if broken or self._nodes[connection] is None:
                self._nodes[connection], self._opened[connection] = (None if broken else node), float(offsets[place])
