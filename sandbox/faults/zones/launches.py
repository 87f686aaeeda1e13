"""slow-launches and launches-without-network: launches in a zone succeed, but late, or without a network."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.aws.active_faults import Hosted
from sandbox.drivers.network.base import Cut
from sandbox.faults.context import FaultContext
from sandbox.faults.kind import Injection, Kind, TargetType
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Number, Parameter
from sandbox.faults.queried import SlowsLaunches, TakesNetworkAway
from sandbox.faults.zones.cuts import CutsNetworks
from sandbox.faults.zones.network import INSIDE, ONLY_INTO
from sandbox.faults.zones.place import Place, addresses, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowLaunches(SlowsLaunches):
    targets: tuple[str, ...]  # zones
    by: timedelta
    kind = "slow-launches"

    def launch_delay(self, zone: str) -> timedelta:
        return self.by if zone in self.targets else timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchesWithoutNetwork(CutsNetworks, TakesNetworkAway):
    targets: tuple[str, ...]
    place: Place
    since: datetime
    context: FaultContext
    kind = "launches-without-network"

    def cuts(self, now: datetime) -> frozenset[Cut]:
        launched = [i for i in self.place.instances(self.context.inventory) if i.launched_at >= self.since]
        return frozenset({Cut(ranges=addresses(launched))})

    def without_network(self, instance: Hosted) -> bool:
        return instance.zone in self.place.zones and instance.launched_at >= self.since


def _slow(injection: Injection, context: FaultContext) -> Effect:
    return SlowLaunches(targets=injection.names, by=timedelta(seconds=injection.values.number("seconds")))


def _networkless(injection: Injection, context: FaultContext) -> Effect:
    return LaunchesWithoutNetwork(targets=injection.names, place=place_of(injection), since=injection.since, context=context)


SLOW = Kind(
    name="slow-launches",
    does="Instances that are launched or started in the zone stay pending longer before their machine starts.",
    targets=(TargetType.ZONE,),
    make=_slow,
    parameters=(Parameter(name="seconds", parser=Number(1, 86_400), unit="s of sandbox time", required=True, means="how much longer"),),
)
WITHOUT_NETWORK = Kind(
    name="launches-without-network",
    does="Instances launched in the zone run, but nothing reaches them and their instance status check fails, until the fault ends.",
    targets=(TargetType.ZONE,),
    make=_networkless,
    limits={"docker": INSIDE, "process": ONLY_INTO},
)
