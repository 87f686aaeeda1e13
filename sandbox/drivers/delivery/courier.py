"""The courier posts for a control plane in a container: it runs in the machine's own network namespace, so that a subscriber on
http://127.0.0.1:5000/ is a program of the user, as without containers.

    python -m sandbox.drivers.delivery.courier /var/lib/sandbox/courier.sock [HOST]

is the compose service. HOST is where it finds that loopback when it runs in another network: host.docker.internal on Docker Desktop.
It listens only on that Unix socket, has no capabilities, and posts only to loopback addresses. Each connection is
one POST: a line of JSON with the request, then a line of JSON with the result. Disconnecting cancels the POST.
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from ipaddress import ip_address
from pathlib import Path

from sandbox.drivers.delivery.base import DeliveryOutcome
from sandbox.drivers.delivery.posting import Poster, PostRequest, PostResult, failure, resolve

LARGEST = 4 << 20  # bytes of a line: an SNS message has at most 256 KiB, and JSON may encode a character as six
COURIER_UNAVAILABLE = (
    "the courier, which posts to loopback addresses of this machine, does not answer. next: docker ps --filter label=sandbox.role=courier"
)


async def post_by_courier(socket: Path, request: PostRequest, seconds: float) -> PostResult:
    """Sends the request to the courier. → the result of the POST. Raises only when it is cancelled."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket), limit=LARGEST)
    except OSError:
        return PostResult(outcome=DeliveryOutcome.FAILED, detail=COURIER_UNAVAILABLE)
    try:
        async with asyncio.timeout(seconds + 1):  # the courier's own timeout comes first, unless it has ended
            writer.write(json.dumps(asdict(request) | {"seconds": seconds}).encode() + b"\n")
            await writer.drain()
            return _decode(await reader.readline())
    except (OSError, ValueError, KeyError) as error:
        return failure(error) if isinstance(error, TimeoutError) else PostResult(outcome=DeliveryOutcome.FAILED, detail=COURIER_UNAVAILABLE)
    finally:
        writer.close()


def _decode(line: bytes) -> PostResult:
    answer = json.loads(line)
    return PostResult(outcome=DeliveryOutcome(answer["outcome"]), status_code=answer["status_code"], detail=answer["detail"])


class Courier:
    def __init__(self, host: str = "") -> None:
        self._poster, self._host = Poster(), host

    async def serve(self, socket: Path) -> None:
        """Runs until it is cancelled."""
        socket.unlink(missing_ok=True)  # of an earlier courier
        server = await asyncio.start_unix_server(self._answer, str(socket), limit=LARGEST)
        async with server:
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request_json = json.loads(await reader.readline())
            request = PostRequest(
                url=request_json["url"], headers=tuple((name, value) for name, value in request_json["headers"]), body=request_json["body"]
            )
            work = asyncio.ensure_future(self._post(request, float(request_json["seconds"])))
            disconnected = asyncio.ensure_future(reader.read())
            await asyncio.wait({work, disconnected}, return_when=asyncio.FIRST_COMPLETED)
            disconnected.cancel()
            if not work.done():
                work.cancel()
                return
            result = work.result()
            answer = {"outcome": result.outcome.value, "status_code": result.status_code, "detail": result.detail}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, KeyError, TypeError):
            pass  # a malformed request, or the client has disconnected
        finally:
            writer.close()

    async def _post(self, request: PostRequest, seconds: float) -> PostResult:
        """Resolves the URL itself, so that clients of the socket cannot reach other addresses of the user's network."""
        with suppress(OSError, ValueError):
            address = await resolve(request.url)
            if address is None or not ip_address(address).is_loopback:
                return PostResult(outcome=DeliveryOutcome.REFUSED, detail="not sent: the courier posts to loopback addresses only")
        return await self._poster.post(request, seconds, self._host)


if __name__ == "__main__":
    asyncio.run(Courier(*sys.argv[2:3]).serve(Path(sys.argv[1])))
