"""The quotas of a new account (ASG-10). The operations check them before they store anything. Limits of step adjustments and of batches are
checked with the rest of those requests, in api/validation/.
"""

from enum import Enum

from sandbox.services.autoscaling import errors


class Quota(Enum):
    """(what, how many, in what)"""

    GROUPS = ("Auto Scaling groups", 500, "the Region")
    CONFIGURATIONS = ("launch configurations", 200, "the Region")
    POLICIES = ("scaling policies", 50, "the Auto Scaling group")
    SCHEDULED_ACTIONS = ("scheduled actions", 125, "the Auto Scaling group")
    TARGET_GROUPS = ("target groups", 50, "the Auto Scaling group")
    HOOKS = ("lifecycle hooks", 50, "the Auto Scaling group")
    TOPICS = ("SNS topics", 10, "the Auto Scaling group")

    @property
    def most(self) -> int:
        return int(self.value[1])

    def check(self, count: int) -> None:
        """LimitExceeded when there would be more than the quota allows."""
        what, most, where = self.value
        if count > most:
            raise errors.limit_exceeded(what, most, where)


class PerCall(Enum):
    """(what, how many one request may name)"""

    INSTANCES = ("instance IDs", 20)
    PROTECTED = ("instance IDs", 50)  # of SetInstanceProtection
    TARGET_GROUPS = ("target groups", 10)

    def check(self, named: int) -> None:
        what, most = self.value
        if named > most:
            raise errors.too_many_named(what, most)
