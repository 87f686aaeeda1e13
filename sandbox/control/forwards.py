"""`POST /_sandbox/forwards`: how `sandbox forward` gets to a port of an instance, and the event that somebody did.

The caller opens the connections itself, with the rights that it has. They come from the VPC router, so no security group filters them, as
none filters port forwarding by Systems Manager.
"""

from sandbox.control.api import shapes
from sandbox.control.shells import chosen
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.core.events import Event

OPENED = "Port Forward Opened"
ROUTER = "netns"  # the role of the container through which a port of an instance is reached


def opened(surface: ControlSurface, prefix: str, port: int) -> shapes.Forward:
    """Raises UserError if the prefix does not name exactly one instance whose machine runs."""
    if surface.runtime == "simulated":
        raise UserError("Instances of the simulated runtime have no ports: they are not machines.", "sandbox up")
    instance_id = chosen(surface, prefix, "sandbox forward")
    known = surface.inventory.instance(instance_id)
    if known is None or known.private_ip_address is None:
        raise UserError(f"{instance_id} has no address.", "sandbox status")
    host, at = surface.endpoint(known.private_ip_address, port)
    surface.journal.record(_event(instance_id, port))
    in_compose = surface.settings.topology == "compose"
    return {"instance_id": instance_id, "host": host, "port": at, "through": ROUTER if in_compose else None, "name": surface.settings.name}


def _event(instance_id: str, port: int) -> Event:
    return Event(
        source="sandbox.control",
        detail_type=OPENED,
        summary=f"a user forwards a local port to port {port} of {instance_id}",
        resources=(instance_id,),
        detail={"instance-id": instance_id, "port": port},
    )
