"""What curl needs to reach the nodes of a load balancer by its DNS name."""

from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.cli.hosts import resolve_options
from sandbox.cli.main import run

NAME = "web-1.us-east-1.elb.localhost"


def endpoint(*nodes: tuple[str | None, bool]) -> dict[str, Any]:
    listed = [{"zone": f"us-east-1{zone}", "url": url, "in_dns": in_dns} for zone, (url, in_dns) in zip("abc", nodes, strict=False)]
    return {"dns_name": NAME, "port": 80, "url": "http://127.0.0.1:8081/", "nodes": listed}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([("http://127.0.0.2:8081/", True), ("http://127.0.0.3:8081/", True)], [f"--resolve {NAME}:8081:127.0.0.2,127.0.0.3"]),
        ([("http://127.0.0.2:8081/", False), ("http://127.0.0.3:8081/", True)], [f"--resolve {NAME}:8081:127.0.0.3"]),
        ([("http://127.0.0.1:8101/", False), ("http://127.0.0.1:8102/", True)], [f"--connect-to {NAME}:80:127.0.0.1:8102"]),
        ([(None, True)], []),
    ],
    ids=["loopback addresses", "one zone in DNS", "a port for each node", "no address"],
)
def test_curl_gets_the_addresses_that_are_in_dns(nodes: list[tuple[str | None, bool]], expected: list[str]) -> None:
    assert list(resolve_options([endpoint(*nodes)])) == expected


def test_names_of_simulated_load_balancers_are_not_offered(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answer = {"load_balancers": {"web": {"dns_name": NAME}}, "endpoints": [{**endpoint(), "url": None, "simulated": True}]}
    monkeypatch.setattr("sandbox.cli.hosts.client", lambda: SimpleNamespace(get=lambda path: answer))
    assert run(["hosts"]) != 0
    shown = capsys.readouterr()
    assert NAME not in shown.out and "nothing listens on this machine" in shown.err
