"""The aggregated discovery server (ADS): sends the current resources, and every change, to each connected Envoy over one gRPC stream.

It listens only after `open()`, which is called when the state is loaded: the first response replaces the configuration of a running Envoy.
A rejection by Envoy is kept until the same resource is accepted.
"""

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent import futures
from typing import Any

import grpc
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf.any_pb2 import Any as AnyMessage

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.proxy.envoy.ads.stream import DiscoveryRequest, DiscoveryResponse, Kind, Snapshot, Stream

_MAX_STREAMS = 4  # the current Envoy, one that is being replaced, and a reserve


class _Changed:
    """In a stream's inbox: there is a new snapshot."""


class _Ended:
    """In a stream's inbox: Envoy has disconnected, or the server closes."""


_Inbox = queue.SimpleQueue[DiscoveryRequest | _Changed | _Ended]


class DiscoveryServer:
    def __init__(self, address: str) -> None:
        """`address`: "127.0.0.1:18000" or "unix:/path"."""
        self._address = address
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None  # until the first one, an Envoy keeps what it has
        self._streams: dict[Stream, _Inbox] = {}
        self._server: Any = None

    def set(self, snapshot: Snapshot) -> None:
        """Returns at once; the streams' threads send the differences."""
        with self._lock:
            self._snapshot = snapshot
            inboxes = list(self._streams.values())
        for inbox in inboxes:
            inbox.put(_Changed())

    def open(self) -> None:
        """Raises DriverUnavailable when the address cannot be bound."""
        server = grpc.server(futures.ThreadPoolExecutor(_MAX_STREAMS, thread_name_prefix="ads"), options=(("grpc.so_reuseport", 0),))
        ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(self, server)
        try:
            server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise DriverUnavailable(f"the proxy's configuration server cannot listen on {self._address}: {error}") from error
        server.start()
        self._server = server

    def close(self) -> None:
        with self._lock:
            inboxes = list(self._streams.values())
        for inbox in inboxes:
            inbox.put(_Ended())
        if self._server is not None:
            self._server.stop(grace=0).wait()
            self._server = None

    def rejected(self) -> Sequence[str]:
        with self._lock:
            return tuple(message for stream in self._streams for message in stream.rejections())

    def connected(self) -> bool:
        with self._lock:
            return bool(self._streams)

    def serves(self, name: str) -> bool:
        """Whether an Envoy has acknowledged the listener of this name and its routes."""
        with self._lock:
            return any(stream.serves(name) for stream in self._streams)

    def settled(self) -> bool:
        """Whether there is a connected Envoy, and all of them have accepted everything."""
        with self._lock:
            snapshot = self._snapshot
            return snapshot is not None and bool(self._streams) and all(stream.accepted(snapshot) for stream in self._streams)

    # ---- gRPC ----------------------------------------------------------------------------------------------------------------------

    def StreamAggregatedResources(self, requests: Iterable[Any], context: Any) -> Iterator[Any]:
        stream, inbox = Stream(), _Inbox()
        threading.Thread(target=_read, args=(requests, inbox), name="ads-requests", daemon=True).start()
        context.add_callback(lambda: inbox.put(_Ended()))
        with self._lock:
            self._streams[stream] = inbox
        try:
            while not isinstance(item := inbox.get(), _Ended):
                yield from map(_response, self._next(stream, item))
        finally:
            with self._lock:
                del self._streams[stream]

    def DeltaAggregatedResources(self, requests: Iterable[Any], context: Any) -> Iterator[Any]:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "state of the world only")
        yield  # pragma: no cover

    def _next(self, stream: Stream, item: DiscoveryRequest | _Changed) -> list[DiscoveryResponse]:
        with self._lock:
            if isinstance(item, DiscoveryRequest):
                stream.receive(item)
            found = []
            while self._snapshot is not None and (response := stream.next_response(self._snapshot)) is not None:
                found.append(response)
            return found


def _read(requests: Iterable[Any], inbox: _Inbox) -> None:
    try:
        for request in requests:
            error = request.error_detail.message if request.HasField("error_detail") else None
            names = frozenset(request.resource_names)
            inbox.put(DiscoveryRequest(kind=Kind(request.type_url), names=names, nonce=request.response_nonce, error=error))
    except grpc.RpcError:
        pass  # the connection was lost
    inbox.put(_Ended())


def _response(response: DiscoveryResponse) -> Any:
    resources = [AnyMessage(type_url=response.kind.value, value=value) for value in response.resources.values()]
    return discovery_pb2.DiscoveryResponse(
        version_info=response.nonce, nonce=response.nonce, type_url=response.kind.value, resources=resources
    )
