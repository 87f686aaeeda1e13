"""`POST /_sandbox/shells`: how `sandbox ssh` gets into an instance, and the event that somebody did.

The caller starts the shell itself, with the rights that it has: the sandbox runs nothing for it.
"""

import shlex
from collections.abc import Sequence

from sandbox.control.api import shapes
from sandbox.control.surface import ControlSurface
from sandbox.core.errors import UserError
from sandbox.core.events import Event
from sandbox.drivers.runtime.base import ContainerState

OPENED = "Instance Shell Opened"
LONGEST_COMMAND = 200
"""Characters of the command that the event shows."""


def opened(surface: ControlSurface, prefix: str, command: Sequence[str]) -> shapes.Shell:
    """Raises UserError if the prefix does not name exactly one instance whose machine runs."""
    if surface.runtime == "simulated":
        raise UserError("Instances of the simulated runtime have no shell: they are not machines.", f"sandbox logs {prefix}")
    instance_id = chosen(surface, prefix, "sandbox ssh")
    found = surface.shell(instance_id)
    if found is None:
        raise UserError(f"{instance_id} does not run.", "sandbox status")
    surface.journal.record(_event(instance_id, command))
    return {
        "instance_id": instance_id,
        "container": found.container,
        "directory": found.directory,
        "environment": dict(found.environment),
    }


def chosen(surface: ControlSurface, prefix: str, command: str) -> str:
    """The one running instance whose id begins so. Raises UserError; `command`: what the user types, for the next one."""
    running = [each for each, container in surface.containers().items() if container.state is ContainerState.RUNNING]
    found = [prefix] if prefix in running else sorted(each for each in running if each.startswith(prefix))
    if not found:
        raise UserError(f"{prefix} does not match a running instance.", "sandbox status")
    if len(found) > 1:
        raise UserError(f"{prefix} matches several running instances: {', '.join(found[:10])}.", f"{command} {found[0]}")
    return found[0]


def _event(instance_id: str, command: Sequence[str]) -> Event:
    shown = shlex.join(command)[:LONGEST_COMMAND]
    return Event(
        source="sandbox.control",
        detail_type=OPENED,
        summary=f"a user ran `{shown}` in {instance_id}" if command else f"a user opened a shell in {instance_id}",
        resources=(instance_id,),
        detail={"instanceId": instance_id, "command": shown},
    )
