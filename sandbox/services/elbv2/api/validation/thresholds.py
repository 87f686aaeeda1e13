"""Validates the thresholds of target group health (TG-3, TG-35 to TG-37), and cross-zone load balancing with stickiness (TG-28). The texts
are ours (U).
"""

from collections.abc import Mapping

from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.decide.zones import CROSS_ZONE, DNS_THRESHOLD, OFF, ROUTING_THRESHOLD

MOST_TARGETS = 1000  # ALB-9
DEFAULT = "1"  # of the threshold for DNS failover (TG-3): it does not count as specified


def check(asked: Mapping[str, str], attributes: Mapping[str, str]) -> None:
    """`attributes`: all of them, with those asked for. Raises ValidationError or InvalidConfigurationRequest."""
    _check_values(asked)
    for unit in ("count", "percentage"):
        dns, routing = (attributes[f"{threshold}.{unit}"] for threshold in (DNS_THRESHOLD, ROUTING_THRESHOLD))
        given = f"{DNS_THRESHOLD}.{unit}" in asked or dns != DEFAULT
        if given and OFF not in (dns, routing) and int(dns) < int(routing):  # TG-37
            raise errors.validation(
                f"'{DNS_THRESHOLD}.{unit}' value '{dns}' must be greater than or equal to '{ROUTING_THRESHOLD}.{unit}' value '{routing}'"
            )
    if attributes[CROSS_ZONE] == "false" and attributes["stickiness.enabled"] == "true":  # TG-28
        raise errors.configuration("Stickiness cannot be enabled for a target group with cross-zone load balancing disabled")


def _check_values(asked: Mapping[str, str]) -> None:
    for threshold, with_off in ((DNS_THRESHOLD, True), (ROUTING_THRESHOLD, False)):
        for unit, most, may_be_off in (("count", MOST_TARGETS, with_off), ("percentage", 100, True)):
            key = f"{threshold}.{unit}"
            value = asked.get(key)
            if value is None or (may_be_off and value == OFF):
                continue
            if not value.isdigit() or not 1 <= int(value) <= most:
                raise errors.validation(f"'{key}' value '{value}' must be between '1-{most}' inclusive")
