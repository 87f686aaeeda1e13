"""Reads the result of an instance's user data out of its container: result.json of cloud-init, which the boot leaves when it is over."""

import io
import tarfile
from datetime import datetime, timedelta

from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.drivers.runtime.user_data import results
from sandbox.drivers.runtime.user_data.results import BootResult

FILE = "/var/lib/cloud/data/result.json"
LARGEST = 64 << 10  # bytes of the archive: the file is written inside the instance, so it may be anything
INEXACT = timedelta(seconds=2)  # by which Docker's time of a start and the time in the file, which may be in whole seconds, can differ


def read_result(engine: DockerEngine, instance_id: str, started: datetime) -> BootResult | None:
    """Of the boot that began at `started` (real time); None: not yet. An earlier boot's result may still be there."""
    found = results.read(_text(_archive(engine, instance_id)))
    return found if found and found.finished >= (started - INEXACT).timestamp() else None


def _archive(engine: DockerEngine, instance_id: str) -> bytes:
    """The file as a tar archive; empty when there is none."""
    try:
        with engine.calls() as client:
            stream, _ = client.get_archive(labels.container_name(engine.name, instance_id), FILE)
            archive = b""
            for chunk in stream:
                archive += chunk
                if len(archive) > LARGEST:
                    break
            stream.close()
            return archive
    except DockerApiError as refused:
        if refused.status != 404:
            raise
        return b""


def _text(archive: bytes) -> str:
    """Of a regular file; a link or a pipe has none."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            member = opened.next()
            file = opened.extractfile(member) if member and member.isreg() else None
            return file.read(LARGEST).decode(errors="replace") if file else ""
    except (tarfile.TarError, EOFError, OSError):
        return ""
