"""CloudFormation by the AWS CLI: the tutorial's stack is made, made again, updated under traffic, broken and deleted."""

from typing import Any

import pytest

from tests.support.clients import ClientSandbox, needs, program
from tests.support.live import until
from tests.support.traffic import Traffic
from tests.support.tutorial_stack import STACK, TEMPLATE, ended, events, healthy, outputs

pytestmark = needs("the AWS CLI", program("aws") is not None)


@pytest.fixture
def deploy(sandbox: ClientSandbox) -> Any:
    def run() -> str:
        """`aws cloudformation deploy`, which waits for the end. → what it printed."""
        template = ("--template-file", str(TEMPLATE), "--stack-name", STACK, "--no-fail-on-empty-changeset")
        done = sandbox.command("aws", "cloudformation", "deploy", *template, "--endpoint-url", sandbox.endpoint)
        return done.stdout + done.stderr

    return run


def test_the_tutorial_s_stack_from_its_creation_to_its_end(sandbox: ClientSandbox, deploy: Any, nothing_left: None) -> None:
    cloudformation, elbv2 = sandbox.aws("cloudformation"), sandbox.aws("elbv2")
    assert "Successfully created/updated stack" in deploy()
    assert "No changes to deploy" in deploy()
    made = outputs(cloudformation)
    first = until(lambda: healthy(elbv2, made["TargetGroupArn"]), "three healthy targets")

    with Traffic(_url(sandbox)) as traffic:
        _update(sandbox, "Release", "2")
        assert ended(cloudformation) == "UPDATE_COMPLETE"
    assert traffic.lost == {}
    assert traffic.answers["200"] > 100
    second = until(lambda: healthy(elbv2, made["TargetGroupArn"]), "three healthy targets of the new release")
    assert not set(first) & set(second)
    assert sum(text.startswith("Terminating instance(s)") for text in events(cloudformation, "Group")) == 3

    _update(sandbox, "InstanceType", "t3.nonsense")
    assert ended(cloudformation) == "UPDATE_ROLLBACK_COMPLETE"
    until(lambda: healthy(elbv2, made["TargetGroupArn"]), "three healthy targets after the rollback")

    for command in ("delete-stack", "wait stack-delete-complete"):
        sandbox.command("aws", "cloudformation", *command.split(), "--stack-name", STACK, "--endpoint-url", sandbox.endpoint)


def _update(sandbox: ClientSandbox, name: str, value: str) -> None:
    given = ("--use-previous-template", "--parameters", f"ParameterKey={name},ParameterValue={value}")
    sandbox.command("aws", "cloudformation", "update-stack", "--stack-name", STACK, *given, "--endpoint-url", sandbox.endpoint)


def _url(sandbox: ClientSandbox) -> str:
    """The address of the stack's listener on this machine."""
    found = sandbox.get("endpoints")["load_balancers"]
    return str(next(balancer["listeners"]["80"] for name, balancer in found.items() if name.startswith(f"{STACK}-")))
