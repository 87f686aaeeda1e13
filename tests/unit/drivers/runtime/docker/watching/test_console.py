"""The console output of a container with what its kernel would have written."""

from datetime import UTC, datetime

from sandbox.drivers.runtime.docker.watching.console import with_kernel_messages

LOG = b"2026-05-07T12:00:01.500000000Z booted\n2026-05-07T12:00:03.000000000Z Killed\n"


def at(second: int) -> datetime:
    return datetime(2026, 5, 7, 12, 0, second, tzinfo=UTC)


def test_a_killed_process_is_told_between_the_lines_of_its_time() -> None:
    told = with_kernel_messages(LOG, [at(2), at(4)], 256).decode().splitlines()
    message = "Out of memory: a process was killed, the memory of this machine (256 MiB) was exhausted"
    assert told == ["booted", message, "Killed", message]


def test_what_is_not_a_line_of_docker_is_kept_as_it_is() -> None:
    assert with_kernel_messages(b"cut off\n" + LOG, [], None) == b"cut off\nbooted\nKilled\n"
    assert with_kernel_messages(b"", [at(1)], None).startswith(b"Out of memory: a process was killed")
