"""zone-blackhole, zone-partition and zone-flap: the network of a zone, or of some of its subnets, fails."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.events import Event
from sandbox.drivers.network.base import Cut, Direction
from sandbox.faults.context import FaultContext
from sandbox.faults.kind import Injection, Kind, Reach, TargetType
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Choice, Duration, Parameter
from sandbox.faults.queried import HidesNodes, ImpairsZones
from sandbox.faults.zones.cuts import CutsNetworks
from sandbox.faults.zones.place import Place, place_of

SOURCE = "sandbox.faults"
FLAPPED = "Zone Network Change"
INSIDE = "Traffic inside one subnet does not pass the router and goes on."
ONE_NODE = "The load balancer and the health checks count as another zone."
ONLY_INTO = (
    "Only the load balancer and the health checks are cut off: what the processes send is not. Requests in flight are finished. While no "
    "control plane runs, connections are refused instead of dropped."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition(CutsNetworks, ImpairsZones, HidesNodes):
    """zone-blackhole is the one in both directions."""

    kind: str
    targets: tuple[str, ...]
    place: Place
    direction: Direction
    since: datetime
    context: FaultContext

    def cuts(self, now: datetime) -> frozenset[Cut]:
        return frozenset({Cut(ranges=self.place.ranges(self.context.inventory), direction=self.direction)})

    def impaired_since(self) -> dict[str, datetime]:
        """ARC-6: telemetry sees a zone that nothing reaches."""
        return dict.fromkeys(self.place.zones, self.since) if self.direction is Direction.BOTH else {}

    def hidden_zones(self) -> frozenset[str]:
        """Clients come from the internet: a partition between zones does not hide the zone from them."""
        return self.place.zones if self.direction in (Direction.BOTH, Direction.INBOUND) else frozenset()


class Flap(CutsNetworks, HidesNodes):
    """Down first, then up, again and again."""

    kind = "zone-flap"

    def __init__(self, injection: Injection, context: FaultContext) -> None:
        self.targets, self.context = injection.names, context
        self._fault_id, self._since, self._place = injection.fault_id, injection.since, place_of(injection)
        self._down, self._up = injection.values.duration("down"), injection.values.duration("up")
        self._told: bool | None = None  # what the newest event says: whether it is down

    def is_down(self, now: datetime) -> bool:
        return (now - self._since) % (self._down + self._up) < self._down

    def cuts(self, now: datetime) -> frozenset[Cut]:
        return frozenset({Cut(ranges=self._place.ranges(self.context.inventory))}) if self.is_down(now) else frozenset()

    def hidden_zones(self) -> frozenset[str]:
        return self._place.zones if self.is_down(self.context.clock.now()) else frozenset()

    def next_change(self, now: datetime) -> timedelta:
        into = (now - self._since) % (self._down + self._up)
        return self._down - into if into < self._down else self._down + self._up - into

    def keep(self, now: datetime) -> timedelta | None:
        again, down = super().keep(now), self.is_down(now)
        if self._told is not None and self._told != down:
            self._tell(down)
            self.context.wake()  # load balancers: their nodes in the zone came or went
        self._told = down
        return again

    def _tell(self, down: bool) -> None:
        summary = f"the network of {', '.join(self.targets)} is {'down again' if down else 'up'} ({self._fault_id})"
        resources = (self._fault_id, *self.targets)
        self.context.journal.record(Event(source=SOURCE, detail_type=FLAPPED, summary=summary, resources=resources, detail={"down": down}))


def _blackhole(injection: Injection, context: FaultContext) -> Effect:
    return _cut("zone-blackhole", injection, context, Direction.BOTH)


def _partition(injection: Injection, context: FaultContext) -> Effect:
    return _cut("zone-partition", injection, context, Direction(injection.values.text("direction")))


def _cut(kind: str, injection: Injection, context: FaultContext, direction: Direction) -> Effect:
    place = place_of(injection)
    return Partition(kind=kind, targets=injection.names, place=place, direction=direction, since=injection.since, context=context)


PLACES = (TargetType.ZONE, TargetType.SUBNET)
SIMULATED = {"simulated": "There is no traffic between instances in virtual time: the load balancer and the health checks are cut off."}
BLACKHOLE = Kind(
    name="zone-blackhole",
    does="No packet enters or leaves the subnets of the zone: they are dropped, not refused, also those of open connections.",
    targets=PLACES,
    reach=Reach.WHOLE,
    make=_blackhole,
    limits={"docker": f"{INSIDE} The instances do not reach the AWS API either.", "process": ONLY_INTO, **SIMULATED},
)
PARTITION = Kind(
    name="zone-partition",
    does="One direction fails. inbound: nothing outside can connect to the zone, and the zone reaches everything. outbound: the reverse. "
    "cross-zone: nothing between the zone and the other zones; the AWS API and the internet stay reachable.",
    targets=PLACES,
    reach=Reach.WHOLE,
    make=_partition,
    parameters=(
        Parameter(
            name="direction",
            parser=Choice(("inbound", "outbound", "cross-zone")),
            default="inbound",
            means="of the connections that fail, also those that are open",
        ),
    ),
    limits={"docker": f"{INSIDE} {ONE_NODE}", "process": f"outbound is refused. {ONLY_INTO}", **SIMULATED},
)
FLAP = Kind(
    name="zone-flap",
    does="The network of the zone is down and up in turn, beginning with down.",
    targets=PLACES,
    reach=Reach.WHOLE,
    make=Flap,
    parameters=(
        Parameter(name="down", parser=Duration(timedelta(seconds=1)), default=timedelta(seconds=10), means="how long it is down"),
        Parameter(name="up", parser=Duration(timedelta(seconds=1)), default=timedelta(seconds=20), means="how long it is up"),
    ),
    limits={"docker": INSIDE, "process": ONLY_INTO, **SIMULATED},
)
