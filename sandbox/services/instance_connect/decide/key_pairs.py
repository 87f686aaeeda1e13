"""When the key of an instance's key pair is put into its machine: once in each boot (EIC-3). Pure."""

from datetime import datetime

from sandbox.core.control import Decision
from sandbox.core.events import Event
from sandbox.services.instance_connect.actions import InstallKey
from sandbox.services.instance_connect.model import Memory, Observed

SOURCE = "aws.ec2"
NO_SERVER = "EC2 Instance SSH Not Available"


def decide(observed: Observed, memory: Memory | None, now: datetime) -> Decision[Memory]:
    known = memory or Memory()
    if observed.at_work:
        return Decision(memory=known)
    if known.boot != observed.boots:  # also after a restart of the control plane: to install it twice changes nothing
        action = InstallKey(instance_id=observed.instance_id, boot=observed.boots, login=observed.login, because=observed.cause)
        return Decision(memory=Memory(boot=observed.boots, told=known.told), actions=(action,))
    if observed.done and observed.problem and known.told != observed.boots:
        return Decision(memory=Memory(boot=known.boot, told=observed.boots), events=(_not_available(observed, observed.problem),))
    return Decision(memory=known)


def _not_available(observed: Observed, problem: str) -> Event:
    return Event(
        source=SOURCE,
        detail_type=NO_SERVER,
        summary=f"nobody can log in to {observed.instance_id} by SSH: {problem}",
        resources=(observed.instance_id,),
        detail={"instance-id": observed.instance_id, "reason": problem},
        cause=observed.cause,
    )
