"""Which CIDR blocks are refused, and how the kernel's routing table is read."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from sandbox.drivers.runtime.cidr import Range, host_routes, ipv4, overlap

TAKEN = [
    Range(what="the Docker network bridge", cidr=IPv4Network("172.17.0.0/16")),
    Range(what="the host's route by eth0", cidr=IPv4Network("10.0.4.0/22")),
]

ROUTES = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0104000A	0003	0	0	0	00000000	0	0	0
eth0	0004000A	00000000	0001	0	0	0	00FCFFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
"""


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("172.31.0.0/16", None),
        ("10.0.0.0/22", None),
        ("172.16.0.0/12", "the Docker network bridge (172.17.0.0/16)"),
        ("172.17.5.0/24", "the Docker network bridge (172.17.0.0/16)"),
        ("10.0.0.0/16", "the host's route by eth0 (10.0.4.0/22)"),
    ],
)
def test_overlap_names_both(block: str, why: str | None) -> None:
    expected = why and f"{block} overlaps {why} on this machine; choose another CIDR block."
    assert overlap(block, TAKEN) == expected


def test_routes_are_read_without_the_default_route(tmp_path: Path) -> None:
    table = tmp_path / "route"
    table.write_text(ROUTES)
    assert host_routes(table) == [("eth0", IPv4Network("10.0.4.0/22")), ("docker0", IPv4Network("172.17.0.0/16"))]


def test_system_without_that_table_has_no_routes(tmp_path: Path) -> None:
    assert host_routes(tmp_path / "none") == []


def test_ipv6_is_left_out() -> None:
    assert ipv4(["fd00::/64", "10.0.0.0/8"]) == [IPv4Network("10.0.0.0/8")]
