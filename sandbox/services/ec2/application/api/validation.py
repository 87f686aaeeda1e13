"""What requests about application status checks may contain (EC2-81, EC2-82, EC2-85). Checked before anything is changed.

Required parameters, enumerations and the range of a port are in botocore's model, and are checked with it (aws/requests).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sandbox.services.ec2.api.validation.references import check_instance_ids
from sandbox.services.ec2.application import errors
from sandbox.services.ec2.application.model import INTERVAL, Aggregation, CheckSettings, Protocol

MOST_CHECKS = 50  # of an account
MOST_INSTANCES = 100  # of a request about suppression
LONGEST_TIMEOUT, LONGEST_GRACE = 30, 600  # seconds
LONGEST_MATCHER, LONGEST_PATH = 64, 1024  # characters; of a path (U)
LARGEST = 2**31 - 1  # of the API's integers
MATCHER = re.compile(r"[1-5]\d\d(-[1-5]\d\d)?(,[1-5]\d\d(-[1-5]\d\d)?)*")
PATH = re.compile(r"/[!-~]*")
SECONDS = {"Timeout": "timeout", "InitializationGracePeriodSeconds": "grace"}
NUMBERS = {"FailureThreshold": "failure_threshold", "SuccessThreshold": "success_threshold", "Port": "port"}
TEXTS = {"Path": "path", "StatusCodeMatcher": "matcher"}
ENUMERATIONS: Mapping[str, tuple[str, Any]] = {"Protocol": ("protocol", Protocol), "Aggregation": ("aggregation", Aggregation)}
"""Parameters of CreateApplicationStatusCheck and ModifyApplicationStatusCheck → fields of CheckSettings."""
Parameters = Mapping[str, Any]


def check_creation(backend: Any, parameters: Parameters) -> None:
    settings_of(parameters)
    if len(backend.sandbox_application_checks) >= MOST_CHECKS:
        raise errors.too_many_checks(MOST_CHECKS)


def check_change(backend: Any, parameters: Parameters) -> None:
    if not set(parameters) - {"ApplicationStatusCheckId", "ClientToken"}:
        raise errors.nothing_to_modify()
    settings_of(parameters, backend.sandbox_application_checks[parameters["ApplicationStatusCheckId"]].settings)


def check_targets(backend: Any, parameters: Parameters) -> None:
    """Of an association: either tags or instances (EC2-82)."""
    tags, instances = parameters.get("TargetTagAssociations"), parameters.get("InstanceIds")
    if tags and instances:
        raise errors.both_targets()
    if not tags and not instances:
        raise errors.no_targets()
    if any(not (tag.get("Key") or "").strip() for tag in tags or ()):
        raise errors.invalid("Tag keys must have a value")
    check_instance_ids(instances or ())


def check_suppression(backend: Any, parameters: Parameters) -> None:
    instances = parameters.get("InstanceIds") or []
    if not instances:
        raise errors.no_instances()
    if len(instances) > MOST_INSTANCES:
        raise errors.too_many_instances(len(instances), MOST_INSTANCES)
    check_instance_ids(instances)
    if (duration := parameters.get("DurationSeconds")) is not None:
        _check_range(int(duration), "DurationSeconds", 1, LARGEST)


def settings_of(parameters: Parameters, before: CheckSettings | None = None) -> CheckSettings:
    """`before`: of the check that is modified; None: one is created. Raises ApiError."""
    _check_numbers(parameters)
    _check_path(parameters.get("Path"))
    _check_matcher(parameters.get("StatusCodeMatcher"))
    _check_supported(parameters)
    given: dict[str, Any] = {field: int(parameters[name]) for name, field in NUMBERS.items() if name in parameters}
    given |= {field: timedelta(seconds=int(parameters[name])) for name, field in SECONDS.items() if name in parameters}
    given |= {field: parameters[name] for name, field in TEXTS.items() if name in parameters}
    given |= {field: kind(parameters[name]) for name, (field, kind) in ENUMERATIONS.items() if name in parameters}
    return replace(before, **given) if before else CheckSettings(**given)


def _check_numbers(parameters: Parameters) -> None:
    interval = int(INTERVAL.total_seconds())
    if int(parameters.get("Interval", interval)) != interval:
        raise errors.invalid(f"Value ({parameters['Interval']}) for parameter Interval is invalid. The only valid value is {interval}.")
    ranges = {"Timeout": (1, LONGEST_TIMEOUT), "InitializationGracePeriodSeconds": (1, LONGEST_GRACE)}
    ranges |= {"FailureThreshold": (1, LARGEST), "SuccessThreshold": (1, LARGEST), "DeviceIndex": (0, LARGEST)}
    for name, (least, most) in ranges.items():
        if name in parameters:
            _check_range(int(parameters[name]), name, least, most)


def _check_range(value: int, name: str, least: int, most: int) -> None:
    if value < least and most == LARGEST:
        raise errors.too_small(value, name, least)
    if not least <= value <= most:
        raise errors.out_of_range(value, name, least, most)


def _check_path(path: str | None) -> None:
    if path is None:
        return
    if not path.startswith("/"):
        raise errors.invalid(f"Value ({path}) for parameter Path is invalid. The path must start with a forward slash (/).")
    if not PATH.fullmatch(path) or len(path) > LONGEST_PATH:
        what = f"at most {LONGEST_PATH} printable ASCII characters without spaces"
        raise errors.invalid(f"Value ({path[:LONGEST_PATH]}) for parameter Path is invalid. A path has {what}.")


def _check_matcher(matcher: str | None) -> None:
    if matcher is None:
        return
    ranges = [part.split("-") for part in matcher.split(",") if "-" in part]
    if len(matcher) > LONGEST_MATCHER or not MATCHER.fullmatch(matcher) or any(low >= high for low, high in ranges):
        form = f"a list of at most {LONGEST_MATCHER} characters, of codes and ranges from 100 to 599 such as 200,202,300-399"
        raise errors.invalid(f"Value ({matcher}) for parameter StatusCodeMatcher is invalid. Expecting {form}.")


def _check_supported(parameters: Parameters) -> None:
    """What the sandbox does not have is refused by its name."""
    if parameters.get("HealthCheckPaths"):
        raise errors.unsupported("HealthCheckPaths", "leave it out, and the check is made in the subnet of the instance")
    if parameters.get("IpVersion", "ipv4") != "ipv4":
        raise errors.unsupported(
            f"IpVersion {parameters['IpVersion']}", "instances are probed at their private IPv4 address (IpVersion ipv4)"
        )
    if int(parameters.get("DeviceIndex", 0)):
        raise errors.unsupported(f"DeviceIndex {parameters['DeviceIndex']}", "instances are probed at their primary network interface (0)")
