"""Where stacks are kept: a backend for each account and Region, like moto's, so that it is saved, reset and separated like theirs.

Data without decisions: state/snapshot.py reads it, state/writes.py and the API operations change it.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.base_backend import BackendDict, BaseBackend

from sandbox.aws import state
from sandbox.core.persisted import persisted
from sandbox.services.cloudformation.model import ChangeSet, Stack, StackEvent

DELETED_KEPT = 100
"""Deleted stacks that can still be described by their ids (AWS: 90 days)."""


@persisted("cloudformation.Backend")
class CloudFormationBackend(BaseBackend):
    """`stacks`: by id, in the order of their creation. `events`: stack id → events, the oldest first. `change_sets`: by id."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.stacks: dict[str, Stack] = {}
        self.events: dict[str, list[StackEvent]] = {}
        self.change_sets: dict[str, ChangeSet] = {}

    def find(self, name: str) -> Stack | None:
        """By id, or by the name of a stack that is not deleted."""
        if name in self.stacks:
            return self.stacks[name]
        return next((stack for stack in self.stacks.values() if stack.name == name and not stack.is_gone), None)

    def live(self) -> list[Stack]:
        return [stack for stack in self.stacks.values() if not stack.is_gone]

    def forget_oldest(self) -> None:
        """Keeps the newest deleted stacks only."""
        gone = [stack.id for stack in self.stacks.values() if stack.is_gone]
        for stack_id in gone[:-DELETED_KEPT]:
            del self.stacks[stack_id]
            self.events.pop(stack_id, None)

    def forget_change_sets(self, stack_id: str) -> None:
        for each in [c.id for c in self.change_sets.values() if c.stack_id == stack_id]:
            del self.change_sets[each]


cloudformation_backends: Any = BackendDict(CloudFormationBackend, "cloudformation")
state.keep("cloudformation", __name__, "cloudformation_backends")
