"""MetadataNoToken and MetadataNoTokenRejected (IMDS-4): how often instances used IMDSv1 in each period of their monitoring (EC2-40). Pure.

The metadata service counts on; what a period has is the difference between two looks at its ends.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.core.control import Action, Decision, Scope
from sandbox.core.metrics import MetricDatum, period_start, until_next
from sandbox.drivers.metadata.base import Uses
from sandbox.services.ec2.actions import PublishData
from sandbox.services.ec2.decide.metrics import BASIC, DETAILED, Series, everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A running instance that the metadata service knows."""

    series: Series
    uses: Uses  # so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    scope: Scope
    instances: tuple[Caller, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What an instance had used when its present period began."""

    begin: datetime
    uses: Uses


@dataclass(frozen=True, slots=True)
class Counts:
    of: Mapping[str, Counted] = field(default_factory=dict)  # by instance id


def decide(observed: Callers, memory: Counts | None, now: datetime) -> Decision[Counts]:
    kept: dict[str, Counted] = {}
    data: list[MetricDatum] = []
    for caller in observed.instances:
        length = DETAILED if caller.series.detailed else BASIC
        begin = period_start(now, length)
        before = (memory or Counts()).of.get(caller.series.instance_id)
        if before is None:
            before = Counted(begin, Uses())  # the service has counted since it first heard of the instance
        elif before.begin < begin:
            data.extend(_used(observed.scope, caller, before))
            before = Counted(begin, caller.uses)
        kept[caller.series.instance_id] = before
    actions: tuple[Action, ...] = (PublishData(data=tuple(data)),) if data else ()
    return Decision(memory=Counts(kept), actions=actions, look_again=until_next(now))


def _used(scope: Scope, caller: Caller, before: Counted) -> Iterator[MetricDatum]:
    found = {
        "MetadataNoToken": caller.uses.without_token - before.uses.without_token,
        "MetadataNoTokenRejected": caller.uses.rejected - before.uses.rejected,
    }
    for name, count in found.items():
        yield from everywhere(scope, caller.series, (name, "Count", float(count)), before.begin)
