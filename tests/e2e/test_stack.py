"""The tutorial's stack on real containers: updated by a rolling update under traffic, and deleted."""

import pytest

from tests.support.live import NAME, Sandbox, docker, until
from tests.support.traffic.steady import Traffic
from tests.support.tutorial_stack import STACK, TEMPLATE, ended, healthy, outputs

pytestmark = pytest.mark.docker


def test_a_rolling_update_of_a_stack_loses_no_request_and_its_end_leaves_no_container(sandbox: Sandbox) -> None:
    cloudformation, elbv2 = sandbox.aws("cloudformation"), sandbox.aws("elbv2")
    before = _containers()
    cloudformation.create_stack(StackName=STACK, TemplateBody=TEMPLATE.read_text())
    try:
        assert ended(cloudformation) == "CREATE_COMPLETE"
        targets = outputs(cloudformation)["TargetGroupArn"]
        first = until(lambda: healthy(elbv2, targets), "three healthy targets", 120)
        with Traffic(until(lambda: _url(sandbox), "the listener's address")) as traffic:
            release = [{"ParameterKey": "Release", "ParameterValue": "2"}]
            cloudformation.update_stack(StackName=STACK, UsePreviousTemplate=True, Parameters=release)
            assert ended(cloudformation, 400) == "UPDATE_COMPLETE"
        assert traffic.lost == {}
        assert traffic.answers["200"] > 100
        second = until(lambda: healthy(elbv2, targets), "three healthy targets of the new release", 120)
        assert not set(first) & set(second)
    finally:
        stack_id = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=STACK)
        until(lambda: _status(sandbox, stack_id) == "DELETE_COMPLETE", "the stack's end", 240)
    until(lambda: _containers() == before, "the end of its containers")


def _status(sandbox: Sandbox, stack_id: str) -> str:
    return str(sandbox.aws("cloudformation").describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])


def _url(sandbox: Sandbox) -> str | None:
    found = sandbox.get("endpoints")["load_balancers"]
    return next((balancer["listeners"].get("80") for name, balancer in found.items() if name.startswith(f"{STACK}-")), None)


def _containers() -> set[str]:
    """Those of instances."""
    return set(docker("ps", "--filter", f"name={NAME}-i-", "--format", "{{.Names}}").split())
