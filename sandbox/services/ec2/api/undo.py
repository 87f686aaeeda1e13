"""A call that EC2 refuses leaves nothing behind: what it made until then is removed again.

moto enters objects while it still reads the request: RunInstances makes the instance before it looks at the snapshot of its volume.
Requests are checked first (validation/); this is the net under those checks. It covers what a call adds to the backend or removes from it,
not what it changes within an object that was there before, but for the rules of security groups.
"""

from collections.abc import Callable
from typing import Any


def undo(backend: Any) -> Callable[[], None]:
    """→ a function that gives the backend the contents that it has now. Takes a millisecond for a thousand instances."""
    restores = [_restorer(held) for held in vars(backend).values() if isinstance(held, dict | list)]
    addresses = [(subnet, set(subnet._subnet_ips)) for zone in backend.subnets.values() for subnet in zone.values()]

    rules = [(group, list(group.ingress_rules), list(group.egress_rules)) for by_id in backend.groups.values() for group in by_id.values()]

    def restore() -> None:
        for each in restores:
            each()
        for group, ingress, egress in rules:
            group.ingress_rules, group.egress_rules = ingress, egress
        for subnet, taken in addresses:
            _give_back(subnet, taken)

    return restore


def _restorer(held: dict[Any, Any] | list[Any]) -> Callable[[], None]:
    """For a list, or a dictionary with those within it: tags by resource, subnets by zone, security groups by VPC."""
    if isinstance(held, list):
        items = list(held)
        return lambda: held.__setitem__(slice(None), items)
    kept = dict(held)
    within = [_restorer(value) for value in held.values() if isinstance(value, dict | list)]

    def restore() -> None:
        held.clear()
        held.update(kept)
        for each in within:
            each()

    return restore


def _give_back(subnet: Any, taken: set[str]) -> None:
    """Addresses of instances that are not to be. Such an instance would give them back once more when it is collected."""
    for address in set(subnet._subnet_ips) - taken:
        subnet._subnet_ips[address]._private_ips.discard(address)
        subnet.del_subnet_ip(address)
