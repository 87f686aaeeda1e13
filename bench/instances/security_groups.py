"""A rule of a security group that fifty running instances have: from the call to the last packet that it changes.

A program beside the router connects to all of them from a load balancer's address, again and again, and says when each connection began and
whether it succeeded.
"""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from bench.instances.fleet import SMALL, serving
from bench.kit.containers import Containers
from bench.kit.figure import NO_DOCKER, Figure, at_most, not_measured
from bench.kit.sandboxes import sandbox
from sandbox.launch.compose import docker_problem

COUNT, GOAL = 50, 500.0  # ms
CLOSED, OPENED = f"security-group rule removed from {COUNT} instances", f"security-group rule added to {COUNT} instances"
SECONDS = 6.0  # that the program runs
EVERYTHING = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
CONNECTS = """
import asyncio, json, sys, time
source, seconds, addresses = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
seen = {address: [] for address in addresses}
async def one(address, until):
    while time.time() < until:
        began = time.time()
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, 80, local_addr=(source, 0)), 0.1)
            writer.close()
            seen[address].append((began, True))
        except (OSError, asyncio.TimeoutError):
            seen[address].append((began, False))
        await asyncio.sleep(0.02)
async def everyone():
    until = time.time() + seconds
    await asyncio.gather(*(one(address, until) for address in addresses))
asyncio.run(everyone())
print(json.dumps(seen))
"""

Seen = dict[str, list[tuple[float, bool]]]
"""By address: when a connection began, and whether it succeeded."""


def measure() -> list[Figure]:
    if (obstacle := docker_problem()) is not None:
        return [not_measured(name, f"{NO_DOCKER} ({obstacle})") for name in (CLOSED, OPENED)]
    with sandbox("docker", **SMALL) as client:
        serving(client, COUNT)
        ec2 = client.aws("ec2")
        source = _load_balancer_address(ec2)
        instances = [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
        addresses = [instance["PrivateIpAddress"] for instance in instances]
        rule = {"GroupId": instances[0]["SecurityGroups"][0]["GroupId"], "IpPermissions": EVERYTHING}
        _leave_only_that_rule(ec2, rule["GroupId"])
        closed, at = _during(lambda: ec2.revoke_security_group_ingress(**rule), source, addresses)
        last = max(began for attempts in closed.values() for began, succeeded in attempts if succeeded) - at
        opened, at = _during(lambda: ec2.authorize_security_group_ingress(**rule), source, addresses)
        first = max(min(began for began, succeeded in attempts if succeeded and began > at) for attempts in opened.values()) - at
    method = "from the call to the last connection that began and"
    return [
        at_most(CLOSED, 1000 * max(last, 0.0), "ms", GOAL, f"{method} still succeeded; one every 20 ms to each"),
        at_most(OPENED, 1000 * first, "ms", GOAL, f"{method} was each instance's first to succeed; one every 120 ms to each"),
    ]


def _leave_only_that_rule(ec2: Any, group: Any) -> None:
    """The load balancer has this group too, and the default group's own rule admits its members."""
    [found] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    others = [each for each in found["IpPermissions"] if each["UserIdGroupPairs"]]
    for each in others:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[{**each, "IpRanges": []}])


def _during(change: Callable[[], Any], source: str, addresses: list[str]) -> tuple[Seen, float]:
    """→ what the program saw while the change was made, and when that was called."""
    command = ["docker", "exec", Containers().role("sandbox"), "python3", "-c", CONNECTS, source, str(SECONDS), *addresses]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(SECONDS / 2)  # the program measures before and after
        at = time.time()
        change()
        said, _ = process.communicate(timeout=60)
    return json.loads(said), at


def _load_balancer_address(ec2: Any) -> str:
    found = ec2.describe_network_interfaces()["NetworkInterfaces"]
    return str(next(one["PrivateIpAddress"] for one in found if one["Description"].startswith("ELB app/")))
