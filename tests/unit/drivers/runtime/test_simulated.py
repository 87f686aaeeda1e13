"""Simulated machines take exactly the world's durations, and fail as the world says."""

import random
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.base import ContainerState
from sandbox.drivers.runtime.cidr import Range
from sandbox.drivers.runtime.simulated import SimulatedRuntime
from sandbox.drivers.world import Answer, World
from sandbox.engine import Engine
from tests.support.drivers.runtimes import launch_spec

SPEC = launch_spec()
ID = SPEC.instance_id


class Stage:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.engine = Engine(self.clock, Journal(self.clock), nullcontext())
        self.world = World(self.clock, self.engine.at, random.Random(7))
        self.runtime = SimulatedRuntime(self.world)
        self.start = self.clock.now()
        self.changes: list[tuple[float, str]] = []
        self.runtime.on_change(self._note)

    def _note(self, instance_id: str) -> None:
        container = self.runtime.containers().get(instance_id)
        self.changes.append((self.seconds(), container.state.value if container else "gone"))

    def seconds(self) -> float:
        return (self.clock.now() - self.start).total_seconds()

    def run(self, seconds: float) -> None:
        self.engine.run_until(self.clock.now() + timedelta(seconds=seconds))


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_the_whole_lifecycle_takes_the_durations_of_the_world(stage: Stage) -> None:
    stage.runtime.launch(SPEC)
    stage.run(1)
    stage.runtime.stop(ID)
    stage.run(1)
    stage.runtime.start(ID)
    stage.run(1)
    stage.runtime.reboot(ID)
    stage.run(1)
    stage.runtime.terminate(ID)
    stage.run(1)
    assert [(at, state) for at, state in stage.changes if state != "starting"] == [
        (0.6, "running"),
        (1.0, "stopping"),
        (1.3, "exited"),
        (2.6, "running"),
        (3.9, "running"),
        (4.0, "removing"),
        (4.3, "gone"),
    ]
    assert stage.world.machines == {}


def test_application_answers_its_start_time_after_the_machine_runs(stage: Stage) -> None:
    stage.runtime.launch(SPEC)
    answers = []
    for _ in range(13):
        answers.append(stage.world.connect(SPEC.private_ip_address, 80)[0])
        stage.run(0.1)
    assert answers == [Answer.BLACKHOLE] * 6 + [Answer.REFUSED] * 6 + [Answer.RESPONSE]


def test_launch_fails_with_the_reason_of_the_world(stage: Stage) -> None:
    stage.world.launch_error = lambda zone: f"no room in {zone}"
    stage.runtime.launch(SPEC)
    found = stage.runtime.containers()[ID]
    assert (found.state, found.error) == (ContainerState.FAILED, "no room in us-east-1a")
    stage.runtime.terminate(ID)
    stage.run(1)
    assert stage.runtime.containers() == {}


def test_a_stop_cancels_a_boot_and_a_forced_stop_cancels_a_stop(stage: Stage) -> None:
    stage.runtime.launch(SPEC)
    stage.run(0.5)
    stage.runtime.stop(ID)
    stage.runtime.stop(ID, force=True)
    stage.run(2)
    assert stage.runtime.containers()[ID].state is ContainerState.EXITED
    assert stage.runtime.containers()[ID].boots == 0


def test_machine_whose_network_is_impaired_is_not_reachable(stage: Stage) -> None:
    stage.runtime.launch(SPEC)
    assert stage.runtime.reachable(ID) is None
    stage.run(1)
    stage.world.machine(ID).impaired = True
    assert stage.runtime.reachable(ID) is False


def test_console_log_says_whether_the_application_starts(stage: Stage) -> None:
    stage.runtime.launch(replace(SPEC, user_data=b"#!/bin/sh\n"))
    stage.run(1)
    stage.runtime.reboot(ID)
    stage.run(1)
    assert stage.runtime.console_output(ID) == b"boot 1: the application starts\nboot 2: no application\n"


def test_cidr_that_overlaps_another_network_of_the_simulated_host_is_refused_with_both_names(stage: Stage) -> None:
    stage.world.other_networks = (Range(what="the Docker network bridge", cidr=IPv4Network("172.17.0.0/16")),)
    assert stage.runtime.check_cidr("172.16.0.0/15") == (
        "172.16.0.0/15 overlaps the Docker network bridge (172.17.0.0/16) on this machine; choose another CIDR block."
    )
    assert stage.runtime.check_cidr("172.18.0.0/16") is None


def test_remove_all_is_not_undone_by_a_boot_in_progress(stage: Stage) -> None:
    stage.runtime.launch(SPEC)
    assert stage.runtime.remove_all() == ()
    stage.run(10)
    assert (stage.runtime.containers(), stage.world.machines) == ({}, {})
