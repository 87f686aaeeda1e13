"""Implements ActiveFaults (aws/active_faults.py) for the services, from the registry's active faults.

If several faults apply to one call, zone or instance, the oldest one's error is returned; when it ends, the next one's. Delays add up.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sandbox.aws.active_faults import AnnouncedEvent, AnswerFault, ApiCall, Hosted, LaunchAttempt
from sandbox.core.errors import ApiError
from sandbox.faults.queried import (
    DelaysCalls,
    FailsCalls,
    FailsStatusChecks,
    HasNoCapacity,
    HidesNodes,
    HoldsChanges,
    ImpairsZones,
    InterruptsSpot,
    SchedulesEvents,
    SlowsLaunches,
    SpoilsAnswers,
    TakesHostsDown,
    TakesNetworkAway,
)
from sandbox.faults.registry import FaultRegistry

NO_TIME = timedelta(0)


class FaultHooks:
    def __init__(self, registry: FaultRegistry) -> None:
        self._registry = registry

    def api_error(self, call: ApiCall) -> ApiError | None:
        return next((error for effect in self._registry.effects(FailsCalls) if (error := effect.error(call))), None)

    def api_delay(self, call: ApiCall) -> timedelta:
        return sum((effect.delay(call) for effect in self._registry.effects(DelaysCalls)), NO_TIME)

    def no_capacity(self, attempt: LaunchAttempt) -> str | None:
        return next((text for effect in self._registry.effects(HasNoCapacity) if (text := effect.refusal(attempt))), None)

    def launch_delay(self, zone: str) -> timedelta:
        return sum((effect.launch_delay(zone) for effect in self._registry.effects(SlowsLaunches)), NO_TIME)

    def unreachable_zones(self) -> frozenset[str]:
        return frozenset[str]().union(*(effect.hidden_zones() for effect in self._registry.effects(HidesNodes)))

    def answer_faults(self) -> Mapping[str, AnswerFault]:
        """The oldest fault decides the status; the shares and delays are the worst."""
        found: dict[str, AnswerFault] = {}
        for effect in self._registry.effects(SpoilsAnswers):
            for instance_id, fault in effect.spoiled().items():
                found[instance_id] = _both(found[instance_id], fault) if instance_id in found else fault
        return found

    def host_unreachable(self, instance: Hosted) -> bool:
        return any(effect.host_is_down(instance) for effect in self._registry.effects(TakesHostsDown))

    def unnoticed(self, instance: Hosted) -> bool:
        return any(effect.unnoticed(instance) for effect in self._registry.effects(TakesHostsDown))

    def without_network(self, instance: Hosted) -> bool:
        return any(effect.without_network(instance) for effect in self._registry.effects(TakesNetworkAway))

    def failed_checks(self, instance: Hosted) -> frozenset[str]:
        return frozenset[str]().union(*(effect.failed_checks(instance) for effect in self._registry.effects(FailsStatusChecks)))

    def scheduled_events(self, instance: Hosted) -> tuple[AnnouncedEvent, ...]:
        return tuple(event for effect in self._registry.effects(SchedulesEvents) if (event := effect.scheduled(instance)))

    def interrupted_at(self, instance: Hosted) -> datetime | None:
        found = (effect.interrupted_at(instance) for effect in self._registry.effects(InterruptsSpot))
        return min((at for at in found if at is not None), default=None)

    def impaired_zones(self) -> Mapping[str, datetime]:
        newest_first = reversed(self._registry.effects(ImpairsZones))
        return {zone: since for effect in newest_first for zone, since in effect.impaired_since().items()}

    def stale(self, service: str) -> frozenset[str]:
        return frozenset[str]().union(*(effect.held(service) for effect in self._registry.effects(HoldsChanges)))


def _both(first: AnswerFault, second: AnswerFault) -> AnswerFault:
    slower = max(first, second, key=lambda each: each.delay)
    return AnswerFault(
        error_percent=max(first.error_percent, second.error_percent),
        status=first.status if first.error_percent else second.status,
        delay=slower.delay,
        jitter=slower.jitter,
    )
