"""Numbers that change all the time: requests per second and CPU. They are sent as texts by key, so that nothing else is rendered for them.

An element of the page names its key in `data-number`. A key that is missing was not measured.
"""

from collections import defaultdict
from collections.abc import Mapping

from sandbox.dashboard.shown.balancing import flow_number
from sandbox.dashboard.shown.look import Look


def cpu_number(instance_id: str) -> str:
    return f"cpu {instance_id}"


def rate_number(instance_id: str) -> str:
    return f"rate {instance_id}"


def numbers(look: Look) -> Mapping[str, str]:
    """Percent, and requests per second."""
    places = {i.private_ip_address: (i.instance_id, i.zone) for i in look.observed.instances if i.private_ip_address}
    names = {group.arn: group.name for group in look.observed.target_groups}
    found: dict[str, float] = defaultdict(float)
    for key, (requests, _) in look.per_second.items():
        instance_id, zone = places.get((key.target or "").rpartition(":")[0], ("", ""))
        group = names.get(key.target_group or "")
        if instance_id:
            found[rate_number(instance_id)] += requests
        if group:
            found[flow_number(key.load_balancer, group)] += requests
        if group and zone:
            found[flow_number(key.load_balancer, group, zone)] += requests
    used = {cpu_number(instance_id): percent for instance_id, percent in look.cpu.items()}
    return {key: shown(value) for key, value in [*found.items(), *used.items()]}


def shown(value: float) -> str:
    """One decimal below 100, none above; "0" for nothing."""
    if value == 0:
        return "0"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
