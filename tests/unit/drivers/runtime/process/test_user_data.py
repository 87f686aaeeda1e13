"""User data that really runs in the process runtime: where, as whom, and what is left when it fails, floods or never ends."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.drivers.runtime.base import ContainerState, UserDataResult, UserDataState
from sandbox.drivers.runtime.process import user_data
from sandbox.drivers.runtime.process.records import Records
from tests.support import rule
from tests.support.drivers.runtimes import ProcessWorld, is_in, launch_spec
from tests.support.drivers.user_data import archive
from tests.support.waiting import until

pytestmark = pytest.mark.process
ID = launch_spec().instance_id
RUNNING = ContainerState.RUNNING


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ProcessWorld]:
    made = ProcessWorld(tmp_path / "instances")
    yield made
    made.clean()


def home(world: ProcessWorld) -> Path:
    return world.directory / ID


def launched(world: ProcessWorld, data: bytes) -> None:
    world.runtime.launch(launch_spec(user_data=data))
    world.wait(is_in(ID, RUNNING))


def result(world: ProcessWorld, data: bytes) -> UserDataResult:
    launched(world, data)
    found = world.wait(lambda containers: containers[ID].user_data is not None)[ID].user_data
    assert found is not None
    return found


def console(world: ProcessWorld) -> str:
    return world.runtime.console_output(ID).decode()


@rule("UD-6", "UD-7", "UD-8")
def test_a_script_runs_in_the_instances_folder_with_a_bare_environment(world: ProcessWorld) -> None:
    script = b"""#!/bin/sh
set -e
pwd -P
test "$HOME" = "$(pwd)"
env | cut -d= -f1 | sort | tr '\\n' ' '
echo "$INSTANCE_ID $HOST" > out
"""
    assert result(world, script).state is UserDataState.FINISHED
    assert (home(world) / "out").read_text() == f"{ID} 127.231.7.10\n"
    assert f"{home(world).resolve()}\n" in console(world)
    assert " HOSTNAME " not in console(world)
    assert f"{home(world).resolve()}\n" in (home(world) / "var/log/cloud-init-output.log").read_text()
    assert (home(world) / "scripts/part-001").read_bytes() == script


@pytest.mark.skipif(os.geteuid() != 0, reason="only a sandbox that runs as root gives its rights up for user data")
def test_a_sandbox_that_runs_as_root_runs_user_data_as_nobody(world: ProcessWorld) -> None:
    assert result(world, b"#!/bin/sh\nid -un\ncat /etc/shadow\n").state is UserDataState.FAILED
    assert "nobody\n" in console(world)
    assert "Permission denied" in console(world)
    assert "absolute paths to it do not work" in console(world)  # pytest's folder is closed to others


@rule("UD-12")
def test_a_server_that_a_script_starts_answers_at_the_instances_own_address_and_port(world: ProcessWorld) -> None:
    script = b"""#!/bin/sh
cat > serve.py <<'EOF'
import http.server, os, socketserver

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
EOF
python3 -c "$(cat serve.py)" &
"""
    assert result(world, script).state is UserDataState.FINISHED
    assert world.answers(launch_spec(user_data=script))


@pytest.mark.skipif(os.geteuid() != 0, reason="without root, a port below 1024 is not an instance's")
def test_user_data_that_runs_as_nobody_can_use_port_80(world: ProcessWorld) -> None:
    script = b"#!/bin/sh\npython3 -c 'import socket; socket.create_server((\"127.231.7.10\", 80)).close()'\n"
    assert result(world, script).state is UserDataState.FINISHED


@rule("UD-8")
def test_a_script_that_fails_is_told_and_the_machine_goes_on(world: ProcessWorld) -> None:
    found = result(world, b"#!/bin/sh\necho it fails\nexit 3\n")
    sentence = "Failed to run module scripts-user (scripts in /var/lib/cloud/instance/scripts): part-001 ended with exit code 3"
    assert (found.state, found.reason) == (UserDataState.FAILED, sentence)
    assert sentence in console(world)
    assert world.runtime.containers()[ID].state is RUNNING


@rule("UD-9")
def test_a_cloud_config_writes_files_and_runs_commands_and_says_what_needs_root(world: ProcessWorld) -> None:
    found = result(
        world,
        b"#cloud-config\npackages: [nginx]\nwrite_files: [{path: etc/app.conf, content: port, permissions: '0600'}]\n"
        b"bootcmd: [echo early > early]\nruncmd: [cat early etc/app.conf > out]\n",
    )
    sentence = "The process runtime does not carry out these keys of the cloud-config: packages"
    assert (found.state, found.reason) == (UserDataState.FAILED, sentence)
    assert (home(world) / "out").read_text() == "early\nport"
    assert (home(world) / "etc/app.conf").stat().st_mode & 0o777 == 0o600
    assert sentence in console(world)


@rule("UD-5", "UD-10")
def test_scripts_run_once_and_what_is_for_each_boot_again_after_a_reboot(world: ProcessWorld) -> None:
    once = ("#!/bin/sh\necho once >> out\n", "x-shellscript")
    each_boot = ("#cloud-boothook\n#!/bin/sh\necho boot >> out\n", "cloud-boothook")
    assert result(world, archive(once, each_boot)).state is UserDataState.FINISHED
    world.runtime.reboot(ID)
    world.wait(is_in(ID, RUNNING, boots=2))
    until(lambda: (home(world) / "out").read_text() == "boot\nonce\nboot\n")


@rule("UD-12")
def test_what_a_script_leaves_running_belongs_to_the_machine_and_ends_with_it(world: ProcessWorld) -> None:
    """Even what leaves its session."""
    assert result(world, b"#!/bin/sh\nsetsid sh -c 'echo $$ > pid; exec sleep 1000' &\n").state is UserDataState.FINISHED
    file = home(world) / "pid"
    until(lambda: file.exists() and file.read_text().strip() != "")
    pid = int(file.read_text())
    os.kill(pid, 0)
    world.runtime.terminate(ID)
    world.wait(lambda containers: ID not in containers)
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])
    assert not home(world).exists()


def test_user_data_that_never_ends_leaves_a_running_machine_without_a_result(world: ProcessWorld) -> None:
    launched(world, b"#!/bin/sh\ntouch began\nwhile :; do sleep 1; done\n")
    until((home(world) / "began").exists)
    assert world.runtime.containers()[ID].user_data is None
    world.runtime.stop(ID)
    world.wait(is_in(ID, ContainerState.EXITED))


def test_output_without_end_is_cut_and_the_script_goes_on(world: ProcessWorld) -> None:
    flood = b"#!/bin/sh\nyes 0123456789abcdef | head -c 20000000\n"
    assert result(world, flood).state is UserDataState.FINISHED
    assert (home(world) / "var/log/cloud-init-output.log").stat().st_size <= 4 << 20
    assert (world.directory / f"{ID}.log").stat().st_size <= (4 << 20) + 1000


def test_another_control_plane_finds_the_result(world: ProcessWorld) -> None:
    found = result(world, b"#!/bin/sh\nexit 1\n")
    world.runtime = world.again()
    assert world.wait(lambda containers: containers[ID].user_data is not None)[ID].user_data == found


@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder"])
def test_a_result_that_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    """A script could put it there."""
    path = tmp_path / user_data.RESULT
    if kind == "a link":
        (tmp_path / "other").write_text('{"sandbox": {"state": "failed", "reason": "", "finished": 1}}')
        path.symlink_to("other")
    elif kind == "a pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert user_data.read_result(tmp_path) is None


def test_a_killed_application_leaves_the_machine_with_its_result(world: ProcessWorld) -> None:
    found = result(world, b"#!/bin/sh\nsleep 1000 &\n")
    (before,) = Records(world.directory).load()
    world.runtime.kill_application(ID)
    until(lambda: [r.pid for r in Records(world.directory).load()] != [before.pid])
    assert world.runtime.containers()[ID].user_data == found
