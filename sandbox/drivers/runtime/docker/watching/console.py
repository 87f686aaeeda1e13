"""The console output of a container: what its processes wrote, and between it what its kernel would have written. Pure.

Containers share the kernel of the Docker engine, whose messages an instance must not see. So the line about a process that was killed for
lack of memory is made here, from Docker's event.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sandbox.drivers.runtime.docker.values import parse_timestamp


def with_kernel_messages(timestamped: bytes, kills: Sequence[datetime], memory_mib: int | None) -> bytes:
    """`timestamped`: Docker's log, each line with its time before it. `kills`: when a process was killed for lack of memory."""
    lines = [_split(line) for line in timestamped.splitlines(keepends=True)]
    made = [(when, _killed(memory_mib)) for when in kills]
    return b"".join(text for _, text in sorted([*lines, *made], key=lambda line: line[0]))  # stable: lines of one moment keep their order


def _split(line: bytes) -> tuple[datetime, bytes]:
    stamp, _, text = line.partition(b" ")
    try:
        return parse_timestamp(stamp.decode()), text
    except ValueError:  # cut off, or not Docker's
        return datetime.min.replace(tzinfo=UTC), line


def _killed(memory_mib: int | None) -> bytes:
    limit = f"{memory_mib} MiB" if memory_mib else "its limit"
    return f"Out of memory: a process was killed, the memory of this machine ({limit}) was exhausted\n".encode()
