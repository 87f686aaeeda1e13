"""The Proxy that serves real requests: an Envoy, as a process of this machine or in its own container, configured over ADS.

`apply` renders the configuration and returns; the threads of the ADS streams send the differences. Another thread reads the access log and
renders again when needed: the clock has another speed, or Envoy could not bind a port.

Files in `directory` (kept across restarts): envoy.json, envoy.pid, envoy.log, admin.sock, ads.sock, ports.json, access.log with its
offset.
"""

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.drivers.liveness import LivenessCheck
from sandbox.drivers.proxy.base import AccessRecord, Connections, ProxyConfig
from sandbox.drivers.proxy.envoy import connection_counts
from sandbox.drivers.proxy.envoy.access.tail import Tail
from sandbox.drivers.proxy.envoy.admin import Admin, socket_path
from sandbox.drivers.proxy.envoy.ads.server import DiscoveryServer
from sandbox.drivers.proxy.envoy.config.bootstrap import DEFAULT_ADS
from sandbox.drivers.proxy.envoy.config.render import ListenAddresses, Renderer
from sandbox.drivers.proxy.envoy.config.routes import FRONT, NAMES
from sandbox.drivers.proxy.envoy.ports import Assignment, Ports, can_bind, why_not_bind
from sandbox.drivers.proxy.envoy.process import EnvoyProcess
from sandbox.drivers.proxy.envoy.restarter import ContainerRestarter
from sandbox.drivers.proxy.envoy.target_connections import close_target_connections

_POLL_INTERVAL = 0.1  # real seconds between reads of the access log
_LIVENESS_INTERVAL = 1.0  # real seconds
_PORT_RETRY_INTERVAL = 2.0  # real seconds between attempts to get a port that another program uses
INSTEAD = {
    FRONT: "load balancers answer on their own ports only",
    NAMES: "http://<DNSName>/ reaches no load balancer; use their other addresses (sandbox status)",
}
"""Shared port → what follows when Envoy cannot listen on it."""
_CANNOT_BIND = re.compile(r"cannot bind '[^']*:(\d+)'")

AccessCallback = Callable[[Sequence[AccessRecord]], None]
TroubleCallback = Callable[[str], None]


class EnvoyProxy:
    """child=False: Envoy runs in its own container, with the bootstrap that `python -m sandbox.drivers.proxy.envoy.config.bootstrap --ads
    <ads> --admin <directory>/admin.sock` writes, and with `directory` under the same path.

    Timeouts of the configuration are sandbox time, with minimums in real seconds: connect 0.25, idle 1.
    """

    def __init__(  # noqa: PLR0913 — wiring names each
        self,
        *,
        clock: Clock,
        directory: Path,
        bind: str = "127.0.0.1",
        ports: range,
        front_port: int | None = None,
        names_port: int | None = None,
        child: bool = True,
        ads: str | None = None,
        restart_container: Callable[[], None] | None = None,
    ) -> None:
        """`ports`: for listeners; `front_port`, `names_port`: None for none; `ads`: "host:port" for the streams of an Envoy in its own
        container; `restart_container` starts that container. It may raise, and is called again later."""
        self._clock, self._bind = clock, bind
        self._shared = {name: port for name, port in ((FRONT, front_port), (NAMES, names_port)) if port is not None}
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True)
        admin = socket_path(self._directory, "admin")
        self._admin = Admin(admin)
        address = ads or (f"unix:{socket_path(self._directory, 'ads')}" if child else DEFAULT_ADS)
        self._ads = DiscoveryServer(address)
        self._process = EnvoyProcess(self._directory, address, admin, self._report) if child else None
        self._renderer = Renderer()
        free = range(ports.start, ports.stop)
        self._ports = Ports(self._directory / "ports.json", bind, free, probe=child)
        self._assignment = Assignment(ports={}, problems={})
        self._try_again = 0.0
        self._config: ProxyConfig | None = None
        self._opened = False
        self._speed = clock.speed
        self._restarter = ContainerRestarter(restart_container) if restart_container else None
        self._connections: Mapping[str, Connections] = {}
        self._liveness = LivenessCheck("envoy-liveness", _LIVENESS_INTERVAL, self._answers, self._not_answering)
        self._lock = threading.RLock()
        self._access: list[AccessCallback] = []
        self._trouble: list[TroubleCallback] = []
        self._log = self._directory / "access.log"
        self._tail = Tail(self._log, self._reopen_log)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="envoy-log", daemon=True)

    # ---- Proxy ---------------------------------------------------------------------------------------------------------------------

    def apply(self, config: ProxyConfig | None) -> None:
        """The first call opens the discovery server and starts or adopts Envoy, so it must come after the state was loaded.

        Raises DriverUnavailable when the address of the discovery server is in use."""
        with self._lock:
            if config is not None:
                self._config = config
            if not self._opened:
                self._ports.load(envoy_runs=self._process is None or self._process.holds_ports())
                self._check_shared_ports()
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
        return dict(self._assignment.problems)

    def on_access(self, callback: AccessCallback) -> None:
        self._access.append(callback)

    def on_trouble(self, callback: TroubleCallback) -> None:
        self._trouble.append(callback)

    def available(self) -> str | None:
        if not self._opened:
            return "the load balancers have no configuration yet"
        why_not = self._process.why_not() if self._process else None
        if why_not is not None:
            return why_not
        if not self._ads.connected():
            return "Envoy has not connected to the control plane yet"
        return "Envoy is connected, but does not answer" if self._liveness.failed else None

    def connections(self) -> Mapping[str, Connections]:
        return self._connections

    def close_connections(self, host: str, port: int) -> None:
        def work() -> None:
            if (why_not := close_target_connections(host, port)) is not None:
                self._report(why_not)

        threading.Thread(target=work, name="close-connections", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Of Envoy's process; None: it is starting, or runs in its own container."""
        return self._process.pid if self._process else None

    def settled(self) -> bool:
        """Envoy has accepted all of the last configuration."""
        return self._ads.settled()

    def close(self, *, keep_serving: bool = True) -> None:
        self._stop.set()
        self._liveness.stop()
        if self._thread.is_alive():
            self._thread.join()
        if self._process is not None:
            self._process.close(keep_serving=keep_serving)
        self._ads.close()

    # ---- inside ----------------------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._ads.open()
        if self._process is not None:
            self._process.start()
        self._thread.start()
        self._liveness.start()
        self._opened = True

    def _render(self, free: Collection[str] = ()) -> None:
        """`free`: shared ports that have become free."""
        with self._lock:
            if self._config is None:
                return
            problems = {name: why for name, why in self._assignment.problems.items() if name in self._shared and name not in free}
            given = self._ports.assign(self._config.listeners)
            self._speed = self._clock.speed
            front, names = (self._shared.get(name) if name not in problems else None for name in (FRONT, NAMES))
            addresses = ListenAddresses(bind=self._bind, ports=given.ports, front_port=front, names_port=names, log_path=str(self._log))
            self._ads.set(self._renderer.render(self._config, addresses, self._real))
            self._assignment = Assignment(ports=given.ports, problems={**given.problems, **problems})

    def _real(self, duration: timedelta) -> float:
        return self._clock.real(duration)

    def _check_shared_ports(self) -> None:
        if self._process is None or self._process.holds_ports():
            return
        for name, port in self._shared.items():
            if why_not := why_not_bind(self._bind, port):
                self._give_up(name, why_not)

    def _port_became_free(self) -> bool:
        """Whether to render again for a listener without a port. Checked at intervals while there are problems."""
        problems = self._assignment.problems
        if self._process is None or not problems or time.monotonic() < self._try_again:
            return False
        self._try_again = time.monotonic() + _PORT_RETRY_INTERVAL
        free = [name for name, port in self._shared.items() if name in problems and can_bind(self._bind, port)]
        if free:
            self._render(free)
        return any(name not in self._shared for name in problems)

    def _give_up(self, name: str, why_not: str = "is in use by another program") -> None:
        sentence = f"port {self._shared[name]} {why_not}: {INSTEAD[name]}"
        self._assignment = Assignment(ports=self._assignment.ports, problems={**self._assignment.problems, name: sentence})

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._clock.speed != self._speed or self._avoid_unusable_ports() or self._port_became_free():
                    self._render()
                if self._restarter and (report := self._restarter.check(connected=self._ads.connected())):
                    self._report(report)
                more = self._tail.follow(self._publish)
            except Exception as error:  # an error in a callback does not end this thread
                self._report(f"the access log could not be read or published: {type(error).__name__}: {error}")
                more = False
            if not more:
                self._stop.wait(_POLL_INTERVAL)
        while self._tail.follow(self._publish):  # what was written until now
            pass

    def _avoid_unusable_ports(self) -> bool:
        refused = [int(port) for message in self._ads.rejected() for port in _CANNOT_BIND.findall(message)]
        with self._lock:
            mine = [port for port in refused if port in self._assignment.ports.values()]
            for port in mine:
                self._ports.mark_unusable(port)
            shared = [name for name, port in self._shared.items() if port in refused and name not in self._assignment.problems]
            for name in shared:
                self._give_up(name)
            return bool(mine or shared)

    def _answers(self) -> bool:
        """True while Envoy is starting."""
        if not self._ads.connected():
            return True
        answer = self._admin.ask("GET", connection_counts.STATS_PATH)
        if answer is None:
            return False
        with suppress(ValueError):  # the counts stay those of the last response
            self._connections = connection_counts.read(answer, self._arns())
        return True

    def _arns(self) -> list[str]:
        config = self._config or ProxyConfig()
        return [*(listener.arn for listener in config.listeners), *(group.arn for group in config.target_groups)]

    def _not_answering(self) -> None:
        if self._process is not None and self._process.kill():
            self._report("Envoy did not answer and is killed")
        elif self._process is None:
            self._report("Envoy does not answer, although its container runs")

    def _reopen_log(self) -> bool:
        return self._admin.ask("POST", "/reopen_logs") is not None

    def _publish(self, records: Sequence[AccessRecord]) -> None:
        if records:
            for callback in self._access:
                callback(records)

    def _report(self, sentence: str) -> None:
        for callback in self._trouble:
            callback(sentence)
