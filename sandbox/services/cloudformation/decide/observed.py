"""What a decision about a stack depends on, and what its parts share. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.core.control import Scope
from sandbox.services.cloudformation.decide.template import environments, templates
from sandbox.services.cloudformation.decide.template.schemas import Find
from sandbox.services.cloudformation.model import Operation, Resource, Stack
from sandbox.services.cloudformation.resources.base import Status
from sandbox.services.cloudformation.resources.members import GroupSeen
from sandbox.services.cloudformation.template_model import Environment, Template

AT_ONCE = timedelta(0)
POLL, SLOW_POLL = timedelta(seconds=1), timedelta(seconds=5)
SOON = timedelta(seconds=30)
"""For so long after its step began, a resource is looked at every POLL."""
LONGEST_STEP = timedelta(hours=1)
"""After that, a resource that did not become ready has failed."""

Key = tuple[str, str | None]


def key(resource: Resource) -> Key:
    """A logical id may have two physical resources: the new one, and the one that it replaced."""
    return resource.logical_id, resource.physical_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """importers    name of an export of this stack → the stacks that import it
    exported_by  name → stack, of all stacks
    groups       those that a rolling update works on
    """

    stack: Stack
    scope: Scope
    find: Find
    looks: Mapping[Key, Status] = field(default_factory=dict)
    groups: Mapping[Key, GroupSeen] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    exported_by: Mapping[str, str] = field(default_factory=dict)
    importers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def operation(self) -> Operation:
        assert self.stack.operation is not None, f"{self.stack.id} is {self.stack.status} without an operation"
        return self.stack.operation

    @property
    def template(self) -> Template:
        return templates.parse(self.stack.version.template_body)

    @property
    def names(self) -> environments.Names:
        return environments.Names(scope=self.scope, stack_id=self.stack.id, stack_name=self.stack.name)

    def environment(self, resources: Mapping[str, Resource]) -> Environment:
        """`resources`: those that functions can read."""
        env = environments.base(self.template, self.stack.version, self.names, self.exports)
        return environments.with_resources(env, resources, self.find)


def tags_of(stack: Stack, logical_id: str) -> dict[str, str]:
    """CFN-17: the stack's tags, and CloudFormation's own."""
    own = {"aws:cloudformation:stack-name": stack.name, "aws:cloudformation:stack-id": stack.id}
    return {**stack.version.tags, **own, "aws:cloudformation:logical-id": logical_id}


def patience(resource: Resource, now: datetime) -> timedelta:
    """How long to wait before the next look at a resource in progress."""
    return POLL if resource.began is None or now - resource.began < SOON else SLOW_POLL
