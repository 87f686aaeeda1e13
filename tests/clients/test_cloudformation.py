"""CloudFormation by the AWS CLI: the tutorial's stack is made, made again, updated under traffic, broken and deleted, by the commands of
examples/cloudformation/README.md."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import ClientSandbox, needs, program
from tests.support.live import until
from tests.support.real_clients.examples import in_example, printed
from tests.support.real_clients.printed_commands import Terminal
from tests.support.traffic.steady import Traffic
from tests.support.tutorial_stack import STACK, ended, events, healthy, outputs

pytestmark = needs("the AWS CLI", program("aws") is not None)


EXAMPLE = "cloudformation"


@pytest.fixture
def terminal(sandbox: ClientSandbox, tmp_path: Path) -> Iterator[Terminal]:
    with in_example(sandbox, EXAMPLE, tmp_path) as made:
        yield made


def test_the_tutorial_s_stack_from_its_creation_to_its_end(sandbox: ClientSandbox, terminal: Terminal, nothing_left: None) -> None:
    cloudformation, elbv2 = sandbox.aws("cloudformation"), sandbox.aws("elbv2")
    deploy, *_ = run = printed(EXAMPLE, "Run").splitlines()
    assert "Successfully created/updated stack" in terminal.run("\n".join(run))
    assert "No changes to deploy" in terminal.run(f"{deploy} --no-fail-on-empty-changeset")
    tried = int(time.time())
    until(lambda: int(time.time()) > tried, "another second, which names the CLI's next change set: one of the same name exists")
    made = outputs(cloudformation)
    first = until(lambda: healthy(elbv2, made["TargetGroupArn"]), "three healthy targets")

    with Traffic(_url(sandbox)) as traffic:
        terminal.run(printed(EXAMPLE, "Update"))
        assert ended(cloudformation) == "UPDATE_COMPLETE"
    assert traffic.lost == {}
    assert traffic.answers["200"] > 100
    second = until(lambda: healthy(elbv2, made["TargetGroupArn"]), "three healthy targets of the new release")
    assert not set(first) & set(second)
    assert sum(text.startswith("Terminating instance(s)") for text in events(cloudformation, "Group")) == 3

    _update(sandbox, "InstanceType", "t3.nonsense")
    assert ended(cloudformation) == "UPDATE_ROLLBACK_COMPLETE"
    until(lambda: healthy(elbv2, made["TargetGroupArn"]), "three healthy targets after the rollback")

    terminal.run(printed(EXAMPLE, "Remove"))


def _update(sandbox: ClientSandbox, name: str, value: str) -> None:
    given = ("--use-previous-template", "--parameters", f"ParameterKey={name},ParameterValue={value}")
    sandbox.command("aws", "cloudformation", "update-stack", "--stack-name", STACK, *given, "--endpoint-url", sandbox.endpoint)


def _url(sandbox: ClientSandbox) -> str:
    """The address of the stack's listener on this machine."""
    found = sandbox.get("endpoints")["load_balancers"]
    return str(next(balancer["listeners"]["80"] for name, balancer in found.items() if name.startswith(f"{STACK}-")))
