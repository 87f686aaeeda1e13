"""The Proxy that serves real requests: an Envoy, as a child process or in its own container, told over ADS what to do.

`apply` renders and returns; what differs is sent from the stream's own thread. One more thread follows the access log and sees what
needs a new rendering: another speed of the clock, a port that Envoy could not bind.

Files in `directory` (kept across restarts): envoy.json, envoy.pid, envoy.log, admin.sock, ads.sock, ports.json, access.log with its
offset.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.drivers.liveness import LivenessCheck
from sandbox.drivers.proxy.base import AccessRecord, Connections, ProxyConfig
from sandbox.drivers.proxy.envoy import connections
from sandbox.drivers.proxy.envoy.access.tail import Tail
from sandbox.drivers.proxy.envoy.admin import Admin, socket_path
from sandbox.drivers.proxy.envoy.ads.server import Ads
from sandbox.drivers.proxy.envoy.child import Child
from sandbox.drivers.proxy.envoy.config.bootstrap import DEFAULT_ADS
from sandbox.drivers.proxy.envoy.config.render import Place, Renderer
from sandbox.drivers.proxy.envoy.cut import cut
from sandbox.drivers.proxy.envoy.ports import Assignment, Ports, can_bind
from sandbox.drivers.proxy.envoy.revival import Revival

_LOOK = 0.1  # real seconds between looks at the log
_LIVENESS_INTERVAL = 1.0  # real seconds
_TRY_AGAIN = 2.0  # real seconds between tries for a port that somebody else has
_CANNOT_BIND = re.compile(r"cannot bind '[^']*:(\d+)'")

AccessCallback = Callable[[Sequence[AccessRecord]], None]
TroubleCallback = Callable[[str], None]


class EnvoyProxy:
    """child=False: Envoy runs in its own container, started with what `python -m sandbox.drivers.proxy.envoy.config.bootstrap --ads <ads>
    --admin <directory>/admin.sock` writes, and sees `directory` under the same path.

    Timeouts of the configuration are sandbox time, with floors in real seconds: connecting 0.25, idle 1.
    """

    def __init__(  # noqa: PLR0913 — wiring names each
        self,
        *,
        clock: Clock,
        directory: Path,
        bind: str = "127.0.0.1",
        ports: range,
        front_port: int | None = None,
        child: bool = True,
        ads: str | None = None,
        revive: Callable[[], None] | None = None,
    ) -> None:
        """`ports`: for listeners; `front_port`: None for none; `ads`: "host:port" of the stream where Envoy is not our child; `revive`
        starts that Envoy's container when it is gone (it may raise, and is called again later)."""
        self._clock, self._bind, self._front_port = clock, bind, front_port
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True)
        admin = socket_path(self._directory, "admin")
        self._admin = Admin(admin)
        address = ads or (f"unix:{socket_path(self._directory, 'ads')}" if child else DEFAULT_ADS)
        self._ads = Ads(address)
        self._child = Child(self._directory, address, admin, self._tell_trouble) if child else None
        self._renderer = Renderer()
        free = range(ports.start, ports.stop)
        self._ports = Ports(self._directory / "ports.json", bind, free, probe=child)
        self._assignment = Assignment(ports={}, problems={})
        self._try_again = 0.0
        self._config: ProxyConfig | None = None
        self._opened = False
        self._speed = clock.speed
        self._revival = Revival(revive) if revive else None
        self._connections: Mapping[str, Connections] = {}
        self._liveness = LivenessCheck("envoy-liveness", _LIVENESS_INTERVAL, self._answers, self._not_answering)
        self._lock = threading.RLock()
        self._access: list[AccessCallback] = []
        self._trouble: list[TroubleCallback] = []
        self._log = self._directory / "access.log"
        self._tail = Tail(self._log, self._reopen_log)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="envoy-log", daemon=True)

    # ---- Proxy ---------------------------------------------------------------------------------------------------------------------

    def apply(self, config: ProxyConfig) -> None:
        """The first one opens the stream (and starts or adopts Envoy): call it when the state is rebuilt.

        → DriverUnavailable when the stream's address is taken."""
        with self._lock:
            self._config = config
            if not self._opened:
                self._ports.load(envoy_runs=self._child is None or self._child.holds_ports())
                self._check_front_port()
            self._render()
            if not self._opened:
                self._open()

    def rejected(self) -> Sequence[str]:
        return self._ads.rejected()

    def local_address(self, listener_arn: str) -> tuple[str, int] | None:
        port = self._assignment.ports.get(listener_arn)
        if port is None or not self._ads.serves(listener_arn):
            return None
        return ("127.0.0.1" if self._bind == "0.0.0.0" else self._bind), port

    def problems(self) -> dict[str, str]:
        """By listener ARN, and under "front" what is wrong with the front port."""
        return dict(self._assignment.problems)

    def on_access(self, callback: AccessCallback) -> None:
        self._access.append(callback)

    def on_trouble(self, callback: TroubleCallback) -> None:
        self._trouble.append(callback)

    def available(self) -> str | None:
        if self._config is None:
            return "the load balancers wait for their first configuration"
        why_not = self._child.why_not() if self._child else None
        if why_not is not None:
            return why_not
        if not self._ads.connected():
            return "Envoy has not connected to the control plane (yet)"
        return "Envoy is there, but does not answer" if self._liveness.failed else None

    def connections(self) -> Mapping[str, Connections]:
        return self._connections

    def cut(self, host: str, port: int) -> None:
        """Ends the open connections to a target, whose open requests get a 502 (TG-20). Returns at once; where the machine does not permit
        it, `on_trouble` is told and requests end when the target does."""

        def work() -> None:
            if (why_not := cut(host, port)) is not None:
                self._tell_trouble(why_not)

        threading.Thread(target=work, name="cut", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Of our child; None: it is being started, or Envoy is not our child."""
        return self._child.pid if self._child else None

    def settled(self) -> bool:
        """Envoy has accepted all of the last configuration."""
        return self._ads.settled()

    def close(self, *, keep_serving: bool = True) -> None:
        self._stop.set()
        self._liveness.stop()
        if self._thread.is_alive():
            self._thread.join()
        if self._child is not None:
            self._child.close(keep_serving=keep_serving)
        self._ads.close()

    # ---- inside ----------------------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._ads.open()
        if self._child is not None:
            self._child.start()
        self._thread.start()
        self._liveness.start()
        self._opened = True

    def _render(self, front_is_free: bool = False) -> None:
        """What was a problem is one until Envoy has been told otherwise."""
        with self._lock:
            if self._config is None:
                return
            front_problem = None if front_is_free else self._assignment.problems.get("front")
            given = self._ports.assign(self._config.listeners)
            self._speed = self._clock.speed
            front = None if front_problem else self._front_port
            place = Place(bind=self._bind, ports=given.ports, front_port=front, log_path=str(self._log))
            self._ads.set(self._renderer.render(self._config, place, self._real))
            self._assignment = Assignment(
                ports=given.ports, problems={**given.problems, **({"front": front_problem} if front_problem else {})}
            )

    def _real(self, duration: timedelta) -> float:
        return self._clock.real(duration)

    def _check_front_port(self) -> None:
        if self._child is None or self._front_port is None or self._child.holds_ports():
            return
        if not can_bind(self._bind, self._front_port):
            self._no_front_port()

    def _ports_are_free_again(self) -> bool:
        """Looked at now and then while something is missing: who had the port may have gone."""
        problems = self._assignment.problems
        if self._child is None or not problems or time.monotonic() < self._try_again:
            return False
        self._try_again = time.monotonic() + _TRY_AGAIN
        if "front" in problems and self._front_port is not None and can_bind(self._bind, self._front_port):
            self._render(front_is_free=True)
        return any(name != "front" for name in problems)

    def _no_front_port(self) -> None:
        sentence = f"port {self._front_port} is in use by another program: load balancers answer on their own ports only"
        self._assignment = Assignment(ports=self._assignment.ports, problems={**self._assignment.problems, "front": sentence})

    def _look_after(self) -> None:
        while not self._stop.is_set():
            try:
                if self._clock.speed != self._speed or self._avoid_refused_ports() or self._ports_are_free_again():
                    self._render()
                if self._revival and (said := self._revival.look(connected=self._ads.connected())):
                    self._tell_trouble(said)
                more = self._tail.follow(self._tell_access)
            except Exception as error:  # a subscriber's fault must not end the reading of the log
                self._tell_trouble(f"the access log could not be read or told: {type(error).__name__}: {error}")
                more = False
            if not more:
                self._stop.wait(_LOOK)
        while self._tail.follow(self._tell_access):  # what came until the end
            pass

    def _avoid_refused_ports(self) -> bool:
        refused = [int(port) for message in self._ads.rejected() for port in _CANNOT_BIND.findall(message)]
        with self._lock:
            mine = [port for port in refused if port in self._assignment.ports.values()]
            for port in mine:
                self._ports.refuse(port)
            front = self._front_port in refused and "front" not in self._assignment.problems
            if front:
                self._no_front_port()
            return bool(mine) or front

    def _answers(self) -> bool:
        """One that is being started has nothing to answer yet."""
        if not self._ads.connected():
            return True
        answer = self._admin.ask("GET", connections.QUESTION)
        if answer is None:
            return False
        with suppress(ValueError):  # what is no answer of Envoy's tells nothing of connections
            self._connections = connections.read(answer, self._arns())
        return True

    def _arns(self) -> list[str]:
        config = self._config or ProxyConfig()
        return [*(listener.arn for listener in config.listeners), *(group.arn for group in config.target_groups)]

    def _not_answering(self) -> None:
        if self._child is not None and self._child.kill():
            self._tell_trouble("Envoy did not answer any more, so it is ended")
        elif self._child is None:
            self._tell_trouble("Envoy does not answer: its container is there, but stands still")

    def _reopen_log(self) -> bool:
        return self._admin.ask("POST", "/reopen_logs") is not None

    def _tell_access(self, records: Sequence[AccessRecord]) -> None:
        if records:
            for callback in self._access:
                callback(records)

    def _tell_trouble(self, sentence: str) -> None:
        for callback in self._trouble:
            callback(sentence)
