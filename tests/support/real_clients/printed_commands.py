"""Commands as a document prints them: `blocks` finds them, `Terminal` runs them in one bash, as a reader who pastes them does.

Ports are not in the commands' way: `environment` gives a sandbox ports of its own by settings, and tells curl (`.curlrc`) where the ports
that the text names are.
"""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.clients import BIN, ROOT, free_ports, own_network

LISTENERS, NODES = 8, 12
PRINTED_LISTENER_PORT, PRINTED_NAMES_PORT = 8081, 80
DONE = "-- the block has ended --"
FAILED = "-- this command failed: "
PREPARED = f"""
set -o pipefail
trap 'echo "{FAILED}$BASH_COMMAND"' ERR
trap : INT
"""


def blocks(document: str, heading: str) -> list[str]:
    """The code blocks below a heading of a Markdown document, up to the next heading of the same level."""
    [section] = re.findall(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", document, flags=re.MULTILINE | re.DOTALL)
    return [block.strip() for block in re.findall(r"^```(?:sh|bash)?\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)]


def checkout(folder: Path) -> Path:
    """A folder that is to the commands what a clone is after `make setup`: nothing that they write lands in this one."""
    for name in ("Makefile", "pyproject.toml", "examples"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(BIN)
    (folder / ".venv/.ready").touch()
    return folder


def environment(folder: Path, name: str) -> Mapping[str, str]:
    """Of a sandbox with its own name and ports in the process runtime. `folder`: gets `.curlrc` and the sandbox's state."""
    first = free_ports(3 + LISTENERS + NODES)
    listeners = first + 3
    told = {PRINTED_NAMES_PORT: first + 2, PRINTED_LISTENER_PORT: listeners}
    (folder / ".curlrc").write_text("".join(f'connect-to = ":{printed}:127.0.0.1:{port}"\n' for printed, port in told.items()))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SANDBOX_", "MAKE"))}
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "CURL_HOME": str(folder),
        "AWS_PAGER": "",
        "RUNTIME": "process",
        "SANDBOX_NAME": name,
        "SANDBOX_STATE_DIR": str(folder / "state"),
        "SANDBOX_VPC_CIDR": own_network(),
        "SANDBOX_PORT": str(first),
        "SANDBOX_FRONT_PORT": str(first + 1),
        "SANDBOX_NAMES_PORT": str(first + 2),
        "SANDBOX_LISTENER_PORTS": f"{listeners}-{listeners + LISTENERS - 1}",
        "SANDBOX_NODE_PORTS": f"{listeners + LISTENERS}-{listeners + LISTENERS + NODES - 1}",
    }


class Terminal:
    """One bash, in which variables and functions of a block are there for the next one."""

    def __init__(self, folder: Path, variables: Mapping[str, str], scratch: Path | None = None) -> None:
        """`folder`: where the commands run. `scratch`: a folder for the terminal's own file, if it has to be another one."""
        self._script = (scratch or folder) / "block.sh"
        self._said = ""
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"], cwd=folder, env=dict(variables), start_new_session=True, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._type(PREPARED)

    def run(self, block: str, seconds: float = 600) -> str:
        """What the commands print. The test fails with it if one of them fails, or if they take longer."""
        before = len(self._said)
        self._start(block)
        self._wait(before, _has(DONE), seconds)
        said = self._said[before:].partition(DONE)[0]
        if FAILED in said:
            pytest.fail(f"a command that the document prints failed:\n{said}")
        return said

    def watch(self, command: str, until: Callable[[str], object], seconds: float = 60) -> str:
        """A command that does not end by itself: what it prints until that is enough for `until`. Then Ctrl-C, which ends it."""
        before = len(self._said)
        self._start(command)
        self._wait(before, until, seconds)
        os.killpg(self._shell.pid, signal.SIGINT)
        self._wait(before, _has(DONE), seconds)
        return self._said[before:].partition(DONE)[0]

    def close(self) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait(timeout=60)
        self._listener.join(timeout=60)
        assert self._shell.stdout is not None
        self._shell.stdout.close()

    def _start(self, block: str) -> None:
        """As a file: a command that reads from the terminal does not get the next one's text."""
        self._script.write_text(block + "\n")
        self._type(f". {self._script} < /dev/null; echo; echo '{DONE}'\n")

    def _type(self, text: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(text)
        self._shell.stdin.flush()

    def _listen(self) -> None:
        assert self._shell.stdout is not None
        while read := os.read(self._shell.stdout.fileno(), 65536):
            self._said += read.decode(errors="replace")

    def _wait(self, start: int, enough: Callable[[str], object], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not enough(self._said[start:]):
            if time.monotonic() > deadline or self._shell.poll() is not None:
                pytest.fail(f"the commands did not end, or did not show what is expected, within {seconds:g} s:\n{self._said[start:]}")
            time.sleep(0.1)


def _has(text: str) -> Callable[[str], bool]:
    return lambda said: text in said
