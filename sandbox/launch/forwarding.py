"""Forwards a port of this machine's loopback to a port of an instance (`sandbox forward`): directly where this machine reaches it, else
through the container of the VPC router, in which each connection is a process (drivers/network/relay.py).
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

HOST = "127.0.0.1"
MOST = 32  # connections at the same time; more wait
CHUNK = 65_536
ENDING = 5.0  # real seconds for a relay to end


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    host: str
    port: int
    container: str | None = None  # from which it is reached; None: from this machine

    def command(self) -> Sequence[str]:
        assert self.container is not None
        relay = ("python3", "-m", "sandbox.drivers.network.relay", self.host, str(self.port))
        return ("docker", "exec", "--interactive", self.container, *relay)


class Forward:
    """`report`: gets one sentence when a connection could not be made."""

    def __init__(self, to: Destination, report: Callable[[str], None]) -> None:
        self._to, self._report = to, report
        self._slots = asyncio.Semaphore(MOST)

    async def listen(self, port: int) -> asyncio.Server:
        """Raises OSError when the port is in use. 0: any free one."""
        return await asyncio.start_server(self._serve, HOST, port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._slots:
                if self._to.container is None:
                    await self._directly(reader, writer)
                else:
                    await self._through_container(reader, writer)
        except OSError as error:
            self._report(f"{self._to.host}:{self._to.port} cannot be reached: {error.strerror or error}")
        finally:
            writer.close()

    async def _directly(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._to.host, self._to.port)
        try:
            await _both(_copy(reader, back), _copy(there, writer))
        finally:
            back.close()

    async def _through_container(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pipe = asyncio.subprocess.PIPE
        relay = await asyncio.create_subprocess_exec(*self._to.command(), stdin=pipe, stdout=pipe, stderr=pipe)
        assert relay.stdin is not None and relay.stdout is not None and relay.stderr is not None
        try:
            await _both(_copy(reader, relay.stdin), _copy(relay.stdout, writer))
        finally:
            relay.stdin.close()
            await _ended(relay)
        if relay.returncode:
            self._report((await relay.stderr.read()).decode(errors="replace").strip() or f"the relay ended with {relay.returncode}")


async def _ended(relay: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(relay.wait(), ENDING)
    except TimeoutError:
        pass
    finally:  # also when this command ends
        if relay.returncode is None:
            relay.kill()
            await relay.wait()


async def _both(sending: "asyncio.Future[None] | object", receiving: "asyncio.Future[None] | object") -> None:
    """Until the instance has sent everything: what the client still sends then has no reader."""
    tasks = [asyncio.ensure_future(each) for each in (sending, receiving)]  # type: ignore[call-overload]
    try:
        await tasks[1]
    finally:
        tasks[0].cancel()
        with suppress(asyncio.CancelledError, OSError):
            await tasks[0]


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()
