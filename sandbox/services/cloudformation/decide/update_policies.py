"""UpdatePolicy of a template: which parts there are, and their values (CFN-70). Pure."""

from collections.abc import Mapping
from datetime import timedelta

from sandbox.services.cloudformation import errors
from sandbox.services.cloudformation.decide import signals
from sandbox.services.cloudformation.decide.template.functions import evaluate, scalar
from sandbox.services.cloudformation.policy_model import RollingPolicy, UpdatePolicy
from sandbox.services.cloudformation.template_model import Environment, Json

ROLLING, REPLACING, SCHEDULED = "AutoScalingRollingUpdate", "AutoScalingReplacingUpdate", "AutoScalingScheduledAction"
NUMBERS = {
    "MaxBatchSize": "batch",
    "MinInstancesInService": "in_service",
    "MinActiveInstancesPercent": "active_percent",
    "MinSuccessfulInstancesPercent": "successful_percent",
}
MEMBERS = {
    ROLLING: {*NUMBERS, "PauseTime", "SuspendProcesses", "WaitOnResourceSignals"},
    REPLACING: {"WillReplace"},
    SCHEDULED: {"IgnoreUnmodifiedGroupSizeProperties"},
}
LONGEST_PAUSE = timedelta(hours=1)
DEFAULT_WITH_SIGNALS, DEFAULT = "PT5M", "PT0S"


def check(logical_id: str, kind: str, policy: Json) -> Mapping[str, Json]:
    """The attribute as it is declared. Raises ApiError for what the sandbox does not support, by its name."""
    if not policy:
        return {}
    if not isinstance(policy, dict) or not all(isinstance(part, dict) for part in policy.values()):
        raise errors.format_error(f"UpdatePolicy of {logical_id} must be an object")
    for name, part in policy.items():
        if name not in MEMBERS or kind != signals.GROUP:
            raise errors.not_supported(f"{name} of an UpdatePolicy (of {logical_id})")
        if unknown := sorted(part.keys() - MEMBERS[name]):
            raise errors.not_supported(f"{unknown[0]} of {name} (of {logical_id})")
    return policy


def evaluated(policy: Mapping[str, Json], env: Environment) -> UpdatePolicy:
    parts = {name: {key: evaluate(value, env) for key, value in part.items()} for name, part in policy.items()}
    return UpdatePolicy(
        rolling=_rolling(parts[ROLLING]) if ROLLING in parts else None,
        replaces=_true(parts.get(REPLACING, {}).get("WillReplace", False)),
        ignores_sizes=_true(parts.get(SCHEDULED, {}).get("IgnoreUnmodifiedGroupSizeProperties", False)),
    )


def _rolling(given: Mapping[str, Json]) -> RollingPolicy:
    waits = _true(given.get("WaitOnResourceSignals", False))
    text = scalar(given.get("PauseTime", DEFAULT_WITH_SIGNALS if waits else DEFAULT))
    pause = signals.duration(text)
    if pause > LONGEST_PAUSE:
        raise errors.template_error(f"PauseTime {text} is longer than an hour")
    numbers = {field: _number(given[name], name) for name, field in NUMBERS.items() if name in given}
    suspend = tuple(scalar(each) for each in given.get("SuspendProcesses") or ())
    return RollingPolicy(pause=pause, pause_text=text, signals=waits, suspend=suspend, **numbers)


def _number(value: Json, name: str) -> int:
    text = scalar(value)
    low, high = (1, 100) if name == "MaxBatchSize" else (0, 100 if name.endswith("Percent") else 10_000)
    if not text.isdigit() or not low <= int(text) <= high:
        raise errors.template_error(f"{name} of an UpdatePolicy must be a number from {low} to {high}: {text}")
    return int(text)


def _true(value: Json) -> bool:
    return scalar(value).lower() == "true"
