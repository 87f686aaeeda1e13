"""Every line is read exactly once, across restarts, rotation, and an Envoy that was killed while it wrote a line."""

from pathlib import Path

import pytest

from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.proxy.envoy.access.log_format import FIELD, PART, ListenerName
from sandbox.drivers.proxy.envoy.access.tail import Tail


def line(path: str) -> str:
    name = ListenerName(arn="arn:l", load_balancer="app/web/1", port=80, zone="us-east-1a")
    common = FIELD.join((str(name), "0|forward", "tg", "10.0.0.1:80|us-east-1a|0", "200", "-", "via_upstream"))
    numbers = "1750000000.000001 12 100 5000 200 120 800"
    texts = FIELD.join(("127.0.0.1:5", "GET", "host", path, "HTTP/1.1", "curl", "Root=1", "-"))
    return PART.join((common, numbers, texts)) + "\n"


class Log:
    def __init__(self, directory: Path, largest: int = 10**9) -> None:
        self.path, self.largest, self.got, self.reopened = directory / "access.log", largest, list[AccessRecord](), 0
        self.tail = self.open()

    def open(self) -> Tail:
        return Tail(self.path, self.reopen, self.largest)

    def reopen(self) -> bool:
        self.reopened += 1
        return True

    def write(self, text: str) -> None:
        with open(self.path, "a") as file:
            file.write(text)

    def read(self) -> list[str]:
        """The paths of the requests since the last call."""
        self.got.clear()
        while self.tail.follow(self.got.extend):
            pass
        return [record.request.split("80")[1].split()[0] for record in self.got]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_nothing_yet(log: Log) -> None:
    assert log.read() == []


def test_each_line_once(log: Log) -> None:
    log.write(line("/1") + line("/2"))
    assert log.read() == ["/1", "/2"]
    log.write(line("/3"))
    assert log.read() == ["/3"]
    assert log.read() == []


def test_half_a_line_waits_for_the_rest(log: Log) -> None:
    text = line("/1")
    log.write(text[:50])
    assert log.read() == []
    log.write(text[50:])
    assert log.read() == ["/1"]


def test_a_restart_continues_at_the_last_offset(log: Log) -> None:
    log.write(line("/1"))
    assert log.read() == ["/1"]
    log.write(line("/2"))
    log.tail = log.open()
    assert log.read() == ["/2"]


def test_an_incomplete_line_of_a_killed_envoy_is_skipped(log: Log) -> None:
    log.write(line("/1") + line("/lost")[:40] + "\n" + line("/2"))
    assert log.read() == ["/1", "/2"]


def test_a_truncated_file_is_read_from_its_beginning(log: Log) -> None:
    log.write(line("/1") + line("/2"))
    log.read()
    log.path.write_text(line("/3"))
    assert log.read() == ["/3"]


def test_a_large_log_is_rotated_without_loss(tmp_path: Path) -> None:
    log = Log(tmp_path, largest=60)
    log.write(line("/1"))
    assert log.read() == ["/1"]
    old = log.path.with_name("access.log.old")
    assert old.exists() and log.reopened >= 1
    with open(old, "a") as file:  # Envoy has not opened the new one yet
        file.write(line("/2"))
    assert log.read() == ["/2"]
    with open(old, "a") as file:
        file.write(line("/3"))
    log.write(line("/4"))
    assert log.read() == ["/3", "/4"]
    assert log.read() == []
