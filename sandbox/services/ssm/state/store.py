"""Where commands are kept: a backend for each account and Region, like moto's, so that it is saved, reset and separated like theirs.

moto's own SSM backend keeps parameters and documents. It is not ours, and not saved.
"""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.base_backend import BackendDict, BaseBackend

from sandbox.aws import state
from sandbox.core.persisted import persisted
from sandbox.services.ssm.model import Command

KEPT = 1_000
"""Commands that can still be asked about; the oldest are dropped. AWS keeps them for 30 days."""


@persisted("ssm.RunCommandBackend")
class RunCommandBackend(BaseBackend):
    """`commands`: by id, in the order of their request."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.commands: dict[str, Command] = {}

    def store(self, command: Command) -> None:
        """Also in place of what it was before."""
        self.commands[command.id] = command
        while len(self.commands) > KEPT:
            del self.commands[next(iter(self.commands))]


run_command_backends: Any = BackendDict(RunCommandBackend, "ssm")
state.keep("ssm-commands", __name__, "run_command_backends")
