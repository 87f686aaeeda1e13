"""Sandboxes of one machine's test suites have their own ports and addresses."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.core.errors import UserError
from sandbox.settings import Settings
from sandbox.testing import slots


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ports of their own, so that a sandbox of this machine does not disturb."""
    monkeypatch.setattr(slots, "SLOTS", 3)
    monkeypatch.setattr(slots, "FIRST_PORT", 29_000)
    yield


def test_two_slots_share_no_port_and_no_address(tmp_path: Path) -> None:
    one, two = (Settings.from_environment({}, **slots.take(tmp_path).settings()) for _ in range(2))
    ports = [{s.port, s.front_port, *s.listener_ports, *s.node_ports} for s in (one, two)]
    assert len(ports[0]) == 2 + slots.LISTENERS + slots.NODES
    assert ports[0].isdisjoint(ports[1])
    assert (one.name, one.vpc_cidr) != (two.name, two.vpc_cidr) and one.vpc_cidr != two.vpc_cidr


def test_a_released_slot_is_taken_again(tmp_path: Path) -> None:
    first = slots.take(tmp_path)
    second = slots.take(tmp_path)
    first.release()
    assert slots.take(tmp_path).number == first.number != second.number


def test_a_slot_whose_port_another_program_uses_is_left_out(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 29_000))):
        assert slots.take(tmp_path).number == 1


def test_when_all_are_taken_it_says_so(tmp_path: Path) -> None:
    held = [slots.take(tmp_path) for _ in range(3)]
    with pytest.raises(UserError, match="All 3 places"):
        slots.take(tmp_path)
    assert [slot.number for slot in held] == [0, 1, 2]
