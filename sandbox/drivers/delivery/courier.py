"""The courier posts for a control plane that runs in a container: it sits in the network namespace of the user's machine, so that a
subscriber on http://127.0.0.1:5000/ is the user's own program, as it is without containers.

    python -m sandbox.drivers.delivery.courier /var/lib/sandbox/courier.sock

is the compose service. It listens on that unix socket and nowhere else, holds no capability, and posts to loopback only. One connection is
one letter: a line of JSON in, a line of JSON out; who hangs up gives the attempt up.
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path

from sandbox.drivers.delivery.base import Outcome
from sandbox.drivers.delivery.posting import Fate, Letter, Poster, fate_of, resolve

LARGEST = 4 << 20  # bytes of a line: a message of SNS has 256 KiB at most, and JSON writes some characters as six
ABSENT = "the courier, who posts to this machine's loopback, does not answer (docker ps --filter label=sandbox.role=courier)"


async def carry(socket: Path, letter: Letter, seconds: float) -> Fate:
    """The letter's fate, as the courier tells it. Never raises but to be cancelled."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket), limit=LARGEST)
    except OSError:
        return Fate(outcome=Outcome.FAILED, detail=ABSENT)
    try:
        async with asyncio.timeout(seconds + 1):  # the courier's own limit comes first, unless it has died
            writer.write(json.dumps(asdict(letter) | {"seconds": seconds}).encode() + b"\n")
            await writer.drain()
            return _fate(await reader.readline())
    except (OSError, ValueError, KeyError) as error:
        return fate_of(error) if isinstance(error, TimeoutError) else Fate(outcome=Outcome.FAILED, detail=ABSENT)
    finally:
        writer.close()


def _fate(line: bytes) -> Fate:
    told = json.loads(line)
    return Fate(outcome=Outcome(told["outcome"]), status_code=told["status_code"], detail=told["detail"])


class Courier:
    def __init__(self) -> None:
        self._poster = Poster()

    async def serve(self, socket: Path) -> None:
        """Until it is cancelled."""
        socket.unlink(missing_ok=True)  # of an earlier one
        server = await asyncio.start_unix_server(self._answer, str(socket), limit=LARGEST)
        async with server:
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            given = json.loads(await reader.readline())
            letter = Letter(url=given["url"], headers=tuple((name, value) for name, value in given["headers"]), body=given["body"])
            work = asyncio.ensure_future(self._post(letter, float(given["seconds"])))
            hung_up = asyncio.ensure_future(reader.read())
            await asyncio.wait({work, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            hung_up.cancel()
            if not work.done():
                work.cancel()
                return
            fate = work.result()
            told = {"outcome": fate.outcome.value, "status_code": fate.status_code, "detail": fate.detail}
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no letter, or nobody there to tell
        finally:
            writer.close()

    async def _post(self, letter: Letter, seconds: float) -> Fate:
        """Asks where the URL leads itself: whoever reaches the socket sends to no other address of the user's network."""
        with suppress(OSError, ValueError):
            address = await resolve(letter.url)
            if address is None or not ip_address(address).is_loopback:
                return Fate(outcome=Outcome.REFUSED, detail="not sent: the courier posts to loopback addresses only")
        return await self._poster.post(letter, seconds)


if __name__ == "__main__":
    asyncio.run(Courier().serve(Path(sys.argv[1])))
