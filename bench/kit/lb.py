"""Shared by `silence` and `changes`: a sandbox with the process runtime, Envoy, and a target group of small servers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network

from bench.kit.sandboxes import healthy, load_balancer, sandbox, subnets, target_group, until
from bench.kit.steady_load import SteadyLoad
from bench.kit.targets import Targets
from sandbox.client import Client
from sandbox.drivers.build import PRIVILEGED_OFFSET, may_bind_port_80

PORT = 8090  # of the targets, as AWS sees it


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    client: Client
    group: str  # ARN of the target group
    listener: str  # ARN
    targets: Targets
    load: SteadyLoad


@contextmanager
def under_load(targets: int, rate: float, **settings: object) -> Iterator[Scene]:
    """All targets are healthy and the load has started. `settings`: of the sandbox."""
    with sandbox("process", **settings) as client:
        network = IPv4Network(subnets(client, 1)[0]["CidrBlock"])
        ids = [str(network[100 + number]) for number in range(targets)]
        servers = Targets([(local(each), _local_port()) for each in ids])
        try:
            group = target_group(client, "bench", TargetType="ip", Port=PORT)
            listener, url = load_balancer(client, "bench", group)
            client.aws("elbv2").register_targets(TargetGroupArn=group, Targets=described(ids))
            until("all targets are healthy", lambda: healthy(client, group) == sorted(ids), 60)
            load = SteadyLoad(url, rate)
            try:
                yield Scene(client=client, group=group, listener=listener, targets=servers, load=load)
            finally:
                load.close()
        finally:
            servers.close()


def described(ids: Sequence[str]) -> list[dict[str, object]]:
    return [{"Id": each, "Port": PORT} for each in ids]


def local(target: str) -> str:
    """The loopback address of a private address in the process runtime: 127.b.c.d for 10.b.c.d."""
    return "127." + target.split(".", 1)[1]


def _local_port() -> int:
    return PORT + (0 if may_bind_port_80() else PRIVILEGED_OFFSET)
