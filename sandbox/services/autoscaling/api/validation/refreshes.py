"""Validation of StartInstanceRefresh (ASG-100 to ASG-104): what its preferences mean. The texts are ours (U) where none was found.

Ranges of single values are checked by the model of the API (sandbox/aws/requests/).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sandbox.services.autoscaling import errors
from sandbox.services.autoscaling.refresh_model import Preferences, ProtectedInstances, StandbyInstances

ROLLING = "Rolling"
WIDEST = 100  # between the healthy percentages
MOST_ALARMS = 10
AUTO_ROLLBACK = (
    "The request isn't valid. The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty."
    " Set AutoRollback to false or specify a desired configuration and try again."
)
SSM_IMAGE = (
    "The launch template for the desired configuration isn't valid. A launch template that uses an SSM parameter instead of an AMI ID for"
    " ImageId is not supported when a desired configuration is specified. To use this launch template, you must add it to the Auto Scaling"
    " group before starting an instance refresh."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDefaults:
    """What the group says where the request says nothing (ASG-101)."""

    warmup: timedelta
    min_healthy: int = 90
    max_healthy: int | None = None


def strategy(given: str | None) -> None:
    if given not in (None, ROLLING):
        raise errors.not_supported(f"the strategy {given} of an instance refresh")


def preferences(given: Mapping[str, Any], defaults: GroupDefaults) -> Preferences:
    low, high = _healthy(given.get("MinHealthyPercentage"), given.get("MaxHealthyPercentage"), defaults)
    checkpoints = tuple(given.get("CheckpointPercentages") or ())
    _ascending(checkpoints)
    if given.get("CheckpointDelay") is not None and not checkpoints:
        raise errors.invalid("CheckpointDelay can be specified only together with CheckpointPercentages.")
    alarms = tuple(dict.fromkeys((given.get("AlarmSpecification") or {}).get("Alarms") or ()))
    if len(alarms) > MOST_ALARMS:
        raise errors.invalid(f"AlarmSpecification can have at most {MOST_ALARMS} alarms.")
    return Preferences(
        min_healthy=low,
        max_healthy=high,
        warmup=_seconds(given.get("InstanceWarmup"), defaults.warmup),
        checkpoints=checkpoints,
        checkpoint_delay=_seconds(given.get("CheckpointDelay"), timedelta(hours=1)),
        skip_matching=bool(given.get("SkipMatching")),
        auto_rollback=bool(given.get("AutoRollback")),
        protected=ProtectedInstances(given.get("ScaleInProtectedInstances") or "Wait"),
        standby=StandbyInstances(given.get("StandbyInstances") or "Wait"),
        alarms=alarms,
        bake_time=_seconds(given.get("BakeTime"), timedelta(0)),
    )


def _healthy(low: int | None, high: int | None, defaults: GroupDefaults) -> tuple[int, int | None]:
    if high is not None and low is None:
        raise errors.invalid("MinHealthyPercentage must be specified together with MaxHealthyPercentage.")
    if low is None:
        return defaults.min_healthy, defaults.max_healthy
    if high is not None and high - low > WIDEST:
        raise errors.invalid(f"The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than {WIDEST}.")
    return low, high


def _ascending(checkpoints: tuple[int, ...]) -> None:
    if any(not 1 <= each <= 100 for each in checkpoints) or any(a >= b for a, b in pairwise(checkpoints)):
        raise errors.invalid("CheckpointPercentages must be unique values from 1 to 100 in ascending order.")


def _seconds(given: int | None, default: timedelta) -> timedelta:
    return default if given is None else timedelta(seconds=given)


def desired_template(given: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The launch template that the desired configuration names; None: there is no desired configuration."""
    if not given:
        return None
    if given.get("MixedInstancesPolicy"):
        raise errors.not_supported("MixedInstancesPolicy of a desired configuration")
    if not given.get("LaunchTemplate"):
        raise errors.invalid("The DesiredConfiguration must contain either a LaunchTemplate or a MixedInstancesPolicy.")
    template: Mapping[str, Any] = given["LaunchTemplate"]
    return template


def image(image_id: str) -> None:
    if image_id.startswith("resolve:ssm:"):
        raise errors.invalid(SSM_IMAGE)


def rollback_possible(asked: Preferences, desired: object, version: str | None) -> None:
    """`version`: what the group itself launches: "$Latest"; None: it has a launch configuration."""
    if not asked.auto_rollback:
        return
    if desired is None:
        raise errors.invalid(AUTO_ROLLBACK)
    if reason := irreversible(version):
        raise errors.invalid(f"The AutoRollback parameter cannot be set to true. {reason}")


def irreversible(version: str | None) -> str | None:
    """Why the group's own configuration is none to return to; None: it is one (ASG-104)."""
    if version in ("$Latest", "$Default"):
        return f"The Auto Scaling group uses the launch template version {version}. A rollback needs a numbered version."
    return None


def alarms(states: Mapping[str, str], names: tuple[str, ...]) -> None:
    """`states`: of the alarms that exist."""
    if unknown := [name for name in names if name not in states]:
        raise errors.invalid(f"The CloudWatch alarm {unknown[0]} does not exist.")
    if bad := [(name, state) for name, state in states.items() if state != "OK"]:
        name, state = bad[0]
        raise errors.invalid(
            f"The CloudWatch alarm {name} is in the {state} state. It must be in the OK state to start an instance refresh."
        )
