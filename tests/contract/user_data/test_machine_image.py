"""User data in the machine image, as cloud-init runs it: what it changes in the container, where its logs are, and what is told of it."""

import gzip
from collections.abc import Iterator

import pytest

from sandbox.drivers.runtime.base import ContainerState, LaunchSpec, UserDataResult, UserDataState
from tests.support import rule
from tests.support.drivers.runtimes import DockerWorld, is_in, launch_spec
from tests.support.drivers.user_data import archive
from tests.support.waiting import until

pytestmark = pytest.mark.docker
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me"
CONFIG = f"""#cloud-config
hostname: web-1
package_update: true
packages: [python3]
write_files:
- path: /etc/app.conf
  content: port=80
  permissions: '0640'
bootcmd:
- echo boot $INSTANCE_ID >> /var/log/boots
runcmd:
- cat /etc/app.conf > /root/seen
- [sh, -c, "echo $0 >> /root/seen", "an argument"]
users:
- default
- name: web
ssh_authorized_keys: ['{KEY}']
"""


@pytest.fixture
def world() -> Iterator[DockerWorld]:
    made = DockerWorld()
    try:
        yield made
    finally:
        made.clean()


def result(world: DockerWorld, user_data: bytes) -> tuple[LaunchSpec, UserDataResult]:
    """Of an instance that is launched with that user data."""
    spec = launch_spec(user_data=user_data)
    world.runtime.launch(spec)
    found = world.wait(lambda seen: spec.instance_id in seen and seen[spec.instance_id].user_data is not None)[spec.instance_id].user_data
    assert found is not None
    return spec, found


@rule("UD-5", "UD-7", "UD-9")
def test_a_cloud_config_installs_files_users_and_packages_and_runs_commands(world: DockerWorld) -> None:
    spec, found = result(world, CONFIG.encode())
    assert (found.state, found.reason) == (UserDataState.FINISHED, "")
    assert world.inside(spec, "cat", "/root/seen") == "port=80an argument\n"
    assert world.inside(spec, "stat", "-c", "%a %U", "/etc/app.conf") == "640 root\n"
    assert world.inside(spec, "hostname") == "web-1\n"
    assert "uid=" in world.inside(spec, "id", "web")
    assert KEY in world.inside(spec, "cat", "/home/ubuntu/.ssh/authorized_keys")
    assert "python3 is already the newest version" in world.inside(spec, "cat", "/var/log/cloud-init-output.log")
    assert "Running module runcmd" in world.inside(spec, "cat", "/var/log/cloud-init.log")
    assert world.inside(spec, "ls", "/var/lib/cloud/instance/scripts") == "runcmd\n"
    assert "Cloud-init v. " in world.runtime.console_output(spec.instance_id).decode()
    assert world.inside(spec, "cloud-init", "status") == "status: done\n"

    world.runtime.reboot(spec.instance_id)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING, boots=2))
    world.inside(spec, "sh", "-c", "until [ -e /run/cloud-init/result.json ]; do sleep 0.1; done")
    assert world.inside(spec, "cat", "/var/log/boots") == f"boot {spec.instance_id}\n" * 2  # bootcmd at each boot
    assert world.inside(spec, "cat", "/root/seen") == "port=80an argument\n"  # runcmd at the first


@rule("UD-10")
@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_of_several_parts_runs_each_by_its_type(world: DockerWorld, packed: bool) -> None:
    parts = archive(
        ("#!/bin/sh\necho script >> /root/out\n", "x-shellscript"),
        ('#cloud-config\nwrite_files: [{path: /root/out, content: "file\\n"}]\n', "cloud-config"),
        ("#cloud-boothook\n#!/bin/sh\necho hook $INSTANCE_ID > /root/hook\n", "cloud-boothook"),
    )
    spec, found = result(world, gzip.compress(parts, mtime=0) if packed else parts)
    assert (found.state, found.reason) == (UserDataState.FINISHED, "")
    assert world.inside(spec, "cat", "/root/out") == "file\nscript\n"
    assert world.inside(spec, "cat", "/root/hook") == f"hook {spec.instance_id}\n"


FAILING = {
    "a package that the repository does not have": (b"#cloud-config\npackages: [no-such]\n", "Failed to install packages: ['no-such']"),
    "a key without effect": (b"#cloud-config\nmounts: [[a, b]]\n", "The sandbox does not carry out these keys of the cloud-config: mounts"),
    "a script": (
        b"#!/bin/sh\nexit 3\n",
        "Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts): part-001 ended with exit code 3",
    ),
    "a script behind a blank line": (
        b"\n#!/bin/sh\ntrue\n",
        "Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts)",
    ),
    "broken YAML": (b"#cloud-config\nfoo: [", "Failed loading yaml blob."),
}


@rule("UD-8", "UD-9")
@pytest.mark.parametrize("name", FAILING)
def test_a_failure_is_told_and_shown_on_the_console_and_the_instance_goes_on(world: DockerWorld, name: str) -> None:
    user_data, reason = FAILING[name]
    spec, found = result(world, user_data)
    assert found.state is UserDataState.FAILED
    assert found.reason.startswith(reason)
    assert reason.split(": part-001")[0] in world.runtime.console_output(spec.instance_id).decode()
    assert world.runtime.containers()[spec.instance_id].state is ContainerState.RUNNING


@rule("UD-4")
@pytest.mark.parametrize(
    ("user_data", "reason"),
    [
        (b"#include\nhttp://example.com/x\n", "The sandbox does not fetch what #include names, because instances have no internet access"),
        (bytes(range(256)), "Unhandled non-multipart (text/x-not-multipart) userdata: "),
    ],
)
def test_what_is_not_run_is_told_with_the_reason(world: DockerWorld, user_data: bytes, reason: str) -> None:
    spec, found = result(world, user_data)
    assert found.state is UserDataState.NOT_RUN
    assert found.reason.startswith(reason)
    assert reason in world.runtime.console_output(spec.instance_id).decode()


@rule("TUT-13")
def test_flask_is_in_the_image_so_pip_needs_no_index_and_its_own_folder_no_permission(world: DockerWorld) -> None:
    _, found = result(world, b"#!/bin/bash\npip3 install flask\n")
    assert found.state is UserDataState.FINISHED


def test_user_data_that_forks_without_end_reaches_its_limit_and_harms_no_other_instance(world: DockerWorld) -> None:
    bomb = launch_spec(10, user_data=b"#!/bin/bash\nb() { b | b & }; b\nsleep 1000\n")
    world.runtime.launch(bomb)
    world.wait(is_in(bomb.instance_id, ContainerState.RUNNING))
    other = launch_spec(11)
    world.runtime.launch(other)
    world.wait(is_in(other.instance_id, ContainerState.RUNNING))
    assert world.answers(other)
    world.runtime.terminate(bomb.instance_id)
    world.wait(lambda seen: bomb.instance_id not in seen)


def test_user_data_that_never_ends_leaves_a_running_machine_without_a_result_that_can_be_stopped(world: DockerWorld) -> None:
    spec = launch_spec(12, user_data=b"#!/bin/sh\necho began\nwhile :; do sleep 1; done\n")
    world.runtime.launch(spec)
    world.wait(is_in(spec.instance_id, ContainerState.RUNNING))
    until(lambda: b"began" in world.runtime.console_output(spec.instance_id))
    assert world.runtime.containers()[spec.instance_id].user_data is None
    world.runtime.stop(spec.instance_id)
    world.wait(is_in(spec.instance_id, ContainerState.EXITED))
