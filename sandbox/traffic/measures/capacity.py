"""Capacity against demand over time: shortfall and headroom.

Rates are requests per real second. `healthy`: the number of healthy targets; `each`: what one of them can serve.
"""

from datetime import datetime

import numpy as np

from sandbox.traffic.measures.levels import Levels, integral, lowest
from sandbox.traffic.records import Records


def shortfall(demand: Levels, healthy: Levels, each: float, since: datetime, until: datetime, *, speed: float = 1.0) -> float:
    """Requests asked for beyond the healthy capacity: ∫ max(0, demand − capacity) dt, in real requests."""
    both = (demand, healthy)
    return integral(both, lambda at: max(0.0, demand.at(at) - each * healthy.at(at)), since, until) / speed


def headroom(demand: Levels, healthy: Levels, each: float, since: datetime, until: datetime) -> float:
    """The lowest share of the healthy capacity that was free, in percent; negative: more was asked for. -∞ without capacity."""

    def free(at: datetime) -> float:
        capacity, asked = each * healthy.at(at), demand.at(at)
        return 100.0 * (capacity - asked) / capacity if capacity else -float("inf") if asked else 0.0

    return lowest((demand, healthy), free, since, until)


def constant_demand(rate: float) -> Levels:
    return Levels((), before=rate)


def demand_of(records: Records, seconds: float = 10.0) -> Levels:
    """The intents that were planned, per real second, in steps of that many sandbox seconds."""
    if not len(records):
        return Levels(())
    width = seconds / records.speed
    counts = np.bincount((records.intents["offset"] // width).astype(int))
    points = [(records.at(step * width), count / width) for step, count in enumerate([*counts.tolist(), 0])]
    return Levels(tuple(points))
