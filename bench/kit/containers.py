"""Helpers for measurements with real containers: the sandbox's own containers, bare containers, and a program that polls them from inside.

The host cannot reach instances, so a small program in the network namespace of the control plane polls an address every 5 ms and prints the
time of the first response, by this machine's clock. It starts when the container runs: if an address is requested before it exists, ARP
retries only after a second, which would be measured instead.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import docker

from bench.kit.sandboxes import NAME
from sandbox.drivers.runtime import launch_spec_json
from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.values import EngineMachine, container_config

BARE = "sandbox.bench"  # label of the bare containers; with the sandbox's label, it would manage them as its own
POLL = """
import sys, time, urllib.request
for address in sys.stdin:
    end = time.time() + 60
    while time.time() < end:
        try:
            if urllib.request.urlopen("http://" + address.strip() + "/", timeout=1).status == 200:
                break
        except OSError:
            time.sleep(0.005)
    else:
        print("no answer within 60 s", flush=True)
        continue
    print(time.time(), flush=True)
"""


class Containers:
    def __init__(self) -> None:
        self._docker = docker.APIClient(version="auto", timeout=60, **docker.utils.kwargs_from_env())

    def role(self, role: str) -> str:
        """Id of the container of the Compose project with this role: "sandbox", "dataplane"."""
        wanted = [f"{labels.ROLE}={role}", f"{labels.TOPOLOGY}={NAME}"]
        return str(self._docker.containers(filters={"label": wanted})[0]["Id"])

    def made_of(self, instance_id: str) -> tuple[LaunchSpec, str]:
        """The launch spec of the instance's container, and its image."""
        config = self._docker.inspect_container(labels.container_name(NAME, instance_id))["Config"]
        return launch_spec_json.from_json(config["Labels"][labels.SPEC]), config["Image"]

    def run_bare(self, like: LaunchSpec, image: str, address: str) -> str:
        """Creates and starts a container with the same image, limits and network, in two calls. The router does not know its hardware
        address, so it answers ARP, as a container without a sandbox does."""
        spec = replace(like, private_ip_address=address, mac_address=None)
        config: dict[str, Any] = container_config(NAME, spec, image, EngineMachine()) | {"Labels": {BARE: NAME}}
        made = self._docker.create_container_from_config(config, f"{NAME}-bare-{address}")
        self._docker.start(made["Id"])
        return str(made["Id"])

    def await_start(self, instance_id: str, since: float) -> None:
        """Waits until Docker's event stream reports that the instance's container runs; `since`: an earlier time (time.time())."""
        wanted = {"event": "start", "container": labels.container_name(NAME, instance_id)}
        stream = self._docker.events(since=int(since), until=int(since + 60), decode=True, filters=wanted)
        try:
            next(iter(stream))
        finally:
            stream.close()

    def remove(self, container: str) -> None:
        self._docker.remove_container(container, force=True, v=True)

    def remove_bare(self) -> None:
        for found in self._docker.containers(all=True, filters={"label": f"{BARE}={NAME}"}):
            self.remove(found["Id"])

    def execute(self, role: str, *words: str) -> str:
        done = subprocess.run(["docker", "exec", self.role(role), *words], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def memory_in_use(self, instance_id: str) -> int:
        """Bytes, as the kernel counts them for the container's limit, without its page cache that can be dropped."""
        found: Mapping[str, Any] = self._docker.stats(labels.container_name(NAME, instance_id), stream=False, one_shot=True)
        memory = found["memory_stats"]
        return int(memory["usage"]) - int(memory["stats"].get("inactive_file", memory["stats"].get("total_inactive_file", 0)))

    @contextmanager
    def poller(self) -> Iterator["Poller"]:
        command = ["docker", "exec", "-i", self.role("sandbox"), "python3", "-u", "-c", POLL]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Poller(process)
            finally:
                process.kill()


class Poller:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def first_200(self, address: str) -> float:
        """→ the time of the first response 200 (time.time()). Use it only for addresses of this sandbox's networks."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(address + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        try:
            return float(said)
        except ValueError:
            raise TimeoutError(f"{address}: {said or 'the poller ended'}") from None
