"""The nouns of Run Command (section 7.5 of the rules): a command, its invocation on each managed node, and the steps of that.

A managed node is an EC2 instance whose machine runs: every image counts as having SSM Agent and the permission that it needs (SSM-2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from sandbox.core.persisted import persisted

NOT_RUN = -1
"""ResponseCode of what has not run, or whose result never came."""
STOPPED = 137
"""ResponseCode of a script that was killed: it ran too long, or was canceled (OBS)."""


@persisted("ssm.InvocationStatus")
class InvocationStatus(Enum):
    PENDING = "Pending"
    DELAYED = "Delayed"
    IN_PROGRESS = "InProgress"
    SUCCESS = "Success"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"


class InvocationMove(Enum):
    DELAY = "its node does not answer"
    SEND = "sent to its node"
    SUCCEED = "its steps succeeded"
    FAIL = "a step failed, or its node is gone"
    TIME_OUT = "not delivered or not done in time"
    REQUEST_CANCEL = "CancelCommand"
    CANCEL = "its command has ended, or it never began"


_S, _M = InvocationStatus, InvocationMove
TRANSITIONS = {
    (_S.PENDING, _M.DELAY): _S.DELAYED,
    (_S.PENDING, _M.SEND): _S.IN_PROGRESS,
    (_S.DELAYED, _M.SEND): _S.IN_PROGRESS,
    (_S.IN_PROGRESS, _M.DELAY): _S.DELAYED,
    (_S.IN_PROGRESS, _M.SUCCEED): _S.SUCCESS,
    (_S.PENDING, _M.FAIL): _S.FAILED,
    (_S.DELAYED, _M.FAIL): _S.FAILED,
    (_S.IN_PROGRESS, _M.FAIL): _S.FAILED,
    (_S.PENDING, _M.TIME_OUT): _S.TIMED_OUT,
    (_S.DELAYED, _M.TIME_OUT): _S.TIMED_OUT,
    (_S.IN_PROGRESS, _M.TIME_OUT): _S.TIMED_OUT,
    (_S.IN_PROGRESS, _M.REQUEST_CANCEL): _S.CANCELLING,
    (_S.PENDING, _M.CANCEL): _S.CANCELLED,
    (_S.DELAYED, _M.CANCEL): _S.CANCELLED,
    (_S.CANCELLING, _M.CANCEL): _S.CANCELLED,
}
"""SSM-5."""
TERMINAL = frozenset({_S.SUCCESS, _S.FAILED, _S.TIMED_OUT, _S.CANCELLED})
DELIVERY_TIMED_OUT, EXECUTION_TIMED_OUT = "DeliveryTimedOut", "ExecutionTimedOut"
UNDELIVERABLE, TERMINATED = "Undeliverable", "Terminated"
INCOMPLETE, NO_INSTANCES = "Incomplete", "NoInstancesInTag"


@persisted("ssm.ScriptStep")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStep:
    """A step of the plugin aws:runShellScript, with its parameters filled in."""

    name: str
    script: str
    timeout: timedelta
    directory: str | None = None


@persisted("ssm.FaultStep")
@dataclass(frozen=True, slots=True, kw_only=True)
class FaultStep:
    """What a document of AWS FIS does to a node: a fault, from outside (FIS-34)."""

    name: str
    kind: str  # of the fault: "cpu-heat"
    parameters: Mapping[str, object] = field(default_factory=dict)
    length: timedelta | None = None  # None: it happens at once, and nothing is left of it


Step = ScriptStep | FaultStep


@persisted("ssm.StepRun")
@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """A step on one node. `status`: Pending, InProgress or a terminal one."""

    name: str
    status: InvocationStatus = InvocationStatus.PENDING
    details: str = "Pending"
    code: int = NOT_RUN
    stdout: str = ""
    stderr: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    fault: str | None = None  # id of the fault that it is


@persisted("ssm.Invocation")
@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    instance_id: str
    instance_name: str
    steps: tuple[StepRun, ...]
    status: InvocationStatus = InvocationStatus.PENDING
    details: str = "Pending"
    attempt: int = 0  # how often it was sent
    cancel: bool = False  # CancelCommand named it
    event: str | None = None  # id of its newest event, the cause of what it does

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL

    @property
    def current(self) -> int:
        """The number of the step that runs or comes next; that of the last one if all have ended."""
        return next((n for n, each in enumerate(self.steps) if each.status not in TERMINAL), len(self.steps) - 1)


@persisted("ssm.Command")
@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    id: str
    document: str  # its name
    document_version: str
    parameters: Mapping[str, tuple[str, ...]]
    steps: tuple[Step, ...]
    invocations: Mapping[str, Invocation]  # by instance id, in the order in which they are sent
    requested: datetime
    timeout: timedelta  # of the delivery (SSM-4)
    instance_ids: tuple[str, ...] = ()  # as given
    targets: tuple[tuple[str, tuple[str, ...]], ...] = ()  # as given: key and values
    max_concurrency: str = "50"
    max_errors: str = "0"
    comment: str = ""
    event: str | None = None  # id of its newest event

    @property
    def expires(self) -> datetime:
        """SSM-4: the delivery timeout, and what its steps may take."""
        return self.requested + self.timeout + sum((each.timeout for each in self.steps if isinstance(each, ScriptStep)), timedelta(0))

    @property
    def ended(self) -> bool:
        return all(each.ended for each in self.invocations.values())


class NodeState(Enum):
    ONLINE = "Online"
    CONNECTION_LOST = "ConnectionLost"  # its machine runs and does not answer, or is stopped
    GONE = "gone"  # terminated, or unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A managed node, as DescribeInstanceInformation shows it (SSM-1)."""

    instance_id: str
    state: NodeState
    name: str  # the private DNS name
    address: str
    image_id: str
    running: bool
    registered: datetime
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSeen:
    """What has become of the step of an invocation that is in progress."""

    running: bool
    done: StepRun | None = None  # with its result; None: there is none
    refused: bool = False  # the machine could not be given the command


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    command: Command
    nodes: Mapping[str, NodeState]  # of its invocations
    steps: Mapping[str, StepSeen]  # instance id → the current step of an invocation in progress
