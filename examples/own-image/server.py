"""A service of your own: asyncio, no framework. It counts requests, and shows which instance answered.

GET /        the instance's name and how often this instance was asked
GET /ready   for the target group's health check
"""

import asyncio
import json
import socket

PORT = 8000
asked = 0


def answer(path: str) -> tuple[int, str]:
    global asked  # noqa: PLW0603 - the whole state of this service
    if path == "/ready":
        return 200, "ready\n"
    if path != "/":
        return 404, f"there is no {path}\n"
    asked += 1
    return 200, json.dumps({"host": socket.gethostname(), "asked": asked}) + "\n"


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=10)).decode(errors="replace")
        status, text = answer(head.split(" ")[1])
        reason = {200: "OK", 404: "Not Found"}[status]
        writer.write(f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode())
        await writer.drain()
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, IndexError):
        pass  # the client sent no request that can be answered
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(handle, "0.0.0.0", PORT)
    print(f"listening on port {PORT}", flush=True)  # to the console output of the instance
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
