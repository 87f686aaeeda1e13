"""Compares what the clients counted with what the load balancer counted. Counts that differ by more than 0.1 % make a run INTERRUPTED.

Attempts are compared, because the load balancer cannot know of intents. A connection that was refused, or that never came to be, does not
reach the load balancer: those attempts are listed and not compared. An attempt that the client gave up after it was connected may or may
not be in the load balancer's counts, with any status (460 when it noticed), so these attempts are the room that its counts may take
beyond the clients'. Status codes are compared by hundreds: a client cannot tell a 503 of the load balancer from one of a target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sandbox.traffic.outcomes import Failure
from sandbox.traffic.records import Column, Records
from sandbox.traffic.rows import CODES

ACCEPTED = 0.1  # percent
FAMILIES = (2, 3, 4, 5)  # of status codes
METRICS = {  # family → the metrics of AWS/ApplicationELB that count it (LBM-2)
    2: ("HTTPCode_Target_2XX_Count",),
    3: ("HTTPCode_Target_3XX_Count", "HTTPCode_ELB_3XX_Count"),
    4: ("HTTPCode_Target_4XX_Count", "HTTPCode_ELB_4XX_Count"),
    5: ("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"),
}
NO_CONNECTION = (Failure.REFUSED, Failure.CONNECT_TIMEOUT)
GAVE_UP = (Failure.CLIENT_TIMEOUT, Failure.RESET, Failure.INVALID_RESPONSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCounts:
    """Attempts of the clients."""

    responses: Mapping[int, int]  # family of status codes → responses
    gave_up: int  # connected, and no complete response
    no_connection: int  # did not reach the load balancer
    not_sent: int  # intents that the load generator could not send

    @property
    def reached(self) -> int:
        return sum(self.responses.values()) + self.gave_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What both counted."""

    what: str  # "HTTP 2xx"
    clients: int
    load_balancer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    rows: tuple[Row, ...]
    percent: float  # by which they differ
    agrees: bool
    sentence: str


def client_counts(records: Records) -> ClientCounts:
    single = records.intents[records.intents["attempts"] == 1]
    several = np.isin(records.tries["number"], records.intents["number"][records.intents["attempts"] > 1])
    tries = records.tries[several]
    status = np.concatenate((single["status"], tries["status"]))
    failure = np.concatenate((single["failure"], tries["failure"]))
    answered = status > 0
    return ClientCounts(
        responses={family: int((status[answered] // 100 == family).sum()) for family in FAMILIES},
        gave_up=_count(failure[~answered], GAVE_UP),
        no_connection=_count(failure[~answered], NO_CONNECTION),
        not_sent=int((records.intents["failure"] == CODES[Failure.NOT_SENT]).sum()),
    )


def together(counts: Sequence[ClientCounts]) -> ClientCounts:
    """Of several streams of requests to the same load balancer."""
    return ClientCounts(
        responses={family: sum(each.responses.get(family, 0) for each in counts) for family in FAMILIES},
        gave_up=sum(each.gave_up for each in counts),
        no_connection=sum(each.no_connection for each in counts),
        not_sent=sum(each.not_sent for each in counts),
    )


def _count(failures: Column, chosen: tuple[Failure, ...]) -> int:
    return int(np.isin(failures, [CODES[failure] for failure in chosen]).sum())


def by_family(metrics: Mapping[str, int]) -> dict[int, int]:
    """Sums of the metrics in METRICS, by family; a metric that is not there has no datapoints and counts 0."""
    return {family: sum(metrics.get(name, 0) for name in names) for family, names in METRICS.items()}


def reconcile(clients: ClientCounts, load_balancer: Mapping[int, int]) -> Reconciled:
    """`load_balancer`: family of status codes → responses (by_family)."""
    rows = tuple(
        Row(what=f"HTTP {family}xx", clients=clients.responses.get(family, 0), load_balancer=load_balancer.get(family, 0))
        for family in FAMILIES
    )
    missing = sum(max(0, row.clients - row.load_balancer) for row in rows)
    beyond = max(0, sum(max(0, row.load_balancer - row.clients) for row in rows) - clients.gave_up)
    total = max(1, clients.reached)
    percent = 100.0 * (missing + beyond) / total
    unsent = 100.0 * clients.not_sent / max(1, clients.reached + clients.no_connection + clients.not_sent)
    agrees = percent <= ACCEPTED and unsent <= ACCEPTED
    return Reconciled(rows=rows, percent=percent, agrees=agrees, sentence=_sentence(clients, rows, percent))


def _sentence(clients: ClientCounts, rows: tuple[Row, ...], percent: float) -> str:
    parts = [f"The counts differ by {percent:.2f} %; at most {ACCEPTED:g} % is accepted."]
    if percent > ACCEPTED:
        differing = [f"{row.what}: {row.clients:,} at the clients, {row.load_balancer:,} at the load balancer" for row in rows]
        parts.append("; ".join(text for text, row in zip(differing, rows, strict=True) if row.clients != row.load_balancer) + ".")
    if clients.no_connection:
        parts.append(f"{clients.no_connection:,} connections were refused or never made, so that they did not reach the load balancer.")
    if clients.gave_up:
        parts.append(f"{clients.gave_up:,} requests got no complete response; the load balancer may have counted them.")
    if clients.not_sent:
        parts.append(f"{clients.not_sent:,} requests could not be sent: the load generator had reached its own limits.")
    return " ".join(parts)
