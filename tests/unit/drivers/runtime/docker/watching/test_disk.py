"""The guard of the disk: who is frozen, and how rarely Docker is asked."""

from pathlib import Path

import pytest

from sandbox.core.errors import DriverUnavailable
from sandbox.drivers.runtime.docker.watching.disk import NOTICED, Disk, DiskGuard

MIB = 1 << 20


class Machine:
    """A disk whose free space a test sets, and containers that have written to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free, self.written = 100 << 30, dict[str, int]()
        self.asked, self.frozen, self.down = 0, list[tuple[str, int]](), False
        self.guard = DiskGuard(Disk(path=Path("/"), limit=8192 * MIB), self._sizes, lambda *frozen: self.frozen.append(frozen))
        monkeypatch.setattr(self.guard, "free", lambda: self.free)

    def _sizes(self) -> dict[str, int]:
        self.asked += 1
        if self.down:
            raise DriverUnavailable("Docker does not answer")
        return dict(self.written)

    def write(self, instance_id: str, mib: int) -> None:
        self.written[instance_id] = self.written.get(instance_id, 0) + mib * MIB
        self.free -= mib * MIB
        self.guard.look()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(monkeypatch)
    made.guard.look()
    return made


def test_only_an_instance_that_has_written_more_than_its_disk_holds_is_frozen(machine: Machine) -> None:
    machine.write("i-other", 4000)
    machine.write("i-1", 8192)
    assert machine.frozen == []
    machine.write("i-1", 600)
    assert machine.frozen == [("i-1", 8792 * MIB)]
    machine.write("i-other", 600)  # one that was started again is frozen again
    assert machine.frozen == [("i-1", 8792 * MIB)] * 2


def test_docker_is_asked_only_when_much_space_has_gone(machine: Machine) -> None:
    assert machine.asked == 1
    for _ in range(3):
        machine.write("i-1", 100)
    assert machine.asked == 1
    machine.write("i-1", NOTICED // MIB)
    assert machine.asked == 2


def test_a_look_that_failed_is_made_again(machine: Machine) -> None:
    machine.down = True
    with pytest.raises(DriverUnavailable):
        machine.write("i-1", 9000)
    machine.down = False
    machine.guard.look()
    assert [instance_id for instance_id, _ in machine.frozen] == ["i-1"]
