"""The process of a real Envoy: it outlives the control plane, is adopted, replaced and restarted, and finds its ports."""

import json
import os
import signal
import socket
import subprocess

import psutil
import pytest

from sandbox.core.clock import WallClock
from sandbox.drivers.proxy.base import ProxyConfig
from sandbox.drivers.proxy.envoy import admin
from sandbox.drivers.proxy.envoy import proxy as process
from sandbox.drivers.proxy.envoy.admin import Admin, socket_path
from sandbox.drivers.proxy.envoy.config.bootstrap import bootstrap
from sandbox.drivers.proxy.envoy.process import EnvoyProcess, binary
from sandbox.drivers.proxy.envoy.proxy import EnvoyProxy
from tests.support.drivers.proxies import ARN, DNS, EnvoyHarness, Load, fixed, forward, free_ports, group, listener, rule
from tests.support.waiting import until


@pytest.mark.process
def test_envoy_outlives_the_control_plane_and_is_adopted(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        endpoints = [harness.endpoint("i-a"), harness.endpoint("i-b")]
        harness.apply(listener(rule(None, forward("tg"))), group("tg", *endpoints))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        with Load(address) as load:
            until(lambda: load.good > 20)
            harness.proxy.close(keep_serving=True)
            alone = load.good
            until(lambda: load.good > alone + 20)  # it serves without a control plane
            harness.proxy = harness.open()
            harness.apply(listener(rule(1, fixed("new"), path_patterns=("/new",)), rule(None, forward("tg"))), group("tg", *endpoints))
            since = load.good
            until(lambda: load.good > since + 20)
        assert load.bad == []
        assert (harness.proxy.local_address(ARN), harness.proxy.pid) == (address, pid)
        assert harness.ask("/new").body == "new"
        records = [r for r in harness.all_records(load.good) if r.request.endswith("/load HTTP/1.1")]
        assert len(records) == load.good  # across the restart, each once
    finally:
        harness.close()


@pytest.mark.process
def test_an_envoy_whose_configuration_is_lost_goes_on_until_there_is_another(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("before"))))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        with Load(address) as load:
            until(lambda: load.good > 20)
            harness.proxy.close(keep_serving=True)
            harness.proxy = harness.open()
            assert harness.proxy.available() == "the load balancers have no configuration yet"
            harness.proxy.apply(None)
            until(lambda: harness.proxy.available() is None)
            since = load.good
            until(lambda: load.good > since + 20)
        assert (load.bad, harness.proxy.pid, harness.proxy.settled()) == ([], pid, False)
        harness.apply(listener(rule(None, fixed("after"))))
        assert (harness.ask().body, harness.proxy.pid) == ("after", pid)
    finally:
        harness.close()


@pytest.mark.process
def test_an_envoy_of_an_earlier_version_is_replaced_and_its_ports_stay(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("before"))))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        harness.proxy.close(keep_serving=True)
        started = json.loads((tmp_path / "envoy.pid").read_text())
        (tmp_path / "envoy.pid").write_text(json.dumps({**started, "identity": "of an earlier version"}))
        harness.proxy = harness.open()
        harness.apply(listener(rule(None, fixed("after"))))
        assert (harness.proxy.local_address(ARN), harness.proxy.problems(), harness.troubles) == (address, {}, [])
        assert harness.proxy.pid != pid
        assert harness.ask().body == "after"
    finally:
        harness.close()


@pytest.mark.process
def test_an_envoy_that_was_started_with_other_settings_is_ended_too(tmp_path) -> None:
    """As by `sandbox down` in a terminal without the settings of the start: it said that the proxy was removed, and left it running."""
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("before"))))
        envoy = psutil.Process(harness.proxy.pid)
        harness.proxy.close(keep_serving=True)
        started = json.loads((tmp_path / "envoy.pid").read_text())
        (tmp_path / "envoy.pid").write_text(json.dumps({**started, "identity": "of other settings"}))
        EnvoyProcess(tmp_path, "127.0.0.1:1", tmp_path / "admin", harness.troubles.append).close(keep_serving=False)
        assert not envoy.is_running() or envoy.status() == psutil.STATUS_ZOMBIE
    finally:
        harness.close()


@pytest.mark.process
def test_a_killed_envoy_is_restarted_with_its_configuration(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("here"))))
        address, pid = harness.proxy.local_address(ARN), harness.proxy.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: harness.troubles)
        assert harness.troubles == ["Envoy ended by signal 9; it is started again"]
        until(lambda: harness.proxy.available() is None and harness.proxy.settled())
        assert harness.ask().body == "here"
        assert harness.proxy.local_address(ARN) == address and harness.proxy.pid != pid
    finally:
        harness.close()


@pytest.mark.process
def test_a_frozen_envoy_is_killed_and_restarted(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(process, "_LIVENESS_INTERVAL", 0.1)
    monkeypatch.setattr(admin, "_TIMEOUT", 0.5)
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("here"))))
        pid = harness.proxy.pid
        os.kill(pid, signal.SIGSTOP)
        until(lambda: len(harness.troubles) == 2, seconds=20)
        ended = "Envoy ended by signal 9; it is started again"
        assert harness.troubles == ["Envoy did not answer and is killed", ended]
        until(lambda: harness.proxy.available() is None and harness.proxy.settled())
        assert harness.ask().body == "here"
        assert harness.proxy.pid != pid
    finally:
        harness.close()


def failed_connections(harness: EnvoyHarness) -> int:
    """To the control plane, by Envoy's counter."""
    said = Admin(socket_path(harness.directory, "admin")).ask("GET", "/stats?filter=control-plane.upstream_cx_connect_fail") or "0"
    return int(said.split()[-1])


@pytest.mark.process
def test_envoy_connects_at_once_to_a_new_control_plane_however_long_there_was_none(tmp_path) -> None:
    """Envoy's default backoff grows to half a minute."""
    harness = EnvoyHarness(tmp_path)
    try:
        harness.apply(listener(rule(None, fixed("here"))))
        harness.proxy.close(keep_serving=True)
        until(lambda: failed_connections(harness) >= 12, seconds=20)
        harness.proxy = harness.open()
        harness.proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("there"))),)))
        until(harness.proxy.settled, seconds=3)
    finally:
        harness.close()


@pytest.mark.process
def test_ports_in_use_by_other_programs_are_skipped(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    first = harness.ports.start
    try:
        with socket.create_server(("127.0.0.1", first)), socket.create_server(("127.0.0.1", harness.ports.stop - 1)):
            harness.apply(listener(rule(None, fixed("here"))))
            assert "in use by another program" in harness.proxy.problems()["front"]
            assert harness.proxy.local_address(ARN) == ("127.0.0.1", first + 1)
        assert harness.ask().body == "here"
        until(lambda: harness.proxy.problems() == {} and harness.proxy.settled())
        assert harness.ask(port=harness.ports.stop - 1, headers={"Host": DNS}).body == "here"
    finally:
        harness.close()


@pytest.mark.process
def test_a_listener_without_a_port_gets_one_that_becomes_free(tmp_path) -> None:
    harness = EnvoyHarness(tmp_path)
    held = [socket.create_server(("127.0.0.1", port)) for port in harness.ports[:-2]]
    try:
        harness.proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("here"))),)))
        assert "are all in use: free one" in harness.proxy.problems()[ARN]
        held.pop().close()
        assert until(lambda: harness.proxy.local_address(ARN)) == ("127.0.0.1", harness.ports.stop - 3)
        assert harness.ask().body == "here"
    finally:
        for each in held:
            each.close()
        harness.close()


@pytest.mark.process
def test_an_envoy_in_another_process_is_configured_over_tcp(tmp_path) -> None:
    ports = free_ports(4)
    ads = f"127.0.0.1:{ports.stop - 1}"
    proxy = EnvoyProxy(clock=WallClock(), directory=tmp_path, ports=range(ports.start, ports.stop - 1), child=False, ads=ads)
    config = tmp_path / "container.json"
    config.write_text(json.dumps(bootstrap(ads, str(tmp_path / "admin.sock"))))
    container = subprocess.Popen([binary(), "-c", config, "--disable-hot-restart", "--log-level", "off"])
    held = socket.create_server(("127.0.0.1", ports.start))  # only Envoy sees that it is in use
    try:
        proxy.apply(ProxyConfig(listeners=(listener(rule(None, fixed("from outside"))),)))
        host, port = until(lambda: proxy.settled() and proxy.local_address(ARN))
        assert port == ports.start + 1 and proxy.rejected() == ()
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert connection.recv(65536).endswith(b"from outside")
        assert proxy.available() is None and proxy.pid is None
    finally:
        held.close()
        proxy.close()
        container.kill()
        container.wait()
