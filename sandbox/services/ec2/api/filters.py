"""The filters of DescribeInstances and DescribeInstanceStatus. moto knows a third of them and answers the rest with an internal error.

Each name leads to what is compared: a string, a list of strings, or None. Values may hold `*` and `?`, as on AWS.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sandbox.core.wildcards import EC2_FILTER
from sandbox.core.wildcards import matches as pattern_matches
from sandbox.services.ec2 import errors

Getter = Callable[[Any], Any]


def _nics(attribute: str) -> Getter:
    return lambda i: [getattr(nic, attribute, None) for nic in i.nics.values()]


def _reason(attribute: str) -> Getter:
    return lambda i: getattr(i.state_reason, attribute, None)


def _option(attribute: str) -> Getter:
    return lambda i: getattr(i.metadata_options, attribute)


def _groups(attribute: str) -> Getter:
    return lambda i: [getattr(g, attribute) for nic in i.nics.values() for g in nic.group_set]


def _reachability(status: Mapping[str, Any]) -> list[str]:
    return [detail["Status"] for detail in status.get("Details", ())]


def _events(name: str) -> Getter:
    """Of its scheduled events; a time as in the answer."""
    return lambda i: [_moment(event.get(name)) for event in i.events]


def _moment(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z") if isinstance(value, datetime) else value


def _tags(instance: Any) -> Mapping[str, str]:
    tags: Mapping[str, str] = instance.ec2_backend.tags.get(instance.id, {})
    return tags


STATE: dict[str, Getter] = {
    "availability-zone": lambda i: i.availability_zone,
    "availability-zone-id": lambda i: i.availability_zone_id,
    "instance-state-code": lambda i: i.state_code,
    "instance-state-name": lambda i: i.state,
}

INSTANCES: dict[str, Getter] = {
    **STATE,
    "architecture": lambda i: i.architecture,
    "block-device-mapping.device-name": lambda i: [name for name, _ in i.get_block_device_mapping],
    "block-device-mapping.volume-id": lambda i: [device.volume_id for _, device in i.get_block_device_mapping],
    "client-token": lambda i: i.client_token,
    "dns-name": lambda i: i.public_dns_name,
    "ebs-optimized": lambda i: i.ebs_optimized,
    "group-id": _groups("id"),
    "group-name": _groups("name"),
    "hypervisor": lambda i: i.hypervisor,
    "iam-instance-profile.arn": lambda i: getattr(i.iam_instance_profile, "arn", None),
    "image-id": lambda i: i.image_id,
    "instance-id": lambda i: i.id,
    "instance-lifecycle": lambda i: i.lifecycle,
    "instance-type": lambda i: i.instance_type,
    "instance.group-id": _groups("id"),
    "instance.group-name": _groups("name"),
    "ip-address": lambda i: i.public_ip,
    "kernel-id": lambda i: i.kernel_id,
    "key-name": lambda i: i.key_name,
    "launch-index": lambda i: i.ami_launch_index,
    "launch-time": lambda i: i.launch_time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    "metadata-options.http-endpoint": _option("http_endpoint"),
    "metadata-options.http-put-response-hop-limit": _option("http_put_response_hop_limit"),
    "metadata-options.http-tokens": _option("http_tokens"),
    "metadata-options.instance-metadata-tags": _option("instance_metadata_tags"),
    "metadata-options.state": _option("state"),
    "monitoring-state": lambda i: i.monitoring_state,
    "network-interface.addresses.private-ip-address": _nics("private_ip_address"),
    "network-interface.addresses.association.public-ip": _nics("public_ip"),
    "network-interface.association.public-ip": _nics("public_ip"),
    "network-interface.group-id": _groups("id"),
    "network-interface.group-name": _groups("name"),
    "network-interface.mac-address": _nics("mac_address"),
    "network-interface.network-interface-id": _nics("id"),
    "network-interface.private-dns-name": lambda i: i.private_dns_name,
    "network-interface.private-ip-address": _nics("private_ip_address"),
    "network-interface.status": _nics("status"),
    "network-interface.subnet-id": _nics("subnet_id"),
    "network-interface.vpc-id": _nics("vpc_id"),
    "owner-id": lambda i: i.owner_id,
    "placement-group-name": lambda i: i.placement.group_name,
    "platform": lambda i: i.platform,
    "private-dns-name": lambda i: i.private_dns_name,
    "private-ip-address": lambda i: i.private_ip,
    "product-code": lambda i: i.product_codes,
    "reason": lambda i: i.state_transition_reason,
    "root-device-name": lambda i: i.root_device_name,
    "root-device-type": lambda i: i.root_device_type,
    "source-dest-check": lambda i: i.source_dest_check,
    "state-reason-code": _reason("code"),
    "state-reason-message": _reason("message"),
    "subnet-id": lambda i: i.subnet_id,
    "tag-key": lambda i: list(_tags(i)),
    "tag-value": lambda i: list(_tags(i).values()),
    "tenancy": lambda i: i.placement.tenancy,
    "virtualization-type": lambda i: i.virtualization_type,
    "vpc-id": lambda i: i.vpc_id,
}

STATUSES: dict[str, Getter] = {
    **STATE,
    "application-status.status": lambda i: i.application_status["Status"],
    "attached-ebs-status.status": lambda i: i.attached_ebs_status["Status"],
    "event.code": _events("Code"),
    "event.description": _events("Description"),
    "event.instance-event-id": _events("InstanceEventId"),
    "event.not-after": _events("NotAfter"),
    "event.not-before": _events("NotBefore"),
    "event.not-before-deadline": _events("NotBeforeDeadline"),
    "instance-status.reachability": lambda i: _reachability(i.instance_status),
    "instance-status.status": lambda i: i.instance_status["Status"],
    "system-status.reachability": lambda i: _reachability(i.system_status),
    "system-status.status": lambda i: i.system_status["Status"],
}

RESERVATION = "reservation-id"


def check(table: Mapping[str, Getter], names: Iterable[str]) -> None:
    """Raises InvalidParameterValue for the first name that is no filter."""
    for name in names:
        if name not in table and not (table is INSTANCES and (name.startswith("tag:") or name == RESERVATION)):
            raise errors.unknown_filter(name)


def matches(table: Mapping[str, Getter], instance: Any, filters: Mapping[str, Sequence[str]]) -> bool:
    """All filters match; of one filter, any value."""
    return all(one_of(_value(table, instance, name), wanted) for name, wanted in filters.items() if name != RESERVATION)


def reservations(found: Iterable[Any], filters: Mapping[str, Sequence[str]]) -> list[Any]:
    """The reservations (moto's copies: they may be changed) with the instances that match; empty ones are left out."""
    check(INSTANCES, filters)
    kept = []
    for reservation in found:
        if RESERVATION in filters and not one_of(reservation.id, filters[RESERVATION]):
            continue
        reservation.instances = [i for i in reservation.instances if matches(INSTANCES, i, filters)]
        if reservation.instances:
            kept.append(reservation)
    return kept


def _value(table: Mapping[str, Getter], instance: Any, name: str) -> Any:
    if name.startswith("tag:"):
        return _tags(instance).get(name.removeprefix("tag:"))
    return table[name](instance)


def one_of(value: Any, wanted: Sequence[str]) -> bool:
    """Whether the value, or one of a list, matches a pattern. None is no value."""
    values = value if isinstance(value, list) else [value]
    return any(pattern_matches(str(pattern), _text(v), EC2_FILTER) for v in values if v is not None for pattern in wanted)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
