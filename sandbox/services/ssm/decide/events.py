"""The events of commands, in EventBridge's form (SSM-9)."""

from sandbox.core.events import Event
from sandbox.services.ssm.model import Command, Invocation, InvocationStatus

SOURCE = "aws.ssm"
COMMAND_CHANGE = "EC2 Command Status-change Notification"
INVOCATION_CHANGE = "EC2 Command Invocation Status-change Notification"


def invocation_changed(command: Command, invocation: Invocation) -> Event:
    number = invocation.current
    return Event(
        source=SOURCE,
        detail_type=INVOCATION_CHANGE,
        summary=f"command {command.id} ({command.document}) on {invocation.instance_id}: {_sentence(invocation)}",
        resources=(invocation.instance_id, command.id),
        detail={
            "command-id": command.id,
            "document-name": command.document,
            "instance-id": invocation.instance_id,
            "requested-date-time": command.requested.isoformat(),
            "status": invocation.status.value,
            "status-details": invocation.details,
            "response-code": invocation.steps[number].code,
        },
        cause=invocation.event or command.event,
    )


def _sentence(invocation: Invocation) -> str:
    step = invocation.steps[invocation.current]
    match invocation.status:
        case InvocationStatus.IN_PROGRESS:
            return "sent"
        case InvocationStatus.DELAYED:
            return "delayed, because the instance does not answer"
        case InvocationStatus.FAILED if invocation.details == "Failed":
            return f"failed with the response code {step.code}"
        case _:
            return invocation.details


def command_changed(command: Command, status: str, details: str) -> Event:
    return Event(
        source=SOURCE,
        detail_type=COMMAND_CHANGE,
        summary=f"command {command.id} ({command.document}): {details}",
        resources=(command.id,),
        detail={
            "command-id": command.id,
            "document-name": command.document,
            "expire-after": command.expires.isoformat(),
            "parameters": {name: list(values) for name, values in command.parameters.items()},
            "requested-date-time": command.requested.isoformat(),
            "status": status,
        },
        cause=command.event,
    )
