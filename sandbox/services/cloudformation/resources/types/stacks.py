"""CloudFormation's own type: a stack inside a stack. It is made, changed and deleted by the same operations as every other stack."""

import hashlib
from datetime import timedelta
from typing import Any

from sandbox.core.errors import ApiError, Retry
from sandbox.services.cloudformation.resources import tags
from sandbox.services.cloudformation.resources.base import Call, Failed, Gone, InProgress, Ready, Status, Wanted
from sandbox.services.cloudformation.resources.kind import Kind, table
from sandbox.services.cloudformation.resources.parameters import text

NAME_LIMIT = 128
NOTHING_TO_DO = "No updates are to be performed."
COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
"""Its clean-up may have to wait for the parent's: what the parent made of it before is in the way."""
CLEAN_UP = timedelta(seconds=5)
NOT_MADE = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
NOT_CHANGED = ("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE")
BEGINNINGS = ("CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "DELETE_FAILED")
"""Statuses whose event says why a stack failed."""


class NestedStack(Kind):
    """Ref is its id; Fn::GetAtt reads its outputs (CFN-34)."""

    type_name, service = "AWS::CloudFormation::Stack", "cloudformation"
    properties = table("", "NotificationARNs Parameters Tags TemplateURL TimeoutInMinutes")
    required = frozenset({"TemplateURL"})
    attributes = frozenset({"Outputs.*"})

    def make(self, call: Call, wanted: Wanted) -> str:
        given = self._given(call, wanted)
        if "TimeoutInMinutes" in wanted.properties:
            given["TimeoutInMinutes"] = int(text(wanted.properties["TimeoutInMinutes"]))
        return str(call("cloudformation", "create_stack", StackName=wanted.generated_name(NAME_LIMIT), **given)["StackId"])

    def change(self, call: Call, physical_id: str, old: Wanted, new: Wanted) -> None:
        _wait_for_clean_up(call, physical_id)
        try:
            call("cloudformation", "update_stack", StackName=physical_id, **self._given(call, new))
        except ApiError as error:
            if error.message != NOTHING_TO_DO:
                raise

    def remove(self, call: Call, physical_id: str, old: Wanted) -> None:
        _wait_for_clean_up(call, physical_id)
        call("cloudformation", "delete_stack", StackName=physical_id)

    def seen(self, call: Call, physical_id: str, wanted: Wanted) -> Status:
        stack = _described(call, physical_id)
        status = str(stack["StackStatus"])
        if status == "DELETE_COMPLETE":
            return Gone()
        if status in COMPLETE or (status == "UPDATE_ROLLBACK_COMPLETE" and _last_token(call, physical_id) != _token(wanted)):
            return Ready({f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack.get("Outputs", [])})
        return _failure(call, physical_id, status) or InProgress()

    def _given(self, call: Call, wanted: Wanted) -> dict[str, Any]:
        """What a create and an update have in common. A nested stack has the capabilities that its parent was given."""
        parent = call("cloudformation", "describe_stacks", StackName=wanted.stack_id)["Stacks"][0]
        own = {name: value for name, value in tags.merged(wanted).items() if not name.startswith("aws:")}
        parameters = wanted.properties.get("Parameters", {})
        if not isinstance(parameters, dict):
            raise ApiError("ValidationError", "Value of property Parameters must be an object")
        return {
            "TemplateURL": text(wanted.properties["TemplateURL"]),
            "Parameters": [{"ParameterKey": name, "ParameterValue": _value(value)} for name, value in parameters.items()],
            "Capabilities": parent.get("Capabilities", []),
            "NotificationARNs": [text(arn) for arn in wanted.properties.get("NotificationARNs", [])],
            "Tags": tags.as_list(own),
            "ClientRequestToken": _token(wanted),
        }


def _described(call: Call, physical_id: str) -> dict[str, Any]:
    """A stack that was forgotten long after its deletion is deleted."""
    try:
        found: dict[str, Any] = call("cloudformation", "describe_stacks", StackName=physical_id)["Stacks"][0]
    except ApiError as error:
        if "does not exist" not in error.message:
            raise
        return {"StackStatus": "DELETE_COMPLETE"}
    return found


def _wait_for_clean_up(call: Call, physical_id: str) -> None:
    if str(_described(call, physical_id)["StackStatus"]).endswith("_CLEANUP_IN_PROGRESS"):
        raise Retry(f"{physical_id} is cleaning up", CLEAN_UP)


def _value(value: Any) -> str:
    """A list becomes the text of a CommaDelimitedList."""
    return ",".join(text(member) for member in value) if isinstance(value, list) else text(value)


def _token(wanted: Wanted) -> str:
    """As short as a ClientRequestToken has to be."""
    return hashlib.sha256(wanted.token.encode()).hexdigest()


def _events(call: Call, physical_id: str) -> list[dict[str, Any]]:
    """Of the stack itself, the newest first."""
    found = call("cloudformation", "describe_stack_events", StackName=physical_id)["StackEvents"]
    return [event for event in found if event["PhysicalResourceId"] == physical_id]


def _last_token(call: Call, physical_id: str) -> str | None:
    """Of the operation that ended last."""
    events = _events(call, physical_id)
    return events[0].get("ClientRequestToken") if events else None


def _failure(call: Call, physical_id: str, status: str) -> Failed | None:
    """None: it is still in progress."""
    if status not in (*NOT_MADE, *NOT_CHANGED, "DELETE_FAILED"):
        return None
    event = next((e for e in _events(call, physical_id) if e["ResourceStatus"] in BEGINNINGS), {})
    reason = str(event.get("ResourceStatusReason", "")).removesuffix("Rollback requested by user.")
    if status in NOT_MADE:
        return Failed(f"Embedded stack {physical_id} was not successfully created: {reason}")
    if status in NOT_CHANGED:
        current = event.get("ResourceStatus", status)
        return Failed(f"Embedded stack {physical_id} was not successfully updated. Currently in {current} with reason: {reason}")
    return Failed(f"Embedded stack {physical_id} was not successfully deleted: {reason}")


TYPES = (NestedStack(),)
