"""Which faults a game day may hide, and which one it is. Pure: the same seed, instances and runtime give the same fault."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.core.ports import KnownInstance
from sandbox.faults import catalogue

INSTANCES: Mapping[str, Mapping[str, object]] = {
    "instance-hang": {},
    "error-rate": {"percent": 50},
    "latency": {"milliseconds": 2000},
}
ZONES: Mapping[str, Mapping[str, object]] = {"zone-blackhole": {}, "zone-power-off": {}}
KINDS = (*INSTANCES, *ZONES)
SHORTEST, LONGEST = 30.0, 300.0  # seconds of sandbox time from the start to the fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    kind: str
    target: str  # an instance or a zone
    parameters: Mapping[str, object] = field(default_factory=dict)


def delay(seed: int) -> float:
    """Seconds of sandbox time until the fault."""
    return random.Random(seed).uniform(SHORTEST, LONGEST)


def possible(runtime: str) -> tuple[str, ...]:
    """The kinds that this runtime can carry out."""
    return tuple(kind for kind in KINDS if runtime not in catalogue.find(kind).cannot)


def candidates(instances: Collection[KnownInstance], kinds: Collection[str]) -> Sequence[Hidden]:
    """Each running instance of a group, and each zone that has one, with each kind."""
    serving = sorted((each for each in instances if each.state == "running" and each.group), key=lambda each: each.instance_id)
    targets = {**{kind: [each.instance_id for each in serving] for kind in INSTANCES}}
    targets |= {kind: sorted({each.zone for each in serving}) for kind in ZONES}
    parameters = {**INSTANCES, **ZONES}
    return [Hidden(kind=kind, target=name, parameters=parameters[kind]) for kind in KINDS if kind in kinds for name in targets[kind]]


def chosen(seed: int, offered: Sequence[Hidden]) -> Hidden:
    """A kind by chance, and then a target: not the kind with most targets most often."""
    chance = random.Random(seed + 1)
    kind = chance.choice(sorted({each.kind for each in offered}))
    return chance.choice([each for each in offered if each.kind == kind])
