"""Zones as lanes with their instances. A lane is cut off while a fault on its zone is in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.control.observed.model import Instance, Observed
from sandbox.dashboard.shown.look import Injected

NOT_SHOWN = "terminated"
DARK = ("zone-power-off", "zone-blackhole", "zone-thermal", "zone-partition", "zone-flap")
"""Kinds of faults that take a zone's network or power."""
MANY = 12
"""Cards that a lane shows in one column beside the other lanes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetIn:
    """The instance as a target of a target group."""

    target_group: str
    port: int
    state: str
    reason: str  # AWS's reason and description; "" if healthy


Targets = Mapping[str, tuple[TargetIn, ...]]
"""By the target's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    instance: Instance
    targets: tuple[TargetIn, ...]
    faults: tuple[Injected, ...]

    @property
    def impaired(self) -> str:
        """Which status checks fail, as EC2 names them."""
        failing = [
            name
            for name, status in (
                ("system status check", self.instance.system_status),
                ("instance status check", self.instance.instance_status),
                ("application status check", self.instance.application_status),
            )
            if status == "impaired"
        ]
        return " and ".join(failing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    zone: str
    zone_id: str
    cards: tuple[Card, ...]
    faults: tuple[Injected, ...]  # on the zone itself
    shifted: tuple[str, ...]  # load balancers whose traffic is shifted away

    @property
    def dark(self) -> bool:
        return any(fault.kind in DARK for fault in self.faults)

    @property
    def many(self) -> bool:
        """Its cards need the whole width."""
        return len(self.cards) > MANY


def lanes(observed: Observed, faults: Sequence[Injected]) -> tuple[Lane, ...]:
    """The zones in use, or all of the Region if none is."""
    targets = _targets(observed)
    shown = [instance for instance in observed.instances if instance.state != NOT_SHOWN]
    used = {i.zone for i in shown} | {z for lb in observed.load_balancers for z in lb.zones}
    used |= {target for fault in faults for target in fault.targets}
    chosen = [zone for zone in observed.zones if zone[0] in used] or list(observed.zones)
    return tuple(_lane(name, zone_id, _cards(name, shown, targets, faults), faults, observed) for name, zone_id in sorted(chosen))


def _lane(zone: str, zone_id: str, cards: tuple[Card, ...], faults: Sequence[Injected], observed: Observed) -> Lane:
    return Lane(
        zone=zone,
        zone_id=zone_id,
        cards=cards,
        faults=tuple(fault for fault in faults if zone in fault.targets or zone_id in fault.targets),
        shifted=tuple(lb.name for lb in observed.load_balancers if zone in lb.shifted_zones),
    )


def _cards(zone: str, instances: Iterable[Instance], targets: Targets, faults: Sequence[Injected]) -> tuple[Card, ...]:
    here = sorted((each for each in instances if each.zone == zone), key=_order)
    return tuple(
        Card(instance=each, targets=targets.get(each.instance_id, ()), faults=_on(each.instance_id, zone, faults)) for each in here
    )


def _order(instance: Instance) -> tuple[str, str]:
    return instance.group or "", instance.instance_id


def _on(instance_id: str, zone: str, faults: Sequence[Injected]) -> tuple[Injected, ...]:
    """Faults on the instance, without those that its lane shows."""
    return tuple(f for f in faults if zone not in f.targets and (instance_id in f.targets or instance_id in f.instances))


def _targets(observed: Observed) -> Targets:
    found: dict[str, tuple[TargetIn, ...]] = {}
    for group in observed.target_groups:
        for target in group.targets:
            why = ": ".join(filter(None, (target.reason, target.description)))
            one = TargetIn(target_group=group.name, port=target.port, state=target.state, reason=why)
            found[target.id] = (*found.get(target.id, ()), one)
    return found
