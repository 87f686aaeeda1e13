"""Metrics exist only for what exists: every series of AWS's own namespaces is about something that was there when it was measured."""

from datetime import datetime, timedelta

from tests.support.exploration import reading
from tests.support.exploration.findings import Findings
from tests.support.virtual import VirtualSandbox

LATE = timedelta(minutes=6)  # a period of five minutes and the minute in which it is published


class MetricsCheck:
    """Told at each moment what is there; `check` compares it with the metric store."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seen: dict[tuple[str, str], datetime] = {}  # (dimension, value) → when it was last there

    def remember(self, now: datetime) -> None:
        """What exists now, by the dimension that names it."""
        live = [instance_id for instance_id, state in reading.instances().items() if state.value != "terminated"]
        self._seen |= dict.fromkeys((("InstanceId", i) for i in live), now)
        self._seen |= dict.fromkeys((("AutoScalingGroupName", name) for name in reading.groups()), now)
        self._seen |= dict.fromkeys((("TargetGroup", arn.split(":")[-1]) for arn in reading.target_groups()), now)
        self._seen |= dict.fromkeys((("LoadBalancer", arn.split(":loadbalancer/")[-1]) for arn in reading.load_balancers()), now)

    def check(self, on: VirtualSandbox) -> None:
        for metric in reading.metric_store().metrics(0):
            if not metric.namespace.startswith("AWS/"):
                continue
            latest = max(series.latest for series in reading.metric_store().find(metric))
            for dimension in metric.dimensions:
                if dimension[0] not in ("InstanceId", "AutoScalingGroupName", "TargetGroup", "LoadBalancer"):
                    continue
                last = self._seen.get(dimension)
                there = last is not None and latest <= (last + LATE).timestamp()
                self._findings.expect(there, on.now, "{} {} has data of {}, last seen {}", metric.name, dimension, latest, last)
