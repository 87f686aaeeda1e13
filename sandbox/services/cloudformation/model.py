"""The nouns of a stack: its states, its resources, its events, and what it is made from. All of it is saved.

A stack is one value; state/writes.py replaces it. What runs is in `Stack.operation`; what it does next follows from `Stack.status`
(decide/stacks.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.persisted import persisted
from sandbox.services.cloudformation.policy_model import RollingUpdate
from sandbox.services.cloudformation.resources.base import Wanted
from sandbox.services.cloudformation.status_model import OnFailure, ResourceStatus, StackStatus
from sandbox.services.cloudformation.template_model import DeletionPolicy, Json, SignalsWanted

STACK_TYPE = "AWS::CloudFormation::Stack"
ROLLBACK = "-rollback"
"""The end of the token of an operation's rollback."""


@persisted("cloudformation.Resource")
@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a stack as it is now.

    properties  those that the last create or update was called with; before: those that the update in progress started from
    token       of the create that made it; makes its generated name
    operation   the token of the operation that last made sure that it is as its template wants it, or that works on it
    started     the create, update or delete in progress was accepted by the API
    successor   it was replaced: a rollback makes it the stack's resource again
    """

    logical_id: str
    type: str
    status: ResourceStatus
    physical_id: str | None = None
    reason: str | None = None
    updated: datetime
    properties: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Json] | None = None
    before_tags: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    replaces: str | None = None
    depends_on: tuple[str, ...] = ()
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    update_replace_policy: DeletionPolicy = DeletionPolicy.DELETE
    attributes: Mapping[str, object] = field(default_factory=dict)
    metadata: Json = None
    operation: str = ""
    created_by: str = ""  # the token of the operation that made it
    started: bool = False
    began: datetime | None = None
    not_before: datetime | None = None  # a failed delete is not tried again sooner
    successor: bool = False
    event: str | None = None  # the journal's event of its last change of status
    signals: Mapping[str, str] = field(default_factory=dict)  # UniqueId → SUCCESS or FAILURE
    signals_wanted: SignalsWanted | None = None
    rolling: RollingUpdate | None = None  # in progress, or ended by a failure
    unmodified: tuple[str, ...] = ()  # properties that the update in progress leaves as they are

    def wanted(self, stack: "Stack") -> Wanted:
        """What the resource type is called with."""
        return self._as_wanted(stack, self.properties, self.tags)

    def wanted_before(self, stack: "Stack") -> Wanted:
        """The same before the update in progress."""
        before = self.properties if self.before is None else self.before
        return self._as_wanted(stack, before, self.tags if self.before is None else self.before_tags)

    def _as_wanted(self, stack: "Stack", properties: Mapping[str, Json], tags: Mapping[str, str]) -> Wanted:
        return Wanted(
            logical_id=self.logical_id,
            stack_name=stack.name,
            stack_id=stack.id,
            properties=properties,
            tags=tags,
            token=self.token,
            replaces=self.replaces,
        )


@persisted("cloudformation.Version")
@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a stack is made from. An update replaces it; its rollback brings the old one back."""

    template_body: str
    parameters: Mapping[str, str] = field(default_factory=dict)  # as they were given
    resolved: Mapping[str, str] = field(default_factory=dict)  # the values of those that name an SSM parameter
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()
    role_arn: str | None = None
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # Region → zones, for Fn::GetAZs
    imports: tuple[str, ...] = ()  # names of exports that it uses, as far as they do not depend on resources

    @property
    def values(self) -> Mapping[str, str]:
        """The parameters' values as the template sees them."""
        return {**self.parameters, **self.resolved}


@persisted("cloudformation.Operation")
@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`retain`: logical ids that a delete leaves alone; `skip`: those that a continued rollback does not touch."""

    token: str
    started: datetime
    client_request_token: str | None = None
    deadline: datetime | None = None  # TimeoutInMinutes
    disable_rollback: bool = False
    on_failure: OnFailure = OnFailure.ROLLBACK
    retain: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    cancelled: bool = False  # CancelUpdateStack
    cause: str | None = None  # the journal's event of the call that started it


@persisted("cloudformation.Output")
@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


@persisted("cloudformation.StackEvent")
@dataclass(frozen=True, slots=True, kw_only=True)
class StackEvent:
    """`about`: the resource type. `properties`: as JSON text."""

    id: str
    at: datetime
    logical_id: str
    physical_id: str
    about: str
    status: str
    reason: str | None = None
    properties: str | None = None
    client_request_token: str | None = None


@persisted("cloudformation.Stack")
@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """`discarded`: resources that a clean-up has to delete: replaced ones, and those that the template no longer has."""

    id: str
    name: str
    status: StackStatus
    created: datetime
    version: Version
    reason: str | None = None
    updated: datetime | None = None
    deleted: datetime | None = None
    previous: Version | None = None
    previous_outputs: tuple[Output, ...] = ()
    resources: Mapping[str, Resource] = field(default_factory=dict)
    discarded: tuple[Resource, ...] = ()
    outputs: tuple[Output, ...] = ()
    operation: Operation | None = None
    imports: tuple[str, ...] = ()  # names of the exports that it uses
    policy: str | None = None
    termination_protection: bool = False
    disable_rollback: bool = False
    timeout_minutes: int | None = None
    change_set_id: str | None = None  # the one that made or last changed it
    tokens: Mapping[str, str] = field(default_factory=dict)  # ClientRequestToken → a digest of its request

    @property
    def is_gone(self) -> bool:
        return self.status is StackStatus.DELETE_COMPLETE


@persisted("cloudformation.ChangeSet")
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    id: str
    name: str
    stack_id: str
    type: str  # CREATE or UPDATE
    created: datetime
    version: Version
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str | None = None
    description: str | None = None
    changes: tuple[Mapping[str, Json], ...] = ()  # as DescribeChangeSet returns them
    on_stack_failure: str | None = None
    client_token: str | None = None
