"""Compares the clients' counts with the load balancer's (CloudWatch). If they do not agree within 0.1 %, the run says nothing: INTERRUPTED.

The load balancer counts a request in the minute in which its response ended, so the comparison waits for the metrics of the last minute.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.report.model import CountRow, Reconciliation
from sandbox.traffic.measures.reconciliation import METRICS, Reconciled, by_family, client_counts, reconcile, together
from sandbox.traffic.records import Records
from scenarios.kit.stack.names import Stack
from scenarios.kit.stage import Stage, WaitTimeout

MINUTE = timedelta(minutes=1)
NAMES = tuple(name for names in METRICS.values() for name in names)


def compare(stage: Stage, stack: Stack, streams: Sequence[Records], began: datetime) -> Reconciliation:
    """Waits until the counts are equal, at most two minutes; then they must agree."""
    clients, start = together([client_counts(records) for records in streams]), began.replace(second=0, microsecond=0)
    found = reconcile(clients, {})

    def equal() -> bool:
        nonlocal found
        found = reconcile(clients, by_family(_load_balancer(stage, stack, start, stage.client.now() + MINUTE)))
        return found.percent == 0

    try:
        stage.wait_until("the load balancer's counts are equal to the clients'", equal, 2 * MINUTE, timedelta(seconds=10))
    except WaitTimeout:
        stage.log("the load balancer's counts and the clients' differ")
    return _reported(found)


def _reported(found: Reconciled) -> Reconciliation:
    rows = tuple(CountRow(what=row.what, client=row.clients, load_balancer=row.load_balancer) for row in found.rows)
    return Reconciliation(rows=rows, agrees=found.agrees, sentence=found.sentence)


def _load_balancer(stage: Stage, stack: Stack, start: datetime, end: datetime) -> dict[str, int]:
    """Each metric's sum; 0 without datapoints (LBM-2: only values above 0 are reported)."""
    dimensions = [{"Name": "LoadBalancer", "Value": stack.load_balancer.split(":loadbalancer/")[1]}]
    metric = {"Namespace": "AWS/ApplicationELB", "Dimensions": dimensions}
    queries = [
        {"Id": f"m{n}", "MetricStat": {"Metric": {**metric, "MetricName": name}, "Period": 60, "Stat": "Sum"}}
        for n, name in enumerate(NAMES)
    ]
    answer = stage.query("cloudwatch", "get_metric_data", MetricDataQueries=queries, StartTime=start, EndTime=end)
    sums = {result["Id"]: sum(result["Values"]) for result in answer["MetricDataResults"]}
    return {name: round(sums[f"m{n}"]) for n, name in enumerate(NAMES)}
