"""What the metadata service tells of an instance, read from moto's objects. Reads only, and often: it is called at each wake-up."""

from datetime import UTC
from functools import cache
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPES

from sandbox.aws.backends import reservation_id_of
from sandbox.services.ec2.metadata_model import InstanceFacts, InterfaceFacts, OptionFacts, ProfileFacts
from sandbox.services.ec2.state.addresses import cidr_blocks

ENABLED = "enabled"


def read_facts(instance: Any) -> InstanceFacts | None:
    """None: the instance has no address (any more)."""
    if not instance.nics:
        return None
    backend, extra, options = instance.ec2_backend, instance.sandbox, instance.metadata_options
    shows_tags = options.instance_metadata_tags == ENABLED
    return InstanceFacts(
        instance_id=instance.id,
        account=backend.account_id,
        region=backend.region_name,
        partition=backend.partition,
        zone=instance.availability_zone,
        zone_id=_zone_ids().get(instance.availability_zone, ""),
        image_id=instance.image_id,
        instance_type=instance.instance_type,
        hypervisor=INSTANCE_TYPES.get(instance.instance_type, {}).get("Hypervisor", "xen"),
        architecture=instance.architecture,
        launch_index=instance.ami_launch_index,
        reservation_id=reservation_id_of(backend, instance.id),
        launched_at=instance.launch_time.replace(tzinfo=UTC),
        spot=instance.lifecycle == "spot",
        monitoring=instance.monitoring_state,
        placement_group=instance.placement.group_name or "",
        tenancy=instance.placement.tenancy,
        interfaces=tuple(_interface(number, nic, backend) for number, nic in sorted(instance.nics.items())),
        root_device=instance.root_device_name,
        devices=tuple(sorted(name for name in instance.block_device_mapping if name != instance.root_device_name)),
        options=OptionFacts(
            options.http_endpoint, options.http_tokens, options.http_put_response_hop_limit, options.instance_metadata_tags
        ),
        profile=_profile(instance),
        credentials=extra.credentials,
        key_name=instance.key_name or "",
        public_key=_public_key(instance),
        tags=tuple(sorted(backend.tags.get(instance.id, {}).items())) if shows_tags else (),
        user_data=str(instance.user_data) if instance.user_data else None,
        lifecycle_state=_lifecycle_state(instance),
        scheduled_events=extra.scheduled_events,
        interruption=extra.interruption,
        rebalance_noticed_at=extra.rebalance_noticed_at,
    )


def _interface(number: int, nic: Any, backend: Any) -> InterfaceFacts:
    others = (one.get("PrivateIpAddress") for one in nic.private_ip_addresses)
    groups = sorted(nic.group_set, key=lambda group: group.id)
    return InterfaceFacts(
        interface_id=nic.id,
        mac=nic.mac_address,
        device_number=number,
        private_ip_addresses=tuple(dict.fromkeys((nic.private_ip_address, *others))),
        public_ip=nic.public_ip,
        group_ids=tuple(group.id for group in groups),
        group_names=tuple(group.name for group in groups),
        subnet_id=nic.subnet.id,
        subnet_cidr=nic.subnet.cidr_block,
        vpc_id=nic.subnet.vpc_id,
        vpc_cidrs=tuple(cidr_blocks(backend.vpcs[nic.subnet.vpc_id])),
    )


def _lifecycle_state(instance: Any) -> str | None:
    """In its Auto Scaling group; None: it is in none."""
    group = vars(instance).get("autoscaling_group")
    member = next((m for m in group.instance_states if m.instance_id == instance.id), None) if group else None
    return member.lifecycle_state if member else None


def _profile(instance: Any) -> ProfileFacts | None:
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    if association is None:
        return None
    profile = association.iam_instance_profile
    role = profile.roles[0] if profile.roles else None
    return ProfileFacts(profile.arn, profile.id, role.name if role else "", role.arn if role else "")


def _public_key(instance: Any) -> str:
    pair = instance.ec2_backend.key_pairs.get(instance.key_name) if instance.key_name else None
    return pair.public_key.strip() if pair else ""


@cache
def _zone_ids() -> dict[str, str]:
    return {zone.name: zone.zone_id for zones in RegionsAndZonesBackend.zones.values() for zone in zones}
