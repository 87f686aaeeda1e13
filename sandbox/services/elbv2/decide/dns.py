"""What clients know of a load balancer's DNS record: pure (ALB-5, TG-36).

The record has the addresses of the nodes in healthy zones, with a TTL of 60 s. A client resolves the name again when its answer is older
than the time it keeps one. So after a change of the record, clients follow one by one: the model has clients that resolved at any moment of
that time with equal probability, and each of them opens connections to every address of its answer alike.

`keep` is a parameter of the model (SANDBOX_DNS_CACHE_SECONDS): 60 s are clients that obey the TTL; 0 s are clients that resolve for each
connection; longer times are clients that do not obey it, as AWS warns of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

TTL = timedelta(seconds=60)  # ALB-5
STEPS = 12  # in which the clients follow a change of the record
SHARES = 720  # of all new connections, while clients follow a change: a multiple of STEPS and of up to six zones


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the name resolved to from a moment on."""

    since: datetime
    zones: frozenset[str]


History = tuple[Answer, ...]
"""The answers that a client may have, oldest first; the last one is the record now."""


def with_answer(history: History, zones: frozenset[str], now: datetime, keep: timedelta) -> History:
    """The history with the record as it is now, without answers that no client has any more."""
    if not history or history[-1].zones != zones:
        history = (*history, Answer(since=now, zones=zones))
    known = [answer for answer, later in pairwise(history) if later.since > now - keep]
    return (*known, history[-1])


def weights(history: History, zones: Iterable[str], keep: timedelta, now: datetime) -> Mapping[str, int]:
    """Each zone's share of new connections, relative to the others. It changes only at the steps of `next_step`."""
    if len(history) == 1:
        return {zone: int(zone in history[-1].zones) for zone in zones}
    shares = _shares(history, keep, now)
    return {zone: round(SHARES * sum(part / len(known) for part, known in shares if zone in known)) for zone in zones}


def next_step(history: History, keep: timedelta, now: datetime) -> timedelta | None:
    """When the weights change next without another change of the record; None: they do not."""
    if len(history) == 1:
        return None
    step = keep / STEPS
    return step - (now - history[-1].since) % step


def _shares(history: Sequence[Answer], keep: timedelta, now: datetime) -> list[tuple[Fraction, frozenset[str]]]:
    """The share of clients that have each answer. Whole steps have passed since the last change."""
    step = keep / STEPS
    moment = history[-1].since + (now - history[-1].since) // step * step
    ends = [*(answer.since for answer in history[1:]), moment]
    found = []
    for answer, end in zip(history, ends, strict=True):
        began = max(answer.since, moment - keep)
        found.append((Fraction(max(end - began, timedelta(0)) // _TICK, keep // _TICK), answer.zones))
    missing = 1 - sum(part for part, _ in found)
    return [(found[0][0] + missing, found[0][1]), *found[1:]]  # clients from before the first answer have that one


_TICK = timedelta(microseconds=1)
