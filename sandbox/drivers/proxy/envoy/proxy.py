"""The Proxy that serves real requests: an Envoy, as a process of this machine or in its own container, configured over ADS.

`apply` renders the configuration and returns; the threads of the ADS streams send the differences. Another thread reads the access log and
renders again when needed: the clock has another speed, or Envoy could not bind a port.

Files in `directory` (kept across restarts): envoy.json, envoy.pid, envoy.log, admin.sock, ads.sock, ports.json, access.log with its
offset.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sandbox.core.clock import Clock
from sandbox.drivers.liveness import LivenessCheck
from sandbox.drivers.proxy.base import Connections, NodeAddress, ProxyConfig
from sandbox.drivers.proxy.batches import AccessBatch
from sandbox.drivers.proxy.envoy import connection_counts
from sandbox.drivers.proxy.envoy.access.tail import Tail
from sandbox.drivers.proxy.envoy.admin import Admin, socket_path
from sandbox.drivers.proxy.envoy.ads.server import DiscoveryServer
from sandbox.drivers.proxy.envoy.config.bootstrap import DEFAULT_ADS
from sandbox.drivers.proxy.envoy.config.render import Renderer
from sandbox.drivers.proxy.envoy.config.routes import FRONT, NAMES
from sandbox.drivers.proxy.envoy.places import ListenPlaces, Room
from sandbox.drivers.proxy.envoy.process import EnvoyProcess
from sandbox.drivers.proxy.envoy.restarter import ContainerRestarter
from sandbox.drivers.proxy.envoy.target_connections import close_target_connections

_POLL_INTERVAL = 0.1  # real seconds between reads of the access log
_LIVENESS_INTERVAL = 1.0  # real seconds

AccessCallback = Callable[[AccessBatch], None]
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
        node_ports: range | None = None,
        front_port: int | None = None,
        names_port: int | None = None,
        child: bool = True,
        ads: str | None = None,
        restart_container: Callable[[], None] | None = None,
        hold_addresses: Callable[[frozenset[str]], None] | None = None,
    ) -> None:
        """`ports`, `node_ports`, `hold_addresses`: as in Room; `front_port`, `names_port`: None for none; `ads`: "host:port" for the
        streams of an Envoy in its own container; `restart_container` starts that container. It may raise, and is called again later."""
        self._clock = clock
        self._directory = directory.resolve()
        self._directory.mkdir(parents=True, exist_ok=True)
        admin = socket_path(self._directory, "admin")
        self._admin = Admin(admin)
        address = ads or (f"unix:{socket_path(self._directory, 'ads')}" if child else DEFAULT_ADS)
        self._ads = DiscoveryServer(address)
        self._process = EnvoyProcess(self._directory, address, admin, self._report) if child else None
        self._renderer = Renderer()
        self._bind = bind
        self._places = ListenPlaces(
            Room(
                directory=self._directory,
                bind=bind,
                ports=ports,
                node_ports=node_ports,
                shared={name: port for name, port in ((FRONT, front_port), (NAMES, names_port)) if port is not None},
                child=child,
                hold_addresses=hold_addresses,
            )
        )
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
                self._places.load(envoy_runs=self._process is None or self._process.holds_ports())
            self._render()
            if not self._opened:
                self._open()

    def rejected(self) -> Sequence[str]:
        return self._ads.rejected()

    def local_address(self, listener_arn: str) -> tuple[str, int] | None:
        port = self._places.port(listener_arn)
        if port is None or not self._ads.serves(listener_arn):
            return None
        return self._shown(self._bind), port

    def nodes(self, listener_arn: str) -> Sequence[NodeAddress]:
        listener = next((each for each in (self._config or ProxyConfig()).listeners if each.arn == listener_arn), None)
        served = listener is not None and self._ads.serves(listener_arn)
        found = [(node, self._places.node(listener_arn, node.zone) if served else None) for node in (listener.nodes if listener else ())]
        return tuple(NodeAddress(node=node, address=(self._shown(at[0]), at[1]) if at else None) for node, at in found)

    def problems(self) -> dict[str, str]:
        return dict(self._places.problems)

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

    @staticmethod
    def _shown(host: str) -> str:
        return "127.0.0.1" if host == "0.0.0.0" else host

    # ---- inside ----------------------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._process is not None:
            self._process.end_outdated()  # else it would get the configuration, and be ended with clients connected
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
            self._speed = self._clock.speed
            addresses = self._places.assign(self._config, str(self._log), free)
            self._ads.set(self._renderer.render(self._config, addresses, self._real))
            self._places.given()

    def _real(self, duration: timedelta) -> float:
        return self._clock.real(duration)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._clock.speed != self._speed or self._avoid_unusable_ports():
                    self._render()
                elif (free := self._places.freed()) is not None:
                    self._render(free)
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
        with self._lock:
            return self._places.avoid(self._ads.rejected(), self._config)

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

    def _publish(self, batch: AccessBatch) -> None:
        for callback in self._access:
            callback(batch)

    def _report(self, sentence: str) -> None:
        for callback in self._trouble:
            callback(sentence)
