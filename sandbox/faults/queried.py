"""What effects answer when a service asks (hooks.py): one base class for each question. An effect may answer several."""

from datetime import datetime, timedelta

from sandbox.aws.active_faults import AnnouncedEvent, AnswerFault, ApiCall, Hosted, LaunchAttempt
from sandbox.core.errors import ApiError
from sandbox.faults.model import BaseEffect


class FailsCalls(BaseEffect):
    __slots__ = ()

    def error(self, call: ApiCall) -> ApiError | None:
        """Asked once for each call, unless an older fault has failed it."""
        raise NotImplementedError


class DelaysCalls(BaseEffect):
    __slots__ = ()

    def delay(self, call: ApiCall) -> timedelta:
        """Real time."""
        raise NotImplementedError


class HasNoCapacity(BaseEffect):
    __slots__ = ()

    def refusal(self, attempt: LaunchAttempt) -> str | None:
        """The text of InsufficientInstanceCapacity."""
        raise NotImplementedError


class SlowsLaunches(BaseEffect):
    __slots__ = ()

    def launch_delay(self, zone: str) -> timedelta:
        raise NotImplementedError


class SpoilsAnswers(BaseEffect):
    __slots__ = ()

    def spoiled(self) -> dict[str, AnswerFault]:
        """By instance id: what is wrong with its responses to the load balancer."""
        raise NotImplementedError


class TakesHostsDown(BaseEffect):
    __slots__ = ()

    def host_is_down(self, instance: Hosted) -> bool:
        """Whether the system status check fails (EC2-30)."""
        raise NotImplementedError

    def unnoticed(self, instance: Hosted) -> bool:
        """Whether the host has failed and AWS has not noticed yet (AZ-7)."""
        return False


class TakesNetworkAway(BaseEffect):
    __slots__ = ()

    def without_network(self, instance: Hosted) -> bool:
        """Whether the instance was launched without a network (EC2-30)."""
        raise NotImplementedError


class FailsStatusChecks(BaseEffect):
    __slots__ = ()

    def failed_checks(self, instance: Hosted) -> frozenset[str]:
        """Of "system" and "instance" (EC2-30)."""
        raise NotImplementedError


class SchedulesEvents(BaseEffect):
    __slots__ = ()

    def scheduled(self, instance: Hosted) -> AnnouncedEvent | None:
        """The event that it announces for the instance (EC2-34)."""
        raise NotImplementedError


class InterruptsSpot(BaseEffect):
    __slots__ = ()

    def interrupted_at(self, instance: Hosted) -> datetime | None:
        """When the Spot Instance is interrupted (IMDS-12); None: it is not."""
        raise NotImplementedError


class ImpairsZones(BaseEffect):
    __slots__ = ()

    def impaired_since(self) -> dict[str, datetime]:
        """Zones that AWS's telemetry would show as failed (ARC-6)."""
        raise NotImplementedError


class HidesNodes(BaseEffect):
    __slots__ = ()

    def hidden_zones(self) -> frozenset[str]:
        """Zones whose load balancer nodes no client reaches (TG-36)."""
        raise NotImplementedError


class HoldsChanges(BaseEffect):
    __slots__ = ()

    def held(self, service: str) -> frozenset[str]:
        """Operations whose changes are accepted and not applied to the data plane."""
        raise NotImplementedError
