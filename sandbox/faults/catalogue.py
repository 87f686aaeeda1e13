"""All kinds of faults. Each is declared in a file of instances/, zones/ or control_plane/, with its effect. docs/faults.md is
generated from this table.
"""

from difflib import get_close_matches

from sandbox.core.errors import UserError
from sandbox.faults import announced, control_plane, instances, zones
from sandbox.faults.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*instances.KINDS, *zones.KINDS, *control_plane.KINDS, announced.KIND)}


def find(name: str) -> Kind:
    """Raises UserError if there is no such kind."""
    if kind := KINDS.get(name):
        return kind
    near = get_close_matches(name, KINDS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UserError(f"There is no kind of fault {name!r}.{hint}", "sandbox fault kinds")
