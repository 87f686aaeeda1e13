"""When a load balancer's access log is written to its bucket, and under which name (LBM-7): pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.core.control import Action, Decision, Scope
from sandbox.services.elbv2.actions import WriteAccessLog

INTERVAL = timedelta(minutes=5)
NODE = "127.0.0.1"  # a load balancer here has one node


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAccessLog:
    """Of a load balancer with access logs."""

    load_balancer: str  # "app/<name>/<id>"
    bucket: str
    prefix: str
    pending: bool  # there are requests that no file has yet
    pause: timedelta  # the shortest interval: half a real second


def decide(observed: ObservedAccessLog, memory: datetime | None, now: datetime) -> Decision[datetime]:
    """Memory: the end of the current interval."""
    due = memory or _end(now)
    if now < due:
        return Decision(memory=due, look_again=due - now)
    actions: tuple[Action, ...] = (WriteAccessLog(load_balancer=observed.load_balancer, end=due),) if observed.pending else ()
    following = max(_end(now), now + observed.pause)
    return Decision(memory=following, actions=actions, look_again=following - now)


def _end(now: datetime) -> datetime:
    """Of the interval: on the clock's five minutes."""
    passed = timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)
    return now - passed + INTERVAL


def folder(scope: Scope, prefix: str) -> str:
    """Where the files of an account are: "<prefix>/AWSLogs/<account>"."""
    return "/".join(part for part in (prefix.strip("/"), "AWSLogs", scope.account) if part)


def key(scope: Scope, prefix: str, load_balancer: str, end: datetime, random: str) -> str:
    """The key of a file."""
    name = (
        f"{scope.account}_elasticloadbalancing_{scope.region}_{load_balancer.replace('/', '.')}_{end:%Y%m%dT%H%MZ}_{NODE}_{random}.log.gz"
    )
    return f"{folder(scope, prefix)}/elasticloadbalancing/{scope.region}/{end:%Y/%m/%d}/{name}"
