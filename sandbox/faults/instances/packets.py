"""packet-loss: a part of the packets to and from an instance is dropped."""

from dataclasses import dataclass
from datetime import datetime

from sandbox.drivers.network.base import Cut
from sandbox.faults.context import FaultContext
from sandbox.faults.coverage import Coverage, following
from sandbox.faults.kind import INSTANCES, Injection, Kind, Reach
from sandbox.faults.model import Effect
from sandbox.faults.parameters import Number, Parameter
from sandbox.faults.zones.cuts import CutsNetworks
from sandbox.faults.zones.place import addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketLoss(CutsNetworks):
    targets: tuple[str, ...]
    covered: Coverage
    percent: int
    context: FaultContext
    kind = "packet-loss"

    def cuts(self, now: datetime) -> frozenset[Cut]:
        return frozenset({Cut(ranges=addresses(self.covered.instances()), percent=self.percent)})


def _make(injection: Injection, context: FaultContext) -> Effect:
    percent = int(injection.values.number("percent"))
    return PacketLoss(targets=injection.names, covered=following(injection, context), percent=percent, context=context)


LOSS = Kind(
    name="packet-loss",
    does="Drops a part of the packets in each direction, by chance. TCP sends them again, so requests are late, and some time out; health "
    "checks too.",
    targets=INSTANCES,
    make=_make,
    parameters=(Parameter(name="percent", unit="%", parser=Number(1, 99, whole=True), required=True, means="of the packets"),),
    reach=Reach.INSTANCES_EVER,
    cannot={"process": "processes share this machine's loopback, and nothing is between them that could drop packets."},
    limits={
        "docker": "Packets inside one subnet do not pass the router and are not dropped.",
        "simulated": "Each exchange of packets is repeated after one second, two, four, until it succeeds.",
    },
)
