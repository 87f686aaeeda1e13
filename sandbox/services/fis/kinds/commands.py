"""aws:ssm:send-command: FIS sends a command of Systems Manager to its targets, and cancels it when the action ends (FIS-29, FIS-34).

The command and the action end independently: a command that succeeds before the action's duration is over leaves the action running.
"""

import json
from dataclasses import replace

from sandbox.core.errors import ApiError
from sandbox.services.fis.action_model import document_name
from sandbox.services.fis.decide.observed import Broken, Done, Going, Look
from sandbox.services.fis.kinds.base import Reach, Refusal, lasting, names, undone
from sandbox.services.fis.model import CONFIGURATION_FAILURE, DEPENDENT_SERVICE_FAILURE, Run
from sandbox.services.fis.parameter_model import document, duration

WAITING = ("Pending", "InProgress", "Delayed", "Success", "Cancelling", "Cancelled")
"""Statuses of an invocation that did not fail."""
AT_ONCE = 50
"""Instances of one command (SSM-3)."""
REFUSED = ("InvalidDocument", "InvalidDocumentVersion", "InvalidParameters", "ValidationException", "MaxDocumentSizeExceeded")


class SendCommand:
    def begin(self, reach: Reach, run: Run, targets: tuple[str, ...]) -> Run:
        begun = lasting(run, reach, duration(run.action.parameters["duration"]))
        instances, sent = names(targets), []
        for first in range(0, len(instances), AT_ONCE):
            try:
                sent.append(_send(reach, run, instances[first : first + AT_ONCE]))
            except ApiError as error:
                _cancel(reach, sent)
                code = CONFIGURATION_FAILURE if error.code in REFUSED else DEPENDENT_SERVICE_FAILURE
                raise Refusal(error.message, code) from error
        return replace(begun, commands=tuple(sent))

    def look(self, reach: Reach, run: Run) -> Look:
        if run.undone:
            return Done()
        for command in run.commands:
            found = reach.call.pages("ssm", "list_command_invocations", "CommandInvocations", CommandId=command, Details=True)
            if failed := [each for each in found if each["Status"] not in WAITING]:
                return Broken(reason=_told(command, failed[0]), code=DEPENDENT_SERVICE_FAILURE)
        return Going()

    def undo(self, reach: Reach, run: Run) -> Run:
        """A command that has ended cannot be canceled any more, which is no error."""
        _cancel(reach, list(run.commands))
        return undone(run)


def _send(reach: Reach, run: Run, instances: tuple[str, ...]) -> str:
    given = run.action.parameters
    version = {"DocumentVersion": given["documentVersion"]} if given.get("documentVersion") else {}
    parameters = {name: _strings(value) for name, value in (document(given.get("documentParameters", "{}")) or {}).items()}
    answer = reach.call(
        "ssm",
        "send_command",
        DocumentName=document_name(given["documentArn"]),
        Parameters=parameters,
        InstanceIds=list(instances),
        Comment=f"{reach.experiment_id}/{run.name}"[:100],
        MaxErrors="100%",
        **version,
    )
    return str(answer["Command"]["CommandId"])


def _strings(value: object) -> list[str]:
    """A parameter of a document is a string, or a list of them."""
    return [each if isinstance(each, str) else json.dumps(each) for each in (value if isinstance(value, list) else [value])]


def _cancel(reach: Reach, commands: list[str]) -> None:
    for command in commands:
        reach.call("ssm", "cancel_command", CommandId=command)


def _told(command: str, failed: dict[str, object]) -> str:
    plugins = failed.get("CommandPlugins")
    output = str(plugins[-1].get("Output", "")).strip() if isinstance(plugins, list) and plugins else ""
    return f"The command {command} on {failed['InstanceId']} ended with {failed['StatusDetails']}" + (f": {output}" if output else ".")
