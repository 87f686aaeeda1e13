"""`sandbox env`, `sandbox aws` and `sandbox hosts`: every AWS command stays in the sandbox, and names of load balancers resolve."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from awscli.customizations.overridesslcommonname import SSL_COMMON_NAMES

from sandbox.cli.main import run
from sandbox.control.app import control_app
from sandbox.launch.running import aws_environment
from sandbox.settings import Settings
from tests.support.control import LISTENER, served, surface

FAKE = """#!/bin/sh
printf '%s\\n' "$@" "endpoint=$AWS_ENDPOINT_URL" "profile=$AWS_PROFILE" "region=$AWS_REGION"
exit 7
"""
ENDPOINT = "http://127.0.0.1:4999"


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder on the PATH with an `aws` that prints its arguments and exits with 7; settings of a sandbox at ENDPOINT."""
    for name in [name for name in os.environ if name.startswith(("SANDBOX_", "AWS_"))]:
        monkeypatch.delenv(name)
    command = tmp_path / "bin" / "aws"
    command.parent.mkdir()
    command.write_text(FAKE)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SANDBOX_PORT", "4999")
    monkeypatch.setenv("SANDBOX_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    yield command.parent


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["env", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", [shell for shell in ("bash", "zsh", "dash") if shutil.which(shell)])
def test_env_keeps_the_aws_cli_in_the_sandbox(path: Path, capsys: pytest.CaptureFixture[str], shell: str) -> None:
    typed = printed(capsys) + 'aws sqs list-queues --query "QueueUrls[0] | [0]"; echo "status=$?"; unset AWS_ENDPOINT_URL; aws s3 ls'
    lines = subprocess.run([shell, "-c", typed], capture_output=True, text=True, check=False).stdout.splitlines()
    assert lines[:8] == [
        f"--endpoint-url={ENDPOINT}", "sqs", "list-queues", "--query", "QueueUrls[0] | [0]",
        f"endpoint={ENDPOINT}", "profile=", "region=us-east-1",
    ]  # fmt: skip
    assert lines[8] == "status=7"
    assert lines[9:11] == ["s3", "ls"]


def test_env_has_a_form_for_fish(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "--shell", "fish").splitlines()
    assert {f"set -gx {name} {value}" for name, value in aws_environment(Settings.from_environment()).items()} < set(lines)
    assert "        command aws --endpoint-url=$AWS_ENDPOINT_URL $argv" in lines
    assert not [line for line in lines if line.startswith(("export", "unset"))]


def test_sandbox_aws_runs_the_aws_cli_and_returns_its_exit_code(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["aws", "rds", "describe-db-instances", "--region", "eu-west-1"]) == 7
    assert capfd.readouterr().out.splitlines() == [
        "--endpoint-url", ENDPOINT, "rds", "describe-db-instances", "--region", "eu-west-1",
        f"endpoint={ENDPOINT}", "profile=", "region=us-east-1",
    ]  # fmt: skip


def test_without_an_aws_cli_the_next_command_installs_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert run(["aws", "s3", "ls"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: The AWS CLI was not found on the PATH.",
        "  next: python3 -m pip install awscli",
    ]


READS = {
    "sqs": "list-queues", "emr": "list-clusters", "rds": "describe-db-instances", "docdb": "describe-db-clusters",
    "neptune": "describe-db-clusters", "health": "describe-events",
}  # fmt: skip


def test_every_service_whose_endpoint_the_aws_cli_builds_itself_is_called_below() -> None:
    assert set(READS) == set(SSL_COMMON_NAMES)


@pytest.mark.process
@pytest.mark.parametrize("service", READS)
def test_no_command_of_the_aws_cli_leaves(path: Path, service: str) -> None:
    """With the real AWS CLI, to a port on which nothing listens: what it tries to reach is in its log."""
    real = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{real}:/usr/bin:/bin", "SANDBOX_PORT": "1", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": ""}
    command = [sys.executable, "-m", "sandbox.cli.main", "aws", service, READS[service], "--debug"]
    log = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60).stderr
    sent = [line for line in log.splitlines() if "Sending http request" in line]
    assert sent and all("url=http://127.0.0.1:1/" in line for line in sent)


# ---- hosts


@pytest.fixture
def two(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sandbox with two load balancers."""
    other = replace(LISTENER, load_balancer="api", dns_name="api-2.example.invalid")
    with served(control_app(surface(endpoints=lambda: (LISTENER, other)))) as endpoint:
        monkeypatch.setenv("SANDBOX_PORT", endpoint.rsplit(":", 1)[1])
        yield


@pytest.mark.usefixtures("two")
def test_hosts_prints_lines_of_etc_hosts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hosts"]) == 0
    assert capsys.readouterr().out.splitlines() == ["127.0.0.1 api-2.example.invalid", "127.0.0.1 web-1.elb"]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("resolves", "status"), [(["127.0.0.1", "::1"], 0), (["93.184.215.14"], 1), ([], 1)])
def test_hosts_check_fails_when_a_name_does_not_resolve_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], resolves: list[str], status: int
) -> None:
    monkeypatch.setattr("sandbox.cli.hosts.addresses", lambda name: resolves)
    assert run(["hosts", "--check"]) == status
    shown = capsys.readouterr()
    assert ", ".join(resolves) in shown.out
    assert ("2 of 2 names do not resolve to this machine." in shown.err) is (status == 1)
    assert run(["hosts", "--check", "--json"]) == status
