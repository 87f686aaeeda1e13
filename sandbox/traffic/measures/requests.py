"""What the clients saw: good intents and lost ones, by class and by zone. Reads the columns of the records.

An intent is good when it got a response below 500 within the objective (`slo`, real seconds). A lost intent has the class of its failure,
or SLOW. An intent counts once, however many attempts it needed; `attempt_success` and `amplification` count the attempts.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from sandbox.traffic.outcomes import Failure
from sandbox.traffic.records import Column, Records
from sandbox.traffic.rows import CODES, FAILURES

SLOW = "slow"  # answered, but later than the objective
CLASSES = (SLOW, *(failure.value for failure in Failure))


def good(records: Records, slo: float) -> Column:
    """Which intents are good."""
    return _good(records.intents, slo)


def _good(rows: Column, slo: float) -> Column:
    answered = (rows["failure"] == CODES[None]) | (rows["failure"] == CODES[Failure.CLIENT_ERROR])
    found: Column = answered & (rows["latency"] <= slo)
    return found


def availability(records: Records, slo: float) -> float | None:
    """Percent of good intents; None without intents."""
    return _percent(int(good(records, slo).sum()), len(records))


def attempt_success(records: Records, slo: float) -> float | None:
    """Percent of good attempts: what the availability would be without retries, under the load that the retries make."""
    single = records.intents[records.intents["attempts"] == 1]
    succeeded = int(_good(single, slo).sum()) + int(_good(_tries(records), slo).sum())
    return _percent(succeeded, attempts(records))


def attempts(records: Records) -> int:
    return int(records.intents["attempts"].sum())


def amplification(records: Records) -> float | None:
    """Attempts ÷ intents: 1 without retries."""
    return attempts(records) / len(records) if len(records) else None


def goodput(records: Records, slo: float, seconds: float) -> float:
    """Good intents per real second, of traffic that took that many real seconds."""
    return int(good(records, slo).sum()) / seconds


def losses(records: Records, slo: float) -> dict[str, int]:
    """Class → lost intents, the largest first."""
    lost = records.intents[~good(records, slo)]
    counts = Counter[str]()
    for code, count in _counts(lost["failure"]):  # several codes are of one class
        counts[_class_of(code)] += count
    return dict(counts.most_common())


def losses_by_zone(records: Records, slo: float, zones: Mapping[str, str] | None = None) -> dict[str | None, int]:
    """Zone → lost intents, the largest first. None: the client cannot know, because it got no response that names one.

    `zones`: instance id → zone name, for responses that name only the instance.
    """
    lost = records.intents[~good(records, slo)]
    return _by_name(zone_of_rows(records, lost, zones or {}))


def answered_by_zone(records: Records, zones: Mapping[str, str] | None = None) -> dict[str | None, int]:
    """Zone → intents with a response without an error, the most first."""
    answered = records.intents[records.intents["failure"] == CODES[None]]
    return _by_name(zone_of_rows(records, answered, zones or {}))


def by_zone(records: Records, zones: Mapping[str, str] | None = None) -> dict[str | None, int]:
    """Zone → intents whose last response is of that zone, good or not, the most first. None: no response names one."""
    return _by_name(zone_of_rows(records, records.intents, zones or {}))


def answered_by(records: Records) -> dict[str, int]:
    """Instance id → intents with a response without an error, the most first."""
    answered = records.intents[records.intents["failure"] == CODES[None]]
    named = {records.names[code]: count for code, count in _counts(answered["instance"])}
    return {name: count for name, count in Counter(named).most_common() if name is not None}


def zone_of_rows(records: Records, rows: Column, zones: Mapping[str, str]) -> Column:
    """The zone's name of each row (None: unknown): what the response names, else the zone of its instance."""
    named = np.array([*records.names], dtype=object)
    of_instance = np.array([zones.get(name) if name else None for name in records.names], dtype=object)
    found: Column = np.where(rows["zone"] > 0, named[rows["zone"]], of_instance[rows["instance"]])
    return found


def _tries(records: Records) -> Column:
    """The attempts of these intents that have several (a part of the records shares the tries of the whole)."""
    several = records.intents["number"][records.intents["attempts"] > 1]
    found: Column = records.tries[np.isin(records.tries["number"], several)]
    return found


def _class_of(code: int) -> str:
    failure = FAILURES[code]
    return failure.value if failure is not None and failure is not Failure.CLIENT_ERROR else SLOW


def _counts(column: Column) -> list[tuple[int, int]]:
    values, counts = np.unique(column, return_counts=True)
    return list(zip(values.tolist(), counts.tolist(), strict=True))


def _by_name(names: Column) -> dict[str | None, int]:
    return dict(Counter(names.tolist()).most_common())


def _percent(part: int, whole: int) -> float | None:
    return 100.0 * part / whole if whole else None
