"""What every runtime tells of user data. The simulated one does not run it: it assumes that what can run succeeds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.drivers.runtime.base import ContainerState, LaunchSpec, UserDataResult, UserDataState
from tests.support import rule
from tests.support.drivers.runtimes import DockerWorld, ProcessWorld, RuntimeWorld, SimulatedWorld, is_in, launch_spec

CAPTION = "Unhandled non-multipart (text/x-not-multipart) userdata: 'b'# deploy.sh'...'"
FINISHED, NOT_RUN = UserDataState.FINISHED, UserDataState.NOT_RUN


@pytest.fixture(
    params=["simulated", pytest.param("process", marks=pytest.mark.process), pytest.param("docker", marks=pytest.mark.docker)],
)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RuntimeWorld]:
    made = {"simulated": SimulatedWorld, "process": lambda: ProcessWorld(tmp_path / "instances"), "docker": DockerWorld}[request.param]()
    try:
        yield made
    finally:
        made.clean()


def result(world: RuntimeWorld, spec: LaunchSpec) -> UserDataResult:
    world.runtime.launch(spec)
    found = world.wait(lambda seen: spec.instance_id in seen and seen[spec.instance_id].user_data is not None)[spec.instance_id].user_data
    assert found is not None
    return found


USER_DATA = {
    "a script": (b"#!/bin/sh\ntrue\n", FINISHED),
    "a cloud-config": (b"#cloud-config\nruncmd: ['true']\n", FINISHED),
    "a caption": (b"# deploy.sh\n#!/bin/bash\ntrue\n", NOT_RUN),
}


@rule("UD-4", "UD-8", "TUT-10")
@pytest.mark.parametrize("name", USER_DATA)
def test_what_became_of_user_data_is_told_with_the_reason_and_on_the_console(world: RuntimeWorld, name: str) -> None:
    user_data, state = USER_DATA[name]
    spec = launch_spec(user_data=user_data)
    found = result(world, spec)
    assert (found.state, found.reason) == (state, CAPTION if state is NOT_RUN else "")
    assert (CAPTION in world.runtime.console_output(spec.instance_id).decode()) is (state is NOT_RUN)
    assert world.runtime.containers()[spec.instance_id].state is ContainerState.RUNNING


@rule("UD-5")
def test_nothing_is_told_of_a_later_boot_in_which_nothing_was_due(world: RuntimeWorld) -> None:
    spec = launch_spec(user_data=b"#!/bin/sh\ntrue\n")
    result(world, spec)
    world.runtime.reboot(spec.instance_id)
    seen = world.wait(is_in(spec.instance_id, ContainerState.RUNNING, boots=2))
    assert seen[spec.instance_id].user_data is None


def test_without_user_data_there_is_nothing_to_tell(world: RuntimeWorld) -> None:
    spec = launch_spec()
    world.runtime.launch(spec)
    assert world.wait(is_in(spec.instance_id, ContainerState.RUNNING))[spec.instance_id].user_data is None
    assert world.answers(spec)
    assert world.runtime.containers()[spec.instance_id].user_data is None
