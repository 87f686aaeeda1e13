"""The load balancer against a bare Envoy without filters and without a log, in the same run: requests per second and p99.

Both have one worker and the same target (an Envoy that answers at once). Rounds of wrk alternate between them; the figures are the medians
of the ratios of a round. All processes start in sessions of their own: on a kernel with automatic groups of processes, those that share a
session also share their CPU time. The load balancer is the product's: its control plane reads the access log meanwhile.
"""

import json
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.kit.figure import Figure, at_least, at_most, not_measured, without_goal
from bench.kit.sandboxes import healthy, load_balancer, sandbox, subnets, target_group, until
from sandbox.drivers.build import PRIVILEGED_OFFSET, may_bind_port_80
from sandbox.drivers.proxy.envoy.process import binary

TARGET, BARE = 8291, 8292  # ports; the target's is also what AWS sees
ROUNDS, SECONDS, CONNECTIONS = 9, 2, 32
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}


class Round(NamedTuple):
    rate: float  # requests per second
    p99: float  # milliseconds
    failed: int


def measure() -> list[Figure]:
    if shutil.which("wrk") is None:
        return [not_measured("load balancer", "wrk is not installed (Debian's package wrk)")]
    with sandbox("process") as client, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        address, host = _place(client)
        with _envoy(Path(folder), "target", _config(TARGET_PORT, host, _answer())), _envoy(Path(folder), "bare", _bare(host)):
            group = target_group(client, "bench", TargetType="ip", Port=TARGET)
            _, url = load_balancer(client, "bench", group)
            client.aws("elbv2").register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": TARGET}])
            until("the target is healthy", lambda: healthy(client, group) == [address], 60)
            ours, bare = _rounds(url, f"http://127.0.0.1:{BARE}/")
    return _figures(ours, bare)


TARGET_PORT = TARGET + (0 if may_bind_port_80() else PRIVILEGED_OFFSET)


def _place(client: Any) -> tuple[str, str]:
    """A private address for the target, and its loopback address in the process runtime."""
    first = subnets(client, 1)[0]["CidrBlock"].split("/")[0].split(".")
    private = f"{first[0]}.{first[1]}.{first[2]}.100"
    return private, "127." + private.split(".", 1)[1]


def _rounds(ours: str, bare: str) -> tuple[list[Round], list[Round]]:
    _load(ours), _load(bare)  # warm
    found: tuple[list[Round], list[Round]] = [], []
    for number in range(ROUNDS):
        for which in (0, 1) if number % 2 else (1, 0):
            found[which].append(_load((ours, bare)[which]))
    return found


def _load(url: str) -> Round:
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{SECONDS}s", "--latency", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True, start_new_session=True).stdout
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", said)
    return Round(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),  # type: ignore[index]
        p99=float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit],
        failed=int(failed[1] or 1) if failed else 0,
    )


def _figures(ours: list[Round], bare: list[Round]) -> list[Figure]:
    rate = statistics.median(a.rate / b.rate for a, b in zip(ours, bare, strict=True))
    slow = statistics.median(a.p99 / b.p99 for a, b in zip(ours, bare, strict=True))
    method = f"{ROUNDS} pairs of {SECONDS} s of wrk with {CONNECTIONS} connections, {sum(each.failed for each in (*ours, *bare))} failed"
    return [
        at_least("load balancer ÷ bare Envoy, requests per second", rate, "", 0.9, method),
        at_most("load balancer ÷ bare Envoy, p99", slow, "", 1.2, method),
        without_goal("requests per second of the load balancer", statistics.median(each.rate for each in ours), "/s", method),
    ]


@contextmanager
def _envoy(folder: Path, name: str, config: dict[str, Any]) -> Iterator[None]:
    file = folder / f"{name}.json"
    file.write_text(json.dumps(config))
    command = [str(binary()), "-c", str(file), "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    listening = config["static_resources"]["listeners"][0]["address"]["socket_address"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        until(f"the Envoy of {name} listens", lambda: _listens(listening["address"], listening["port_value"]), 10)
        yield
    finally:
        process.kill()
        process.wait()


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _answer() -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": "ok\n"}}}


def _bare(host: str) -> dict[str, Any]:
    config = _config(BARE, "127.0.0.1", {"match": {"prefix": "/"}, "route": {"cluster": "target"}})
    limits = {"thresholds": [dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), 100_000)]}
    at = {"endpoint": {"address": {"socket_address": {"address": host, "port_value": TARGET_PORT}}}}
    assignment = {"cluster_name": "target", "endpoints": [{"lb_endpoints": [at]}]}
    config["static_resources"]["clusters"] = [
        {"name": "target", "type": "STATIC", "circuit_breakers": limits, "load_assignment": assignment}
    ]
    return config


def _config(port: int, host: str, route: dict[str, Any]) -> dict[str, Any]:
    hosts = [{"name": "all", "domains": ["*"], "routes": [route]}]
    manager = {"@type": _HCM, "stat_prefix": "bench", "route_config": {"virtual_hosts": hosts}, "http_filters": [_ROUTER]}
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    address = {"socket_address": {"address": host, "port_value": port}}
    return {"static_resources": {"listeners": [{"name": "bench", "address": address, "filter_chains": [chain]}]}}
