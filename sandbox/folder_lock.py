"""Ensures that only one sandbox uses a state folder: the control plane locks a file in the folder while it runs.

Two sandboxes in one folder would overwrite each other's state and journal. The kernel releases the lock when the process ends for any
reason: a killed control plane leaves the file, but no lock. The file contains the process id of the last holder, for messages only.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from sandbox.core.errors import UserError

FILE = "sandbox.lock"


class FolderLock:
    """Held from its creation until `release`. Raises UserError if another process holds it or the folder is not writable."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fd = _locked(self._path)
        except BlockingIOError:
            raise in_use(folder, _holder(self._path)) from None
        except OSError as error:
            raise unwritable(folder, error) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Releases the lock and deletes the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._fd)

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def _locked(path: Path) -> int:
    """→ the descriptor that holds the lock; Envoy and instances do not inherit it. BlockingIOError: another process holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(path, descriptor):
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the holder deleted the file meanwhile: lock the new one


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def in_use(folder: Path, by: str) -> UserError:
    """`by`: the process id or the name of the sandbox that uses it."""
    return UserError(
        f"The state folder {folder.resolve()} is in use by another sandbox ({by}).",
        "sandbox down, or SANDBOX_STATE_DIR=/another/folder SANDBOX_NAME=another SANDBOX_PORT=4567 sandbox up",
    )


def unwritable(folder: Path, error: OSError) -> UserError:
    why = f"The state folder {folder} is not writable ({error.strerror or error})."
    return UserError(why, "SANDBOX_STATE_DIR=/another/folder sandbox up")


def _holder(path: Path) -> str:
    try:
        return f"process {int(path.read_text())}"
    except (OSError, ValueError):
        return "its process is starting"
