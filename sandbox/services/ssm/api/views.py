"""What responses show of commands, invocations, nodes and documents."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.services.ssm.decide import results, status
from sandbox.services.ssm.document_model import PLATFORMS
from sandbox.services.ssm.model import Command, Invocation, InvocationStatus, Node, StepRun

AGENT_VERSION = "3.3.0.0"  # of no real agent: the sandbox runs commands itself
MADE = datetime(2026, 1, 1, tzinfo=UTC)  # when the documents of AWS's were made
UNTOLD = (InvocationStatus.PENDING, InvocationStatus.IN_PROGRESS)


def command(each: Command) -> dict[str, Any]:
    told = status.summary(each)
    return {
        "CommandId": each.id,
        "DocumentName": each.document,
        "DocumentVersion": each.document_version,
        "Comment": each.comment,
        "ExpiresAfter": each.expires,
        "Parameters": {name: list(values) for name, values in each.parameters.items()},
        "InstanceIds": list(each.instance_ids),
        "Targets": [{"Key": key, "Values": list(values)} for key, values in each.targets],
        "RequestedDateTime": each.requested,
        "Status": told.status.value,
        "StatusDetails": told.details,
        "OutputS3BucketName": "",
        "OutputS3KeyPrefix": "",
        "MaxConcurrency": each.max_concurrency,
        "MaxErrors": each.max_errors,
        "TargetCount": len(each.invocations),
        "CompletedCount": told.completed,
        "ErrorCount": told.errors,
        "DeliveryTimedOutCount": told.undelivered,
        "ServiceRole": "",
        "NotificationConfig": {"NotificationArn": "", "NotificationEvents": [], "NotificationType": ""},
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
        "TimeoutSeconds": int(each.timeout.total_seconds()),
    }


def invocation(of: Command, each: Invocation, *, details: bool) -> dict[str, Any]:
    return {
        "CommandId": of.id,
        "InstanceId": each.instance_id,
        "InstanceName": each.instance_name,
        "Comment": of.comment,
        "DocumentName": of.document,
        "DocumentVersion": of.document_version,
        "RequestedDateTime": of.requested,
        "Status": each.status.value,
        "StatusDetails": each.details,
        "StandardOutputUrl": "",
        "StandardErrorUrl": "",
        "CommandPlugins": [_plugin(step) for step in each.steps if step.started] if details else [],
        "ServiceRole": "",
        "NotificationConfig": {"NotificationArn": "", "NotificationEvents": [], "NotificationType": ""},
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
    }


def _plugin(step: StepRun) -> dict[str, Any]:
    shown = {
        "Name": step.name,
        "Status": step.status.value,
        "StatusDetails": step.details,
        "ResponseCode": step.code,
        "ResponseStartDateTime": step.started,
        "ResponseFinishDateTime": step.ended,
        "Output": results.output(step),
        "StandardOutputUrl": "",
        "StandardErrorUrl": "",
        "OutputS3BucketName": "",
        "OutputS3KeyPrefix": "",
    }
    return {name: value for name, value in shown.items() if value is not None}


def step(of: Command, on: Invocation, each: StepRun) -> dict[str, Any]:
    """GetCommandInvocation (SSM-6). A step that has not begun has the status of its invocation."""
    begun = each.status not in UNTOLD or (each.started is not None and on.status is InvocationStatus.IN_PROGRESS)
    return {
        "CommandId": of.id,
        "InstanceId": on.instance_id,
        "Comment": of.comment,
        "DocumentName": of.document,
        "DocumentVersion": of.document_version,
        "PluginName": each.name,
        "ResponseCode": each.code,
        "ExecutionStartDateTime": _time(each.started),
        "ExecutionElapsedTime": _elapsed(each),
        "ExecutionEndDateTime": _time(each.ended),
        "Status": (each.status if begun else on.status).value,
        "StatusDetails": each.details if begun else on.details,
        "StandardOutputContent": each.stdout,
        "StandardOutputUrl": "",
        "StandardErrorContent": each.stderr,
        "StandardErrorUrl": "",
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
    }


def _time(when: datetime | None) -> str:
    return "" if when is None else when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _elapsed(each: StepRun) -> str:
    """ISO 8601: "PT1.05S"."""
    if each.started is None or each.ended is None:
        return ""
    milliseconds = round((each.ended - each.started) / timedelta(milliseconds=1))
    return f"PT{milliseconds / 1000:g}S"


def node(each: Node, now: datetime) -> dict[str, Any]:
    return {
        "InstanceId": each.instance_id,
        "PingStatus": each.state.value,
        "LastPingDateTime": now,
        "AgentVersion": AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "ResourceType": "EC2Instance",
        "RegistrationDate": each.registered,
        "IPAddress": each.address,
        "ComputerName": each.name,
        "SourceId": each.instance_id,
        "SourceType": "AWS::EC2::Instance",
    }


def identifier(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Of a document of AWS's, in ListDocuments."""
    return {
        "Name": name,
        "CreatedDate": MADE,
        "Owner": "Amazon",
        "PlatformTypes": list(PLATFORMS),
        "DocumentVersion": "1",
        "DocumentType": "Command",
        "SchemaVersion": content["schemaVersion"],
        "DocumentFormat": "JSON",
        "Tags": [],
    }


def description(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Of a document of AWS's, in DescribeDocument."""
    return {
        **identifier(name, content),
        "Hash": hashlib.sha256(json.dumps(content).encode()).hexdigest(),
        "HashType": "Sha256",
        "Status": "Active",
        "Description": content["description"],
        "Parameters": [_parameter(each, told) for each, told in content["parameters"].items()],
        "LatestVersion": "1",
        "DefaultVersion": "1",
    }


def _parameter(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"Name": name, "Type": told["type"], "Description": told["description"], "DefaultValue": told.get("default")}
    return {key: value for key, value in shown.items() if value is not None}
