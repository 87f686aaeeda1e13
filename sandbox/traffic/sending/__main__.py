"""Sends the plan that it reads from standard input, and writes what it measured to standard output, in pickled messages of load.py.

It ends when all intents have ended. A byte on standard input stops it sooner. The end of standard input (the parent is gone) ends it at
once, so that nothing is left behind, however the parent ends.
"""

import asyncio
import gc
import os
import pickle
import queue
import resource
import sys
import threading
from typing import IO

from sandbox.traffic.plan import Plan
from sandbox.traffic.sending.precise import new_loop
from sandbox.traffic.sending.sender import Sender

INTERVAL = 0.1  # seconds between two chunks
COLLECT_AFTER = 100_000  # objects made before the garbage collector looks for cycles; requests leave none
STOPPED = 0


def main() -> None:
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # so that nothing else is written among the messages
    plan, speed = pickle.load(sys.stdin.buffer)
    _allow_many_sockets()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    messages: queue.SimpleQueue[object] = queue.SimpleQueue()
    writer = threading.Thread(target=_write, args=(messages, output), name="writer")
    writer.start()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_send(plan, speed, messages))
    messages.put(None)
    writer.join()


async def _send(plan: Plan, speed: float, messages: "queue.SimpleQueue[object]") -> None:
    loop = asyncio.get_running_loop()
    sender = Sender(loop, plan, speed)
    messages.put(sender.began)
    loop.add_reader(0, lambda: sender.stop() if os.read(0, 1) else os._exit(STOPPED))
    while not sender.finished.is_set():
        try:
            async with asyncio.timeout(INTERVAL):
                await sender.finished.wait()
        except TimeoutError:
            messages.put(sender.rows.take())
    messages.put(sender.rows.take())
    sender.pool.close()


def _write(messages: "queue.SimpleQueue[object]", output: IO[bytes]) -> None:
    """In its own thread, because the parent may read late, and the requests must not wait for it. Ends after the message None."""
    while True:
        message = messages.get()
        try:
            pickle.dump(message, output)
            output.flush()
        except OSError:  # the parent is gone
            os._exit(STOPPED)
        if message is None:
            return


def _allow_many_sockets() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
