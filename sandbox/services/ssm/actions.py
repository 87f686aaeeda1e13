"""What decisions about commands may contain. The controller carries them out, in order."""

from dataclasses import dataclass

from sandbox.core.control import Action
from sandbox.services.ssm.model import Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveInvocation(Action):
    invocation: Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class StartStep(Action):
    """Begins the current step of an invocation that was saved before."""

    instance_id: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep(Action):
    """Kills the script, or ends the fault, of the current step."""

    instance_id: str
    step: int
