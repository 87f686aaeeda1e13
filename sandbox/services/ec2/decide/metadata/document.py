"""The document of an instance: every category of IMDS-9 to IMDS-14, from what EC2 knows about it."""

from base64 import b64decode
from urllib.parse import quote

from sandbox.drivers.metadata.base import IDENTITY_DOCUMENT, AccessOptions, MetadataDocument
from sandbox.services.ec2.decide.metadata import interfaces
from sandbox.services.ec2.decide.metadata.texts import compact, document, listed, long_moment, moment
from sandbox.services.ec2.events_model import ScheduledEvent
from sandbox.services.ec2.metadata_model import Entries, InstanceFacts, OptionFacts

TARGETS = {  # IMDS-11: the state that a member of an Auto Scaling group will reach next, by what its state begins with
    "Pending": "InService",
    "InService": "InService",
    "EnteringStandby": "Standby",
    "Standby": "Standby",
    "Detaching": "Detached",
    "Detached": "Detached",
    "Terminating": "Terminated",
    "Terminated": "Terminated",
    "Quarantined": "Terminated",
    "ReplacingRootVolume": "InService",
    "RootVolumeReplaced": "InService",
}


def metadata_document(facts: InstanceFacts) -> MetadataDocument:
    entries = {
        **_instance(facts),
        **_placement(facts),
        **_network(facts),
        **_devices(facts),
        **_events(facts),
        **_role(facts),
        **_key_pair(facts),
        **_tags(facts),
        **_dynamic(facts),
    }
    return MetadataDocument(
        instance_id=facts.instance_id,
        private_ip_addresses=tuple(address for each in facts.interfaces for address in each.private_ip_addresses),
        options=access_options(facts.options),
        entries=entries,
        user_data=None if facts.user_data is None else b64decode(facts.user_data),
    )


def access_options(options: OptionFacts) -> AccessOptions:
    return AccessOptions(
        endpoint_enabled=options.endpoint == "enabled", tokens_required=options.tokens == "required", hop_limit=options.hop_limit
    )


def target_lifecycle_state(state: str) -> str:
    """IMDS-11. The states of a warm pool have no transitions here: they are shown as they are."""
    return TARGETS.get(state.partition(":")[0], state)


def _instance(facts: InstanceFacts) -> Entries:
    return {
        "meta-data/ami-id": facts.image_id,
        "meta-data/ami-launch-index": str(facts.launch_index),
        "meta-data/ami-manifest-path": "(unknown)",
        "meta-data/hibernation/configured": "false",
        "meta-data/identity-credentials/ec2/info": document(
            {"Code": "Success", "LastUpdated": moment(facts.launched_at), "AccountId": facts.account}
        ),
        "meta-data/instance-action": "none",
        "meta-data/instance-id": facts.instance_id,
        "meta-data/instance-life-cycle": "spot" if facts.spot else "on-demand",
        "meta-data/instance-type": facts.instance_type,
        "meta-data/profile": "default-hvm",
        "meta-data/reservation-id": facts.reservation_id,
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/services/partition": facts.partition,
        "meta-data/system": facts.hypervisor,
    }


def _placement(facts: InstanceFacts) -> Entries:
    group = {"meta-data/placement/group-name": facts.placement_group} if facts.placement_group else {}
    return group | {
        "meta-data/placement/availability-zone": facts.zone,
        "meta-data/placement/availability-zone-id": facts.zone_id,
        "meta-data/placement/region": facts.region,
    }


def _network(facts: InstanceFacts) -> Entries:
    primary = facts.interfaces[0]
    address = primary.private_ip_addresses[0]
    name = interfaces.private_name(address, facts.region)
    found = {
        "meta-data/hostname": name,
        "meta-data/local-hostname": name,
        "meta-data/local-ipv4": address,
        "meta-data/mac": primary.mac,
        "meta-data/security-groups": "\n".join(primary.group_names),
        **interfaces.entries(facts),
    }
    if primary.public_ip is None:
        return found
    public = {"meta-data/public-hostname": interfaces.public_name(primary.public_ip, facts.region)}
    return found | public | {"meta-data/public-ipv4": primary.public_ip}


def _devices(facts: InstanceFacts) -> Entries:
    names = {"ami": facts.root_device, "root": facts.root_device}
    names |= {f"ebs{number}": name.removeprefix("/dev/") for number, name in enumerate(facts.devices, start=1)}
    return {f"meta-data/block-device-mapping/{name}": device for name, device in names.items()}


def _events(facts: InstanceFacts) -> Entries:
    """IMDS-11, IMDS-12; maintenance as EC2-34 has it."""
    found = {
        "meta-data/events/maintenance/history": listed(_maintenance(one) for one in facts.scheduled_events if not one.active),
        "meta-data/events/maintenance/scheduled": listed(_maintenance(one) for one in facts.scheduled_events if one.active),
    }
    if facts.lifecycle_state is not None:
        found["meta-data/autoscaling/target-lifecycle-state"] = target_lifecycle_state(facts.lifecycle_state)
    if facts.rebalance_noticed_at is not None:
        found["meta-data/events/recommendations/rebalance"] = compact({"noticeTime": moment(facts.rebalance_noticed_at)})
    if facts.interruption is not None:
        notice = {"action": facts.interruption.action, "time": moment(facts.interruption.at)}
        found["meta-data/spot/instance-action"] = compact(notice)
        if facts.interruption.action == "terminate":
            found["meta-data/spot/termination-time"] = moment(facts.interruption.at)
    return found


def _maintenance(event: ScheduledEvent) -> dict[str, str]:
    ends = {"NotAfter": long_moment(event.not_after)} if event.not_after else {}
    return {
        "NotBefore": long_moment(event.not_before),
        "Code": event.code,
        "Description": event.description,
        "EventId": event.event_id,
        **ends,
        "State": event.state.value,
    }


def _role(facts: InstanceFacts) -> Entries:
    """iam/: of an instance with a profile. The credentials follow once they are issued."""
    if facts.profile is None:
        return {}
    updated = facts.credentials.issued_at if facts.credentials else facts.launched_at
    info = {
        "Code": "Success",
        "LastUpdated": moment(updated),
        "InstanceProfileArn": facts.profile.arn,
        "InstanceProfileId": facts.profile.profile_id,
    }
    return {"meta-data/iam/info": document(info), **_credentials(facts)}


def _credentials(facts: InstanceFacts) -> Entries:
    profile, credentials = facts.profile, facts.credentials
    if profile is None or credentials is None or credentials.role_arn != profile.role_arn:
        return {}
    value = {
        "Code": "Success",
        "LastUpdated": moment(credentials.issued_at),
        "Type": "AWS-HMAC",
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "Token": credentials.session_token,
        "Expiration": moment(credentials.expires_at),
    }
    return {f"meta-data/iam/security-credentials/{profile.role_name}": document(value)}


def _key_pair(facts: InstanceFacts) -> Entries:
    """IMDS-13."""
    if not facts.key_name:
        return {}
    return {
        "meta-data/public-keys/": f"0={facts.key_name}",
        "meta-data/public-keys/0/openssh-key": facts.public_key,
    }


def _tags(facts: InstanceFacts) -> Entries:
    return {f"meta-data/tags/instance/{key}": value for key, value in facts.tags if _fits_in_path(key)}


def _fits_in_path(key: str) -> bool:
    """AWS allows no other keys where tags are in the metadata."""
    return key not in (".", "..", "_index") and quote(key, safe="+=,.@:") == key


def _dynamic(facts: InstanceFacts) -> Entries:
    """IMDS-14."""
    return {
        "dynamic/fws/instance-monitoring": facts.monitoring,
        IDENTITY_DOCUMENT: document(
            {
                "accountId": facts.account,
                "architecture": facts.architecture,
                "availabilityZone": facts.zone,
                "billingProducts": None,
                "devpayProductCodes": None,
                "marketplaceProductCodes": None,
                "imageId": facts.image_id,
                "instanceId": facts.instance_id,
                "instanceType": facts.instance_type,
                "kernelId": None,
                "pendingTime": moment(facts.launched_at),
                "privateIp": facts.interfaces[0].private_ip_addresses[0],
                "ramdiskId": None,
                "region": facts.region,
                "version": "2017-09-30",
            }
        ),
    }
