"""Ports and addresses that no other sandbox of this machine uses: one slot for each sandbox of a test suite.

A slot is a lock on a folder, held while the sandbox lives. Its number decides the ports and the second octet of the VPC's addresses, which
is that of the instances' loopback addresses in the process runtime. So the workers of pytest-xdist never meet.
"""

import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox.core.errors import UserError
from sandbox.folder_lock import FolderLock

SLOTS = 64
FIRST_PORT, PORTS = 21_000, 60  # ports of the first slot, and how many each slot has
LISTENERS, NODES = 16, 24  # ports for listeners and for their nodes
FIRST_OCTET = 130  # 10.130.0.0/16 is the VPC of the first slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    number: int
    lock: FolderLock

    @property
    def port(self) -> int:
        return FIRST_PORT + self.number * PORTS

    def settings(self) -> dict[str, str]:
        """The settings of a sandbox in this slot, by name."""
        listeners = self.port + 2
        nodes = listeners + LISTENERS
        return {
            "name": f"test-{self.number}",
            "port": str(self.port),
            "front_port": str(self.port + 1),
            "names_port": "0",
            "listener_ports": f"{listeners}-{nodes - 1}",
            "node_ports": f"{nodes}-{nodes + NODES - 1}",
            "vpc_cidr": f"10.{FIRST_OCTET + self.number}.0.0/16",
        }

    def release(self) -> None:
        self.lock.release()


def take(folder: Path | None = None) -> Slot:
    """The first free slot. Raises UserError when all are taken."""
    home = folder or Path(tempfile.gettempdir()) / "fault-tolerance-sandbox"
    for number in range(SLOTS):
        try:
            lock = FolderLock(home / str(number))
        except UserError:
            continue
        slot = Slot(number=number, lock=lock)
        if _free(slot.port):
            return slot
        slot.release()
    raise UserError(f"All {SLOTS} places for sandboxes of tests are taken.", "sandbox down, for those that a killed test run left")


def _free(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) != 0
