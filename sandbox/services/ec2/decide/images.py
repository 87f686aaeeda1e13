"""What EC2 does with an AMI that CreateImage makes (EC2-75), and with an image that nothing boots any more. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision
from sandbox.core.events import Event
from sandbox.drivers.runtime.images import ImageState
from sandbox.services.ec2.image_model import ObservedImage
from sandbox.services.ec2.model import InstanceState, Reason

RETRY = timedelta(seconds=5)
HAS_A_DISK = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED)
INSTANCE_GONE = Reason(code="Client.InstanceTerminated", text="The instance was terminated during AMI creation")  # EC2-11; text (U)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeImage(Action):
    instance_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteImage(Action):
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailImage(Action):
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveImage(Action):
    pass


def decide(observed: ObservedImage, now: datetime) -> Decision[None]:
    creation, made = observed.creation, observed.made
    if creation is None:
        return Decision(memory=None, actions=() if observed.needed or made is None else (RemoveImage(),))
    if made is not None and made.state is ImageState.AVAILABLE:
        event = _event(observed, "available", f"the AMI {observed.image_id} of {creation.instance_id} is available")
        return Decision(memory=None, actions=(CompleteImage(reference=made.reference),), events=(event,))
    if made is not None and made.state is ImageState.FAILED:
        return _failed(observed, Reason(code="Server.InternalError", text=made.error))
    if made is not None:
        return Decision(memory=None)
    if observed.instance_state not in HAS_A_DISK:
        return _failed(observed, INSTANCE_GONE)
    if observed.rebooting or observed.unavailable:
        return Decision(memory=None, look_again=RETRY)
    return Decision(memory=None, actions=(MakeImage(instance_id=creation.instance_id, because=observed.cause),))


def _failed(observed: ObservedImage, reason: Reason) -> Decision[None]:
    event = _event(observed, "failed", f"the AMI {observed.image_id} could not be made: {reason.message}")
    return Decision(memory=None, actions=(FailImage(reason=reason),), events=(event,))


def _event(observed: ObservedImage, state: str, summary: str) -> Event:
    """EC2 AMI State Change of EventBridge (EC2-75)."""
    return Event(
        source="aws.ec2",
        detail_type="EC2 AMI State Change",
        summary=summary,
        resources=(observed.image_id,),
        detail={"ImageId": observed.image_id, "State": state},
        cause=observed.cause,
    )
