"""examples/cloudformation/tutorial.yaml on a live sandbox: what the tests of both runtimes watch while it is updated."""

from pathlib import Path
from typing import Any

from tests.support.live import until

TEMPLATE = Path(__file__).resolve().parents[2] / "examples" / "cloudformation" / "tutorial.yaml"
STACK = "tutorial"


def outputs(cloudformation: Any) -> dict[str, str]:
    found = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def ended(cloudformation: Any, seconds: float = 240) -> str:
    """The stack's status when nothing is in progress any more."""

    def status() -> str | None:
        found = str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])
        return None if found.endswith("IN_PROGRESS") else found

    return str(until(status, "the end of the operation", seconds))


def healthy(elbv2: Any, target_group: str) -> list[str]:
    """The instances, once there are three and all are healthy."""
    found = elbv2.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]
    ids = [each["Target"]["Id"] for each in found if each["TargetHealth"]["State"] == "healthy"]
    return ids if len(ids) == len(found) == 3 else []


def events(cloudformation: Any, logical_id: str) -> list[str]:
    """Reasons of the events of a resource, the oldest first."""
    found = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return [event.get("ResourceStatusReason", "") for event in reversed(found) if event["LogicalResourceId"] == logical_id]
