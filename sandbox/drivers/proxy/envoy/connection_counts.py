"""Connection counts, from Envoy's own counters. The request for them is also the liveness check (proxy.py).

Envoy names a listener's counters by its `stat_prefix` and a cluster's by its name, with "_" for ":"; both are ARNs here.
"""

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from sandbox.drivers.proxy.base import Connections

STATS_PATH = "/stats?format=json&filter=" + quote(r"^(listener|cluster)\..*\.(downstream|upstream)_cx_(total|active)$", safe="")
_COUNTER = re.compile(r"(?:listener|cluster)\.(.+)\.(?:downstream|upstream)_cx_(total|active)")


def stat_prefix(arn: str) -> str:
    return arn.replace(":", "_")


def read(answer: str, arns: Iterable[str]) -> Mapping[str, Connections]:
    """By ARN of listener or target group, for those that Envoy counts. Raises ValueError for any other text."""
    counted: dict[tuple[str, str], int] = {}
    for stat in json.loads(answer)["stats"]:
        if named := _COUNTER.fullmatch(stat.get("name", "")):
            counted[named[1], named[2]] = int(stat["value"])
    for name, of_zone in [(name, name.partition("|")[0]) for name, _ in counted if "|" in name]:  # one cluster for each zone
        for what in ("total", "active"):
            counted[of_zone, what] = counted.get((of_zone, what), 0) + counted.pop((name, what), 0)
    prefixes = {arn: stat_prefix(arn) for arn in arns}
    return {
        arn: Connections(opened=counted[prefix, "total"], open=counted.get((prefix, "active"), 0))
        for arn, prefix in prefixes.items()
        if (prefix, "total") in counted
    }
