"""The state of the service over time, replayed from the journal: healthy targets, instances in service, desired capacity. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.traffic.measures.events import JournalEvent, activities_in_progress, desired_capacity, healthy_targets, in_service
from sandbox.traffic.measures.levels import Levels
from scenarios.kit.stack.names import GROUP, TARGET_GROUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    healthy: Levels  # targets
    by_zone: Mapping[str, Levels]  # zone name → its healthy targets
    in_service: Levels  # instances of the group
    desired: Levels
    activities: Levels  # instances that are being launched or terminated


def fleet(events: Sequence[JournalEvent], zone_of: Mapping[str, str]) -> Fleet:
    """`zone_of`: instance id → zone name."""
    return Fleet(
        healthy=healthy_targets(events, TARGET_GROUP),
        by_zone={zone: _healthy_in(zone, events, zone_of) for zone in sorted(set(zone_of.values()))},
        in_service=in_service(events, GROUP),
        desired=desired_capacity(events, GROUP),
        activities=activities_in_progress(events, GROUP),
    )


def _healthy_in(zone: str, events: Sequence[JournalEvent], zone_of: Mapping[str, str]) -> Levels:
    return healthy_targets(events, TARGET_GROUP, lambda instance: zone_of.get(instance) == zone)
