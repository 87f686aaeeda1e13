"""How soon a zone of 10 containers is cut off after the call, and how soon it is back, as seen by new connections from the VPC router.

A program in the control plane's network namespace, where load balancer and health checks are, connects to every container again and again.
A zone counts as cut off when the last of them stops answering, and as back when all of them answer.
"""

import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.kit.containers import Containers
from bench.kit.figure import Figure, at_most
from bench.kit.sandboxes import IMAGE, sandbox, subnets, until
from sandbox.client import Client

CONTAINERS, ROUNDS = 10, 10
CUT, RESTORED = 100.0, 200.0  # ms: the goals
WATCH = """
import socket, sys, threading, time
since, answering = {}, {}

def watch(address):
    while True:
        began = time.time()
        try:
            socket.create_connection((address, 80), timeout=0.02).close()
            found, at = True, time.time()
        except OSError:
            found, at = False, began
        if answering.get(address) is not found:
            answering[address], since[address] = found, at
        time.sleep(0.002)

addresses = sys.stdin.readline().split()
for address in addresses:
    threading.Thread(target=watch, args=(address,), daemon=True).start()
for line in sys.stdin:
    wanted, end = line.strip() == "answers", time.time() + 60
    while time.time() < end and (len(answering) < len(addresses) or any(found is not wanted for found in answering.values())):
        time.sleep(0.001)
    print(max(since.values()) if time.time() < end else "waited 60 s in vain", flush=True)
"""


def measure() -> list[Figure]:
    with sandbox("docker") as client:
        zone, addresses = _zone(client)
        with _watching(Containers().role("sandbox"), addresses) as watcher:
            watcher.since(answers=True)
            rounds = [_round(client, watcher, zone) for _ in range(ROUNDS)]
    cut, restored = [each[0] for each in rounds], [each[1] for each in rounds]
    method = f"from the call to the last of {CONTAINERS} containers, median of {ROUNDS}"
    return [
        at_most("zone cut off", statistics.median(cut), "ms", CUT, f"{method}; longest {max(cut):.0f} ms"),
        at_most("zone back", statistics.median(restored), "ms", RESTORED, f"{method}; longest {max(restored):.0f} ms"),
    ]


def _zone(client: Client) -> tuple[str, list[str]]:
    """→ the zone, and the addresses of its instances, which answer."""
    ec2, subnet = client.aws("ec2"), subnets(client, 1)[0]
    place = {"InstanceType": "t3.micro", "SubnetId": subnet["SubnetId"]}
    launched = ec2.run_instances(ImageId=IMAGE, MinCount=CONTAINERS, MaxCount=CONTAINERS, **place)["Instances"]
    ids = [instance["InstanceId"] for instance in launched]

    def running() -> list[str] | None:
        found = [i for r in ec2.describe_instances(InstanceIds=ids)["Reservations"] for i in r["Instances"]]
        return [i["PrivateIpAddress"] for i in found] if all(i["State"]["Name"] == "running" for i in found) else None

    return subnet["AvailabilityZone"], until("all instances run", running, 120)


def _round(client: Client, watcher: "Watcher", zone: str) -> tuple[float, float]:
    """→ milliseconds until the zone was cut off, and until it was back."""
    began = time.time()
    fault = client.post("faults", {"kind": "zone-blackhole", "targets": [zone]})["id"]
    cut = watcher.since(answers=False) - began
    began = time.time()
    client.post("faults/clear", {"id": fault})
    restored = watcher.since(answers=True) - began
    return cut * 1e3, restored * 1e3


class Watcher:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def since(self, *, answers: bool) -> float:
        """Waits until all containers answer, or none does. → since when (time.time())."""
        self.tell("answers" if answers else "silence")
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        try:
            return float(said)
        except ValueError:
            raise TimeoutError(f"the zone: {said or 'the watcher ended'}") from None


@contextmanager
def _watching(container: str, addresses: list[str]) -> Iterator[Watcher]:
    command = ["docker", "exec", "-i", container, "python3", "-u", "-c", WATCH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            watcher = Watcher(process)
            watcher.tell(" ".join(addresses))
            yield watcher
        finally:
            process.kill()
