"""The log of an experiment: a stream of the template's log group, written through the API of CloudWatch Logs (FIS-13)."""

from collections.abc import Iterable

from sandbox.aws.context import context
from sandbox.core.control import Scope
from sandbox.core.errors import ApiError
from sandbox.core.events import Event
from sandbox.services.fis.kinds.base import Call
from sandbox.services.fis.model import Experiment

NOT_WRITTEN = "FIS Log Not Written"


def problem(experiment: Experiment) -> str | None:
    """Why the log cannot be written; None: it can, or there is none. Makes the stream."""
    if experiment.log_group_arn is None:
        return None
    try:
        _make_stream(experiment, experiment.log_group_arn)
    except ApiError as error:
        return f"Unable to write the experiment log to {experiment.log_group_arn}: {error.message}"
    return None


def write(experiment: Experiment, records: Iterable[str]) -> None:
    """A log that cannot be written does not stop the experiment: the journal says so."""
    if experiment.log_group_arn is None:
        return
    milliseconds = int(context().clock.now().timestamp() * 1000)
    events = [{"timestamp": milliseconds, "message": each} for each in records]
    try:
        call, group = _place(experiment.log_group_arn)
        call("logs", "put_log_events", logGroupName=group, logStreamName=_stream(experiment), logEvents=events)
    except ApiError as error:
        summary = f"the log of experiment {experiment.id} could not be written to {experiment.log_group_arn}: {error.message}"
        made = Event(source="aws.fis", detail_type=NOT_WRITTEN, summary=summary, resources=(experiment.id, experiment.arn))
        context().journal.record(made)


def _make_stream(experiment: Experiment, arn: str) -> None:
    call, group = _place(arn)
    try:
        call("logs", "create_log_stream", logGroupName=group, logStreamName=_stream(experiment))
    except ApiError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


def _stream(experiment: Experiment) -> str:
    return f"/aws/fis/{experiment.id}"


def _place(arn: str) -> tuple[Call, str]:
    """ "arn:aws:logs:us-east-1:123456789012:log-group:/aws/fis:*" → the API there, and the group's name."""
    parts = arn.split(":")
    return Call(context().clients, Scope(parts[4], parts[3])), parts[6]
