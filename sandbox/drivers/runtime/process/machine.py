"""The first process of an instance whose user data runs. It is a program of its own, which imports nothing of the sandbox. It carries out a
plan, as cloud-init does in a container, and stays as the machine, whose programs belong to its session.

Standard input has the plan as JSON (user_data.py). Output of the scripts goes to the console (standard output) and to
var/log/cloud-init-output.log in the current folder, which is the instance's. If the sandbox runs as root, all this is done as `nobody`.
"""

import base64
import ctypes
import json
import os
import pwd
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

OUTPUT = 4 << 20  # bytes of output that are kept
LARGEST_FILE = 1 << 30  # bytes
MORE_PROCESSES = 512  # that its account may have, on top of those that it has now
PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 8, 47, 2  # of <linux/prctl.h>
CAP_NET_BIND_SERVICE, CAPABILITY_VERSION_3 = 10, 0x20080522  # of <linux/capability.h>
LOG = Path("var/log/cloud-init-output.log")
FAILED = "Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)"


CLOSED = "The instance's folder is in a folder that `nobody` may not enter: absolute paths to it do not work."


class Machine:
    def __init__(self, console: int) -> None:
        self._console, self._left = console, OUTPUT
        LOG.parent.mkdir(parents=True, exist_ok=True)
        self._log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o640)
        reader, self._writer = os.pipe()
        threading.Thread(target=self._pump, args=(reader,), daemon=True).start()
        self.reasons: list[str] = []

    def say(self, text: str) -> None:
        os.write(self._writer, f"{text}\n".encode())

    def warn(self, module: str, text: str) -> None:
        now = time.time()
        self.say(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(now))},{int(now % 1 * 1000):03} - {module}[WARNING]: {text}")
        self.reasons.append(text)

    def write(self, path: str, content: bytes, mode: int, append: bool) -> None:
        file = Path(path)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("ab" if append else "wb") as stream:
                stream.write(content)
            file.chmod(mode)
        except OSError as error:
            self.warn("cc_write_files.py", f"{path} cannot be written: {error.strerror}")

    def run(self, name: str, content: bytes, *, early: bool) -> None:
        folder = "boothooks" if early else "scripts"
        self.write(f"{folder}/{name}", content, 0o700, False)
        try:
            process = subprocess.Popen([f"./{folder}/{name}"], stdin=subprocess.DEVNULL, stdout=self._writer, stderr=self._writer)
        except (OSError, ValueError) as error:
            self.warn("cc_scripts_user.py", f"{FAILED}: {name}: {error}")
            return
        if code := process.wait():
            self.warn("cc_scripts_user.py", f"{FAILED}: {name} ended with exit code {code}")

    def _pump(self, reader: int) -> None:
        """Copies output for as long as the machine exists; beyond the limit it is read and dropped, so that no program waits."""
        while data := os.read(reader, 65536):
            kept, self._left = data[: self._left], max(0, self._left - len(data))
            for target in (self._console, self._log) if kept else ():
                os.write(target, kept)


def limit() -> None:
    """No root, and a bounded number of processes and size of files. Called before anything of the user data is touched."""
    if os.geteuid() == 0:
        become_nobody()
    _, most = resource.getrlimit(resource.RLIMIT_NPROC)
    count = processes_of(os.getuid()) + MORE_PROCESSES
    wanted = count if most == resource.RLIM_INFINITY else min(count, most)
    resource.setrlimit(resource.RLIMIT_NPROC, (wanted, wanted))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o022)


def become_nobody() -> None:
    """It and the programs that it starts keep one right, which they need for the instance's port 80."""
    nobody = pwd.getpwnam("nobody")
    os.chown(".", nobody.pw_uid, nobody.pw_gid)
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    kernel = ctypes.CDLL(None, use_errno=True)
    kept = sys.platform == "linux" and kernel.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
    os.setuid(nobody.pw_uid)
    if kept:
        right = 1 << CAP_NET_BIND_SERVICE
        header, data = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
        if kernel.capset(header, data) == 0:
            kernel.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0)


def processes_of(account: int) -> int:
    """Threads too, which the limit counts. 0 where there is no /proc."""
    threads = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.stat().st_uid == account:
                threads += len(os.listdir(entry / "task"))
        except OSError:
            continue
    return threads


def report(reasons: list[str], first_boot: bool) -> None:
    """The same file as in a container."""
    state = "failed" if reasons else "finished" if first_boot else None
    outcome = {"state": state, "reason": "; ".join(reasons)[:500], "finished": time.time()}
    new = Path(".result.json")
    new.write_text(json.dumps({"v1": {"datasource": "DataSourceEc2", "errors": reasons}, "sandbox": outcome}))
    new.replace("result.json")


def main(order: dict[str, Any]) -> None:
    limit()
    machine = Machine(os.dup(1))
    machine.reasons += order["reasons"]
    if not os.access(os.getcwd(), os.X_OK):
        machine.say(CLOSED)
    for script in order["early"]:
        machine.run(script["name"], base64.b64decode(script["content"]), early=True)
    for file in order["files"]:
        machine.write(file["path"], base64.b64decode(file["content"]), file["mode"], file["append"])
    for script in order["scripts"]:
        machine.run(script["name"], base64.b64decode(script["content"]), early=False)
    report(machine.reasons, order["boot"] == 1)


if __name__ == "__main__":
    main(json.load(sys.stdin))
    while True:
        signal.pause()
