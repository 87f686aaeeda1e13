"""Own images in real containers: without a shell, as another user, with an entrypoint that ends, with user data, and a missing one."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox.drivers.runtime.base import ContainerState, LaunchSpec
from sandbox.drivers.runtime.images import ImageState
from tests.support import rule
from tests.support.drivers import own_images
from tests.support.drivers.runtimes import MACHINE_IMAGE, DockerWorld, is_in, launch_spec, unique_name
from tests.support.waiting import until

pytestmark = pytest.mark.docker
RUNNING, EXITED, FAILED = ContainerState.RUNNING, ContainerState.EXITED, ContainerState.FAILED


@pytest.fixture
def world() -> Iterator[DockerWorld]:
    made = DockerWorld()
    try:
        yield made
    finally:
        made.clean()


@pytest.fixture(scope="module")
def shell_less() -> Iterator[str]:
    tag = own_images.without_shell(f"{unique_name()}:1", MACHINE_IMAGE)
    yield tag
    own_images.remove(tag)


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Iterator[str]:
    """Parameter: the command of its entrypoint."""
    tag = own_images.with_command(f"{unique_name()}:1", MACHINE_IMAGE, request.param)
    yield tag
    own_images.remove(tag)


def own(image: str, user_data: bytes | None = None) -> LaunchSpec:
    return replace(launch_spec(user_data=user_data), image=image, own_application=True)


def launched(world: DockerWorld, spec: LaunchSpec) -> LaunchSpec:
    world.runtime.launch(spec)
    found = world.wait(lambda containers: containers[spec.instance_id].state in (RUNNING, FAILED))[spec.instance_id]
    assert found.state is RUNNING, found.error
    return spec


def says(world: DockerWorld, spec: LaunchSpec, words: str) -> None:
    until(lambda: words in world.runtime.console_output(spec.instance_id).decode(), 15)


def test_an_image_without_a_shell_serves_as_its_own_user_at_every_boot(world: DockerWorld, shell_less: str) -> None:
    spec = launched(world, own(shell_less))
    assert world.answers(spec)
    assert world.inside(spec, "/.sandbox/busybox", "id", "-u").strip() == "1000"
    assert "INSTANCE_ID" not in world.inside(spec, "/.sandbox/busybox", "xargs", "-0", "-n", "1", "-a", "/proc/1/environ").split()

    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))
    assert world.answers(spec)


def test_it_is_stopped_by_the_signal_that_its_entrypoint_gets_and_starts_again(world: DockerWorld, shell_less: str) -> None:
    spec = launched(world, own(shell_less))
    assert world.answers(spec)
    world.runtime.stop(spec.instance_id)
    assert world.wait(is_in(spec.instance_id, EXITED))[spec.instance_id].exit_code == 0  # not killed after a grace period
    world.runtime.start(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))
    assert world.answers(spec)


def test_a_killed_application_leaves_the_machine(world: DockerWorld, shell_less: str) -> None:
    spec = launched(world, own(shell_less))
    assert world.answers(spec)
    world.runtime.kill_application(spec.instance_id)
    world.until_refused(spec)
    assert world.runtime.containers()[spec.instance_id].state is RUNNING
    says(world, spec, "The entrypoint ended with exit code 137; the instance runs on without it")


@pytest.mark.parametrize("ends", ["exit 3"], indirect=True)
def test_the_machine_runs_on_when_the_entrypoint_ends_at_once(world: DockerWorld, ends: str) -> None:
    spec = launched(world, own(ends))
    says(world, spec, "The entrypoint ended with exit code 3; the instance runs on without it")
    assert world.runtime.containers()[spec.instance_id].state is RUNNING
    assert world.refuses(spec)


def test_user_data_that_the_image_cannot_run_is_told_and_the_service_starts(world: DockerWorld, shell_less: str) -> None:
    spec = launched(world, own(shell_less, b"#!/bin/bash\ntouch /made\n"))
    assert world.answers(spec)
    says(world, spec, "The user data was not run: the image has no /bin/bash")


def test_cloud_config_is_told_not_to_be_run(world: DockerWorld, shell_less: str) -> None:
    spec = launched(world, own(shell_less, b"#cloud-config\nruncmd: [ls]\n"))
    assert world.answers(spec)
    says(world, spec, "The image has no cloud-init: of user data, only scripts that begin with #! are run")


SERVE_WHAT_IT_MADE = "cd /srv && exec python3 -m http.server 80"


@pytest.mark.parametrize("ends", [SERVE_WHAT_IT_MADE], indirect=True)
def test_user_data_runs_once_before_the_entrypoint(world: DockerWorld, ends: str) -> None:
    spec = launched(world, own(ends, b"#!/bin/sh\necho ran >> /srv/health; cat /srv/health\n"))
    assert world.answers(spec)
    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, RUNNING, boots=2))
    assert world.answers(spec)
    assert world.inside(spec, "cat", "/srv/health") == "ran\n"


def test_a_command_runs_in_the_machine_image_in_place_of_its_application(world: DockerWorld) -> None:
    command = ("/bin/sh", "-c", "mkdir -p /srv/www && cd /srv/www && echo $HOST > health && exec python3 -m http.server $PORT")
    spec = launched(world, replace(launch_spec(), command=command, own_application=True))
    assert world.answers(spec)
    assert world.inside(spec, "cat", "/srv/www/health") == "0.0.0.0\n"


@rule("EC2-73")
@pytest.mark.parametrize("image", ["sandbox-tests/never-built:1", "a//b"])
def test_an_image_that_does_not_exist_fails_the_launch_with_the_next_command(world: DockerWorld, image: str) -> None:
    spec = own(image)
    world.runtime.launch(spec)
    found = world.wait(is_in(spec.instance_id, FAILED))[spec.instance_id]
    assert found.image_missing
    assert found.error == f"The Docker image {image} does not exist. next: docker build --tag {image} ."


@pytest.mark.parametrize("ends", [SERVE_WHAT_IT_MADE], indirect=True)
def test_an_image_of_an_instance_has_its_disk_and_boots_as_it_did(world: DockerWorld, ends: str) -> None:
    spec = launched(world, own(ends, b"#!/bin/sh\necho first >> /srv/health\n"))
    assert world.answers(spec)
    world.runtime.images.create(spec.instance_id, "ami-0123456789abcdef0")
    until(lambda: world.runtime.images.made()["ami-0123456789abcdef0"].state is not ImageState.PENDING, 30)
    made = world.runtime.images.made()["ami-0123456789abcdef0"]
    assert (made.state, made.reference) == (ImageState.AVAILABLE, f"{world.name}/ami:ami-0123456789abcdef0")

    copy = replace(launch_spec(11), image=made.reference, own_application=True)
    launched(world, copy)
    assert world.answers(copy)
    assert world.inside(copy, "cat", "/srv/health") == "first\n"
    world.runtime = world.again()
    until(lambda: world.runtime.images.made() == {made.image_id: made}, 15)


def test_an_image_of_the_machine_image_boots_as_the_machine_image(world: DockerWorld) -> None:
    spec = launched(world, launch_spec())
    assert world.answers(spec)
    world.inside(spec, "touch", "/root/kept")
    world.runtime.images.create(spec.instance_id, "ami-0123456789abcdef1")
    until(lambda: world.runtime.images.made()["ami-0123456789abcdef1"].state is ImageState.AVAILABLE, 30)
    copy = launched(world, replace(launch_spec(11), image=f"{world.name}/ami:ami-0123456789abcdef1"))
    assert world.answers(copy)
    assert world.inside(copy, "ls", "/root/kept") == "/root/kept\n"


def test_a_container_that_is_gone_fails_its_image_with_dockers_reason(world: DockerWorld) -> None:
    world.runtime.images.create("i-0000000000000dead", "ami-0123456789abcdef2")
    until(lambda: world.runtime.images.made()["ami-0123456789abcdef2"].state is ImageState.FAILED, 15)
    assert "No such container" in world.runtime.images.made()["ami-0123456789abcdef2"].error
