"""One connection of a client: opens a socket, sends a request, reads the response. httptools parses it.

The callbacks of the event loop do all the work, without a task for each request, so that a request with its connection costs few
microseconds of CPU (bench/load.py).
"""

import asyncio
import errno
import json
import socket
from collections.abc import Callable

import httptools

from sandbox.traffic.outcomes import Failure, RequestOutcome, classify
from sandbox.traffic.sending.target import Target

Done = Callable[[RequestOutcome], None]

READ_SIZE = 65_536
LARGEST_BODY = 65_536  # bytes that are looked at for the instance that responded
OUR_OWN = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}  # this machine has no more sockets


class Connection:
    """`exchange` may be called again when `reusable`. Nothing here raises: each failure is an outcome."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Target, closed_idle: "Callable[[Connection], None]") -> None:
        self.opened_at = loop.time()
        self.connected = False
        self.reusable = False  # the last response was complete and the server keeps the connection
        self._loop, self._target, self._closed_idle = loop, target, closed_idle
        self._socket: socket.socket | None = None
        self._done: Done | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._begin()

    def _begin(self) -> None:
        """Forgets the last response."""
        self._status, self._body = 0, b""
        self._length_known = self._complete = self._keeps = False

    # ---- sending ---------------------------------------------------------------------------------------------------------------------

    def exchange(self, done: Done) -> None:
        """Sends a request. `done` gets the outcome, once; perhaps before this returns."""
        self._done, self.reusable = done, False
        self._begin()
        try:
            if self._socket is None:
                self._open()
            self._send()
        except OSError as error:
            self._end(self._broken(error))

    def _open(self) -> None:
        self._socket = socket.socket(self._target.family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        error = self._socket.connect_ex(self._target.address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, "connect")
        self._parser = httptools.HttpResponseParser(self)

    def _send(self) -> None:
        """Sends at once where possible: on loopback, the connection is often there before connect returns. Raises OSError."""
        assert self._socket is not None
        try:
            self._socket.send(self._target.request)  # a request fits in an empty socket buffer
        except (BlockingIOError, OSError) as error:
            if error.errno not in (errno.EAGAIN, errno.ENOTCONN):
                raise
            self._loop.add_writer(self._socket.fileno(), self._writable)
            return
        if not self.connected:
            self.connected = True
            self._loop.add_reader(self._socket.fileno(), self._readable)

    def _writable(self) -> None:
        assert self._socket is not None
        self._loop.remove_writer(self._socket.fileno())
        try:
            if error := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, "connect")
            self._send()
        except OSError as error:
            self._end(self._broken(error))

    # ---- receiving -------------------------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        assert self._socket is not None and self._parser is not None
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            return self._end(self._broken(error))
        if self._done is None:  # idle: the server closed it, or sent what nobody asked for
            self.close()
            return self._closed_idle(self)
        if not data:
            return self._end(self._at_the_end())
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return self._end(RequestOutcome(failure=Failure.INVALID_RESPONSE, node=self._target.node))
        if self._complete:
            self.reusable = self._keeps
            self._end(self._answered())
        return None

    # httptools calls these
    def on_header(self, name: bytes, value: bytes) -> None:
        self._length_known = self._length_known or name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if len(self._body) <= LARGEST_BODY:
            self._body += body

    def on_message_complete(self) -> None:
        assert self._parser is not None
        self._complete = self._status >= 200  # before the response itself, there may be informational ones
        self._keeps = self._parser.should_keep_alive()

    # ---- ending ----------------------------------------------------------------------------------------------------------------------

    def give_up(self) -> Failure:
        """The client's own timeout: closes the connection. → the kind of timeout."""
        self._done = None
        self.close()
        return Failure.CLIENT_TIMEOUT if self.connected else Failure.CONNECT_TIMEOUT

    def close(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
        self._socket = self._parser = None  # the parser refers to this object

    def _end(self, outcome: RequestOutcome) -> None:
        done, self._done = self._done, None
        if not self.reusable:
            self.close()
        if done is not None:
            done(outcome)

    def _answered(self) -> RequestOutcome:
        return classify(self._status, *identity_of(self._body), self._target.node)

    def _at_the_end(self) -> RequestOutcome:
        """The server closed: a complete response if its length was not given, else a reset."""
        if self._status >= 200 and not self._length_known:
            return self._answered()
        return RequestOutcome(failure=Failure.RESET, node=self._target.node)

    def _broken(self, error: OSError) -> RequestOutcome:
        if error.errno in OUR_OWN:
            return RequestOutcome(failure=Failure.NOT_SENT)
        if self.connected:
            return RequestOutcome(failure=Failure.RESET, node=self._target.node)
        return RequestOutcome(failure=Failure.CONNECT_TIMEOUT if error.errno == errno.ETIMEDOUT else Failure.REFUSED)


def identity_of(body: bytes) -> tuple[str | None, str | None]:
    """(instance id, Availability Zone) that the application reports (images/machine/app.py); None for any other response."""
    if not body.startswith(b"{"):
        return None, None
    try:
        found = json.loads(body)
    except ValueError:
        return None, None
    instance, zone = found.get("instance_id"), found.get("availability_zone")
    return (instance if isinstance(instance, str) else None), (zone if isinstance(zone, str) else None)
