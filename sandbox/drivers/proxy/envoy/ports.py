"""Assigns local ports to listeners: stable, kept across restarts, and never one that another program uses.

The key is the load balancer's account, region and name and the listener's AWS port, so that a load balancer that is deleted and created
again (terraform) keeps its ports.
"""

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.drivers.proxy.base import ListenerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    ports: Mapping[str, int]  # listener ARN → port
    problems: Mapping[str, str]  # listener ARN → sentence


@dataclass(slots=True)
class Ports:
    file: Path
    bind: str
    numbers: range
    probe: bool  # try to bind a port before it is assigned; False: Envoy runs in another container
    _remembered: dict[str, int] = field(default_factory=dict)  # oldest first
    _held: set[int] = field(default_factory=set)  # Envoy listens on them
    _unusable: set[int] = field(default_factory=set)  # Envoy could not bind them
    _saved: str = ""

    def load(self, envoy_runs: bool) -> None:
        """Reads the assignment of an earlier control plane. `envoy_runs`: Envoy still listens on its ports."""
        if self.file.exists():
            saved = json.loads(self.file.read_text())
            self._remembered = dict(saved["remembered"])
            self._held = set(saved["held"]) if envoy_runs else set()

    def mark_unusable(self, port: int) -> None:
        """Envoy reported that it cannot bind the port."""
        self._unusable.add(port)
        self._held.discard(port)

    def assign(self, listeners: Iterable[ListenerConfig]) -> Assignment:
        ports, problems = dict[str, int](), dict[str, str]()
        wanted = {_name(listener): listener for listener in listeners}
        for name, listener in wanted.items():
            port = self._port(name, wanted.keys())
            if port is None:
                problems[listener.arn] = self._exhausted()
                self._remembered.pop(name, None)
            else:
                ports[listener.arn] = port
                self._remembered[name] = port
        self._held = set(ports.values())
        self._save()
        return Assignment(ports=ports, problems=problems)

    def _save(self) -> None:
        text = json.dumps({"remembered": self._remembered, "held": sorted(self._held)})
        if text != self._saved:
            self.file.write_text(text)
            self._saved = text

    def _port(self, name: str, wanted: Iterable[str]) -> int | None:
        earlier = self._remembered.get(name)
        if earlier is not None and self._usable(earlier):
            return earlier
        reserved = {self._remembered[other] for other in self._remembered if other != name}
        fresh = next((port for port in self.numbers if port not in reserved and self._usable(port)), None)
        return fresh if fresh is not None else self._reuse(set(wanted))

    def _reuse(self, wanted: set[str]) -> int | None:
        """The port of a deleted listener, the one deleted first."""
        for gone in [name for name in self._remembered if name not in wanted]:
            if self._usable(port := self._remembered.pop(gone)):
                return port
        return None

    def _usable(self, port: int) -> bool:
        if port not in self.numbers or port in self._unusable:
            return False
        return port in self._held or not self.probe or can_bind(self.bind, port)

    def _exhausted(self) -> str:
        return f"ports {self.numbers.start}-{self.numbers.stop - 1} are all in use: free one, or give the sandbox a larger range of ports"


def can_bind(host: str, port: int) -> bool:
    return why_not_bind(host, port) is None


def why_not_bind(host: str, port: int) -> str | None:
    """A clause ("is in use by another program"); None: the port is free."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignores connections that have just ended
        try:
            trial.bind((host, port))
        except PermissionError:
            return "needs privileges that this user does not have"
        except OSError:
            return "is in use by another program"
        return None


def _name(listener: ListenerConfig) -> str:
    owner = ":".join(listener.arn.split(":")[3:5])  # region and account
    return f"{owner}/{listener.name}:{listener.port}"
