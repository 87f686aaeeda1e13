"""The result of user data, read out of a container whose programs may have put anything there."""

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.drivers.runtime.base import UserDataResult, UserDataState
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.docker.watching.user_data import FILE, LARGEST, read_result
from sandbox.drivers.runtime.user_data.results import BootResult

STARTED = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
OVER = (STARTED + timedelta(seconds=3)).timestamp()


class Engine:
    """Answers the one call with an archive, in chunks of 512 bytes, or with an error."""

    name = "sandbox"

    def __init__(self, archive: bytes | int) -> None:
        self._archive, self.sent = archive, 0

    @contextmanager
    def calls(self) -> Iterator["Engine"]:
        yield self

    def get_archive(self, container: str, path: str) -> tuple[Any, dict[str, Any]]:
        assert (container, path) == ("sandbox-i-1", FILE)
        if isinstance(self._archive, int):
            raise DockerApiError("refused", self._archive)
        return self._chunks(self._archive), {}

    def _chunks(self, archive: bytes) -> Iterator[bytes]:
        for start in range(0, len(archive), 512):
            self.sent += 512
            yield archive[start : start + 512]


def archived(content: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo("result.json")
        member.type, member.size, member.linkname = kind, len(content), "/etc/shadow"
        archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def read(archive: bytes | int) -> BootResult | None:
    return read_result(Engine(archive), "i-1", STARTED)  # type: ignore[arg-type]


def result(finished: float) -> bytes:
    return json.dumps({"sandbox": {"state": "finished", "reason": "", "finished": finished}}).encode()


def test_the_result_of_the_boot_that_runs() -> None:
    assert read(archived(result(OVER))) == BootResult(finished=OVER, user_data=UserDataResult(state=UserDataState.FINISHED, finished=OVER))


@pytest.mark.parametrize(
    "archive",
    [
        404,
        b"",
        b"no archive",
        archived(b""),
        archived(b"no JSON"),
        archived(b"", tarfile.SYMTYPE),
        archived(b"", tarfile.FIFOTYPE),
        archived(result((STARTED - timedelta(minutes=1)).timestamp())),  # of the boot before
    ],
)
def test_anything_else_is_no_result_yet(archive: bytes | int) -> None:
    assert read(archive) is None


def test_a_large_file_is_not_read_to_its_end() -> None:
    engine = Engine(archived(bytes(4 << 20)))
    assert read_result(engine, "i-1", STARTED) is None  # type: ignore[arg-type]
    assert engine.sent <= LARGEST + 1024


def test_another_answer_of_docker_is_an_error() -> None:
    with pytest.raises(DockerApiError):
        read(500)
