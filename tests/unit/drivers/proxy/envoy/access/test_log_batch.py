"""Groups of log lines are what the records of the same lines would be counted as."""

from collections import Counter

import pytest

from sandbox.drivers.proxy.batches import Records
from sandbox.drivers.proxy.envoy.access.log_batch import LogBatch
from sandbox.drivers.proxy.envoy.access.log_format import DARK, FIELD, PART, ROUTE, ListenerName, RouteName, log_format, read
from tests.support import rule

NAME = ListenerName(arn="arn:l", load_balancer="app/web/1", port=80, zone="us-east-1a")


def line(status: str = "200", flags: str = "-", *, listener: str = str(NAME), route: str = "0|forward", waiting: str = "5000") -> bytes:
    details = "via_upstream" if flags == "-" else "other"
    common = FIELD.join((listener, route, "tg|us-east-1a", "10.0.0.1:80|us-east-1b|1", status, flags, details))
    texts = FIELD.join(("127.0.0.1:5", "GET", "host:8081", "/a b", "HTTP/1.1", "curl\t8", "Root=1", "-"))
    return PART.join((common, f"1750000000.25 12 100 {waiting} 200 120 800", texts)).encode()


LINES = {
    "answered": [line(), line(waiting="7000"), line("404")],
    "not answered": [line("502", "UF", waiting="-"), line("504", "UT", waiting="-")],
    "the client gave up": [line("0", "DC", waiting="-")],
    "by name": [line(listener="", route=f"{NAME}{ROUTE}0|forward")],
    "before any rule": [line("400", "-", route="-")],
}


@rule("LBM-6")
@pytest.mark.parametrize("case", LINES)
def test_groups_are_those_of_the_records(case: str) -> None:
    def counted(batch: Records | LogBatch) -> Counter[tuple[object, ...]]:
        found: Counter[tuple[object, ...]] = Counter()
        for group in batch.groups():
            times = group.times or [-1.0] * len(group.ends)
            found.update(
                (group.kind, round(end, 6), size, round(time, 6)) for end, size, time in zip(group.ends, group.sizes, times, strict=True)
            )
        return found

    lines = LINES[case]
    assert counted(LogBatch(lines)) == counted(Records(tuple(read(lines)))) and len(counted(LogBatch(lines))) == len(lines)


def test_lines_of_nothing_are_in_no_group_and_no_record() -> None:
    broken = line()
    lines = [line(route=DARK), line(listener="", route="-"), broken[:-30], broken[:-60] + broken, b"", b"{}"]
    batch = LogBatch(lines)
    assert (list(batch.groups()), list(batch), batch.size) == ([], [], 6)


def test_a_record_has_the_fields_of_the_line() -> None:
    (record,) = LogBatch([line()])
    assert (record.target, record.target_zone, record.fail_open, record.target_group) == ("10.0.0.1:80", "us-east-1b", True, "tg")
    assert (record.node_zone, record.request, record.user_agent) == ("us-east-1a", "GET http://host:80/a b HTTP/1.1", "curl\t8")
    assert (record.target_processing_time, record.received_bytes, record.sent_bytes) == (0.005, 120, 800)


def test_the_name_of_a_route_is_short_where_the_listener_is_known() -> None:
    name = RouteName(listener=NAME, priority=5, action="redirect")
    assert (str(name), name.on_shared_port) == ("5|redirect", "arn:l|app/web/1|80|us-east-1a 5|redirect")


def test_a_percent_sign_in_a_name_is_no_command_of_envoys() -> None:
    assert log_format("a%b").startswith("a%%b")
