"""Load balancers with their rules, and where their traffic goes: to which target groups, and in which zones."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sandbox.control.observed.model import LoadBalancer, TargetGroup
from sandbox.dashboard.shown.look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """From a load balancer to the targets of a target group in one zone."""

    zone: str
    states: tuple[tuple[str, int], ...]  # (state of the targets there, how many)
    number: str  # the key of its requests per second in Numbers
    shifted: bool  # ARC moves the traffic away from the zone

    @property
    def healthy(self) -> int:
        return dict(self.states).get("healthy", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    target_group: str
    number: str
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    balancer: LoadBalancer
    urls: tuple[tuple[int, str], ...]  # (port of a listener, where it answers on this machine)
    routes: tuple[Route, ...]
    simulated: bool = False  # only simulated clients get answers


def balancers(look: Look) -> tuple[Balancer, ...]:
    groups = {group.name: group for group in look.observed.target_groups}
    return tuple(replace(_balancer(each, groups, look.urls), simulated=look.simulated) for each in look.observed.load_balancers)


def flow_number(load_balancer: str, target_group: str, zone: str = "") -> str:
    """`load_balancer`: as in the access log, "app/web/1"."""
    return f"flow {load_balancer} {target_group} {zone}".rstrip()


def _balancer(balancer: LoadBalancer, groups: Mapping[str, TargetGroup], urls: Mapping[str, str]) -> Balancer:
    names = dict.fromkeys(name for listener in balancer.listeners or () for rule in listener.rules for name in rule.target_groups)
    return Balancer(
        balancer=balancer,
        urls=tuple((each.port, urls[each.arn]) for each in balancer.listeners or () if each.arn in urls),
        routes=tuple(_route(balancer, groups[name]) for name in names if name in groups),
    )


def _route(balancer: LoadBalancer, group: TargetGroup) -> Route:
    return Route(target_group=group.name, number=flow_number(balancer.key, group.name), flows=tuple(_flows(balancer, group)))


def _flows(balancer: LoadBalancer, group: TargetGroup) -> Iterator[Flow]:
    zones = sorted({*balancer.zones, *(target.zone for target in group.targets if target.zone)})
    for zone in zones:
        states = Counter(target.state for target in group.targets if target.zone == zone)
        number = flow_number(balancer.key, group.name, zone)
        yield Flow(zone=zone, states=tuple(sorted(states.items())), number=number, shifted=zone in balancer.shifted_zones)
