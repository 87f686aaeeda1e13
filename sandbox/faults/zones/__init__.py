"""Kinds of faults on zones: power, network, capacity and launches."""

from sandbox.faults.kind import Kind
from sandbox.faults.zones import capacity, launches, network, power_off, thermal

KINDS: tuple[Kind, ...] = (
    power_off.KIND,
    thermal.KIND,
    network.BLACKHOLE,
    network.PARTITION,
    network.FLAP,
    capacity.KIND,
    launches.SLOW,
    launches.WITHOUT_NETWORK,
)
