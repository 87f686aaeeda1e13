"""A call that EC2 refuses leaves nothing behind: what it made until then is removed again, and what it changed is as it was.

moto enters objects while it still reads the request: RunInstances makes the instance before it looks at the snapshot of its volume, and
AuthorizeSecurityGroupIngress adds the first rule before it looks at the second. Requests are checked first (validation/); this is the net
under those checks. It covers what a call adds to the backend or removes from it, and what it changes within the objects that it names.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Restore = Callable[[], None]
DEPTH = 3  # objects within an object that is named: a security group's rules, an instance's interfaces and their addresses
OURS = ("moto.ec2.", "sandbox.services.ec2.")


def undo(backend: Any, parameters: Mapping[str, Any]) -> Restore:
    """→ a function that gives the backend the contents that it has now. Takes a millisecond for a thousand instances."""
    restores = [_restorer(held) for held in vars(backend).values() if isinstance(held, dict | list)]
    addresses = [(subnet, set(subnet._subnet_ips)) for zone in backend.subnets.values() for subnet in zone.values()]
    seen = {id(backend)}
    for named in _named(backend, set(_texts(parameters))):
        restores += _within(named, DEPTH, seen)

    def restore() -> None:
        for subnet, taken in addresses:
            _give_back(subnet, taken)
        for each in restores:
            each()

    return restore


def _restorer(held: dict[Any, Any] | list[Any]) -> Restore:
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


# ---- objects that the request names -----------------------------------------------------------------------------------------------------


def _texts(value: Any) -> Iterator[str]:
    """All strings of the parameters, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


def _named(backend: Any, texts: set[str]) -> Iterator[Any]:
    """Objects with such an id, and security groups with such a name. Instances are in their reservations."""
    for held in vars(backend).values():
        for inner in (held, *held.values()) if isinstance(held, dict) else ():
            if isinstance(inner, dict):
                yield from (inner[text] for text in texts if text in inner)
    yield from (group for groups in backend.groups.values() for group in groups.values() if group.name in texts)
    yield from (one for reservation in backend.reservations.values() for one in reservation.instances if one.id in texts)


def _within(found: Any, depth: int, seen: set[int]) -> list[Restore]:
    """Restores the object's attributes, and what its attributes hold."""
    if id(found) in seen or depth == 0:
        return []
    seen.add(id(found))
    if isinstance(found, list | dict | set):
        inner = found.values() if isinstance(found, dict) else found
        return [_contents(found), *(each for one in list(inner) for each in _within(one, depth, seen))]
    if not type(found).__module__.startswith(OURS) or not hasattr(found, "__dict__"):
        return []
    kept = dict(vars(found))
    return [lambda: _fill(vars(found), kept), *(each for one in kept.values() for each in _within(one, depth - 1, seen))]


def _contents(found: list[Any] | dict[Any, Any] | set[Any]) -> Restore:
    if isinstance(found, list):
        items = list(found)
        return lambda: found.__setitem__(slice(None), items)
    kept = found.copy()
    return lambda: _fill(found, kept)


def _fill(found: Any, kept: Any) -> None:
    found.clear()
    found.update(kept)


def _give_back(subnet: Any, taken: set[str]) -> None:
    """Addresses of instances that are not to be. Such an instance would give them back once more when it is collected."""
    for address in set(subnet._subnet_ips) - taken:
        subnet._subnet_ips[address]._private_ips.discard(address)
        subnet.del_subnet_ip(address)
