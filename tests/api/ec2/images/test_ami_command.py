"""`sandbox ami` against the EC2 API in process: what it registers in each runtime, lists and deregisters, and what it refuses."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cli.main import run
from sandbox.control.app import control_app
from tests.support.aws import Aws
from tests.support.control import served, surface

Runs = Callable[..., Any]


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Call it with a runtime to reach a sandbox of it; a script that knows only my/service:1 stands for the docker command."""
    with served(_Sandbox(aws)) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path))
        docker = tmp_path / "docker"
        docker.write_text('#!/bin/sh\n[ "$5" = my/service:1 ]\n')
        docker.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.chdir(tmp_path)
        yield lambda runtime: setattr(_Sandbox, "control", staticmethod(control_app(surface(runtime=runtime))))


class _Sandbox:
    """One endpoint for the AWS API and /_sandbox."""

    control: Any = None

    def __init__(self, aws: Aws) -> None:
        self._aws = aws.gateway

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        app = self.control if environ["PATH_INFO"].startswith("/_sandbox") else self._aws
        return app(environ, start)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Runs:
    """→ the exit code, and what was printed on stdout and stderr."""

    def ran(*words: str) -> tuple[int, str, str]:
        code = run(["ami", *words])
        told = capsys.readouterr()
        return code, told.out.strip(), told.err

    return ran


def own(aws: Aws) -> list[dict[str, Any]]:
    return list(aws("ec2").describe_images(Owners=["self"])["Images"])


def test_a_container_image_becomes_an_ami_that_is_listed_and_deregistered_by_name(aws: Aws, here: Runs, said: Runs) -> None:
    here("docker")
    code, image_id, _ = said("register", "--image", "my/service:1", "--name", "mine", "--description", "d")
    [image] = own(aws)
    assert (code, image_id) == (0, image["ImageId"])
    assert (image["Name"], image["ImageLocation"], image["Description"]) == ("mine", "docker://my/service:1", "d")
    listed = said("list")[1].splitlines()[-1].split()
    assert listed[:4] == [image_id, "mine", "available", "docker://my/service:1"]
    assert said("deregister", "mine") == (0, f"{image_id} is deregistered.", "") and own(aws) == []


@pytest.mark.parametrize(("runtime", "before"), [("process", "cd {here} && "), ("docker", "")])
def test_a_command_runs_in_this_folder_where_instances_are_processes(
    aws: Aws, here: Runs, said: Runs, tmp_path: Path, runtime: str, before: str
) -> None:
    here(runtime)
    code, told, _ = said("register", "--command", "serve $PORT", "--name", "cmd", "--port", "8000", "--json")
    [image] = own(aws)
    location = f"command://{before.format(here=tmp_path)}serve $PORT"
    assert (code, json.loads(told)) == (0, {"ImageId": image["ImageId"], "Name": "cmd", "ImageLocation": location})
    assert image["Tags"] == [{"Key": "sandbox:port", "Value": "8000"}]


REFUSED = {
    "neither": ("docker", ["--name", "x12"], "An AMI needs either --image or --command."),
    "both": ("docker", ["--name", "x12", "--image", "my/service:1", "--command", "ls"], "An AMI needs either --image or --command."),
    "an image that is not there": ("docker", ["--name", "x12", "--image", "my/other"], "docker build --tag my/other ."),
    "an image for processes": ("process", ["--name", "x12", "--image", "my/service:1"], "sandbox up --runtime docker"),
    "a bad name": ("docker", ["--name", "what?", "--command", "ls"], "AMI names must be between 3 and 128 characters long"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_registered_is_refused_and_nothing_is_made(aws: Aws, here: Runs, said: Runs, what: str) -> None:
    runtime, words, text = REFUSED[what]
    here(runtime)
    code, _, told = said("register", *words)
    assert code == 1 and text in told and "Traceback" not in told and own(aws) == []


@pytest.mark.parametrize(
    ("given", "text"), [("mine", "You have no AMI with the name mine."), ("ami-0123456789abcdef0", "ami-0123456789abcdef0")]
)
def test_an_ami_that_is_not_there_is_told(here: Runs, said: Runs, given: str, text: str) -> None:
    here("docker")
    code, _, told = said("deregister", given)
    assert code == 1 and text in told and "Traceback" not in told
