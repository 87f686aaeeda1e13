"""The first process of an instance that runs the command of an own AMI. It is a program of its own, which imports nothing of the sandbox.

    python -I -S service.py FOLDER COMMAND...

It starts the command and stays when that ends, as an EC2 instance whose service has stopped. It ends a command that listens on more than
this machine's loopback addresses: it would be open to networks, and answer for every instance.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

OFTEN, SELDOM = 0.1, 2.0  # real seconds between two looks at what listens: soon after a start, and later
SOON = 10.0  # real seconds
LISTENS = "0A"


def say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S,000', time.gmtime())} - command[WARNING]: {text}\n")
    sys.stdout.flush()


def listens_beyond() -> Iterator[str]:
    """Addresses other than loopback's on which a process of this session listens, as "0.0.0.0:8000"."""
    inodes = {inode: place for table in ("tcp", "tcp6") for inode, place in _listening(Path("/proc/net") / table)}
    for process in _session() if inodes else ():
        for descriptor in _links(process / "fd"):
            if descriptor.startswith("socket:[") and (place := inodes.get(descriptor[8:-1])):
                yield place


def _listening(table: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:  # not Linux
        return
    for fields in (line.split() for line in lines):
        address, _, port = fields[1].partition(":")
        if fields[3] == LISTENS and _beyond(address):
            yield fields[9], f"{'every address' if set(address) == {'0'} else 'an address of a network'}, port {int(port, 16)}"


def _beyond(address: str) -> bool:
    if len(address) == 8:
        return not address.endswith("7F")
    mapped = address.startswith("0000000000000000FFFF0000") and address.endswith("7F")
    return not mapped and address != "00000000000000000000000001000000"


def _session() -> Iterator[Path]:
    own = str(os.getsid(0))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "stat").read_text().rpartition(")")[2].split()[3] == own:
                yield process
        except OSError:
            continue


def _links(folder: Path) -> Iterator[str]:
    try:
        for entry in folder.iterdir():
            yield os.readlink(entry)
    except OSError:
        return


def watch(command: subprocess.Popen[bytes]) -> None:
    """Until the command has ended. Nothing tells when a program begins to listen."""
    began = time.monotonic()
    while command.poll() is None:
        if place := next(listens_beyond(), None):
            say(f"The command listens on {place}. It was ended: it has to listen on $HOST (HOST={os.environ.get('HOST')})")
            _end_the_others()
            return
        threading.Event().wait(OFTEN if time.monotonic() - began < SOON else SELDOM)


def _end_the_others() -> None:
    for process in _session():
        if int(process.name) != os.getpid():
            try:
                os.kill(int(process.name), signal.SIGKILL)
            except OSError:
                continue


def main(folder: str, words: list[str]) -> None:
    command = subprocess.Popen(words, cwd=folder)

    def stop(*_: object) -> None:
        """The runtime sends the signal to the whole session; the machine ends with its command."""
        command.wait()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=watch, args=(command,), daemon=True).start()
    say(f"The command ended with exit code {command.wait()}; the instance runs on without it")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
    while True:
        signal.pause()
