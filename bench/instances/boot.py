"""RunInstances to the first 200 against bare Docker, and TerminateInstances to a replacement that answers through the load balancer.

Our instance and the bare container have the same image, limits and network, and alternate, so that both run under the same conditions.
"""

import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from itertools import islice

import httpx

from bench.kit.containers import Containers, Poller
from bench.kit.figure import NO_DOCKER, Figure, not_measured, ratio
from bench.kit.sandboxes import IMAGE, auto_scaling_group, healthy, load_balancer, sandbox, subnets, target_group, until
from sandbox.client import Client
from sandbox.launch.compose import docker_problem

TO_200, TO_REPLACEMENT = "run-instances to the first 200", "terminate to a replacement that answers"
ROUNDS, REPLACEMENTS = 5, 3
LONGEST, CHECK = 120.0, 5.0  # seconds


def measure() -> list[Figure]:
    if (obstacle := docker_problem()) is not None:
        return [not_measured(name, f"{NO_DOCKER} ({obstacle})") for name in (TO_200, TO_REPLACEMENT)]
    containers = Containers()
    with sandbox("docker") as client, containers.poller() as poller:
        try:
            ours, bare = boots(client, containers, poller)
        finally:
            containers.remove_bare()
        replaced = list(islice(replacements(client), REPLACEMENTS))
    limits = [each + CHECK for each in bare]
    return [
        ratio(TO_200, ours, bare, 1.2, "limit: a bare container, create and start; both asked from the control plane's network namespace"),
        ratio(TO_REPLACEMENT, replaced, limits, 1.3, "limit: bare container to 200, and one health check interval of 5 s"),
    ]


def boots(client: Client, containers: Containers, poller: Poller) -> tuple[list[float], list[float]]:
    """→ seconds of our instances, and of the bare containers."""
    ours, bare = [], []
    instance_id, _ = launch(client, containers, poller)  # creates the network, and warms up what both use
    like, image = containers.made_of(instance_id)
    end(client, instance_id)
    for number in range(ROUNDS):
        address = str(IPv4Network(like.subnet_cidr)[1000 + number])
        bare.append(launch_bare(poller, address, lambda address=address: containers.run_bare(like, image, address)))
        containers.remove_bare()
        instance_id, seconds = launch(client, containers, poller)
        ours.append(seconds)
        end(client, instance_id)
    return ours, bare


def launch(client: Client, containers: Containers, poller: Poller) -> tuple[str, float]:
    subnet = subnets(client, 1)[0]["SubnetId"]
    began = time.time()
    answer = client.aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.medium", MinCount=1, MaxCount=1, SubnetId=subnet)
    instance = answer["Instances"][0]
    containers.await_start(instance["InstanceId"], began)
    return instance["InstanceId"], poller.first_200(instance["PrivateIpAddress"]) - began


def launch_bare(poller: Poller, address: str, run: Callable[[], str]) -> float:
    began = time.time()
    run()
    return poller.first_200(address) - began


def end(client: Client, instance_id: str) -> None:
    """Waits until the machine is gone, so that its shutdown does not affect the next measurement."""
    client.aws("ec2").terminate_instances(InstanceIds=[instance_id])
    until("it is terminated", lambda: not _there(client, instance_id), LONGEST)


def _there(client: Client, instance_id: str) -> bool:
    return any(machine["instance_id"] == instance_id for machine in client.get("machines")["machines"])


def replacements(client: Client) -> Iterator[float]:
    """Seconds from TerminateInstances of one of two instances to a response of a third one; repeats without end."""
    group = target_group(client, "bench")
    _, url = load_balancer(client, "bench", group)
    auto_scaling_group(client, "bench", group, 2)
    while True:
        known = until("two members are healthy", lambda: found if len(found := healthy(client, group)) == 2 else [], LONGEST)
        until("the load balancer answers", lambda known=known: answered_by(url) in known, LONGEST)
        began = time.monotonic()
        client.aws("ec2").terminate_instances(InstanceIds=known[:1])
        until("the replacement answers", lambda known=known: answered_by(url) not in (None, *known), LONGEST, 0.02)
        yield time.monotonic() - began


def answered_by(url: str) -> str | None:
    """The id of the instance that responded; None if none did."""
    try:
        answer = httpx.get(url, headers={"Accept": "application/json"}, timeout=5, trust_env=False)
    except httpx.TransportError:
        return None
    return str(answer.json()["instance_id"]) if answer.status_code == 200 else None
