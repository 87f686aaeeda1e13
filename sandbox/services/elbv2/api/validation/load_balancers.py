"""Validates the requests of CreateLoadBalancer, SetSubnets and ModifyLoadBalancerAttributes (ALB-1, ALB-5, ALB-7). What AWS supports and
our data plane does not is refused with an error that names it.
"""

import re
from collections.abc import Mapping, Sequence

from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.validation.target_groups import check_range

LONGEST_NAME = 32

ATTRIBUTES = {  # ALB-7
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_kx.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}

RANGES = {"idle_timeout.timeout_seconds": (1, 4000), "client_keep_alive.seconds": (60, 604_800)}

CHOICES = {
    "routing.http.desync_mitigation_mode": ("monitor", "defensive", "strictest"),
    "routing.http.xff_header_processing.mode": ("append", "preserve", "remove"),
}

CHANGEABLE = {  # the attributes that the data plane supports; the others keep their defaults
    "access_logs.s3.bucket",
    "access_logs.s3.enabled",
    "access_logs.s3.prefix",
    "deletion_protection.enabled",
    "idle_timeout.timeout_seconds",
    "client_keep_alive.seconds",
    "routing.http.drop_invalid_header_fields.enabled",
    "routing.http.preserve_host_header.enabled",
    "routing.http.xff_client_port.enabled",
    "routing.http.xff_header_processing.mode",
    "zonal_shift.config.enabled",
}
WITHOUT_EFFECT = {  # on AWS too, for a load balancer with HTTP listeners, no web ACL, and logs that are off
    "connection_logs.s3.bucket",
    "connection_logs.s3.prefix",
    "health_check_logs.s3.bucket",
    "health_check_logs.s3.prefix",
    "routing.http.x_amzn_tls_kx.enabled",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "routing.http2.enabled",
    "waf.fail_open.enabled",
}
CROSS_ZONE = "load_balancing.cross_zone.enabled"


def name(asked: str) -> None:
    """ALB-5."""
    problem = None
    if len(asked) > LONGEST_NAME:
        problem = f"cannot be longer than '{LONGEST_NAME}' characters"
    elif not re.fullmatch(r"[A-Za-z0-9-]+", asked):
        problem = "can only contain characters that are alphanumeric characters and hyphens(-)"  # (U)
    elif asked.startswith("-") or asked.endswith("-"):
        problem = "cannot begin or end with '-'"  # (U)
    elif asked.startswith("internal-"):
        problem = "cannot begin with 'internal-'"  # (U)
    if problem:
        raise errors.validation(f"The load balancer name '{asked}' {problem}")


def subnets(zones: Sequence[str], vpcs: Sequence[str]) -> None:
    """`zones` and `vpcs` of the subnets asked for, in order (ALB-1)."""
    if len(set(vpcs)) > 1:
        raise errors.configuration(f"All subnets must belong to the same VPC: {', '.join(sorted(set(vpcs)))}")  # (U)
    if len(set(zones)) < len(zones):
        raise errors.configuration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if len(zones) < 2:
        raise errors.validation("At least two subnets in two different Availability Zones must be specified")


def attributes(asked: Mapping[str, str], current: Mapping[str, str]) -> dict[str, str]:
    """Raises ValidationError for unknown keys and values, and for those that do not fit the others (ALB-7; U: the texts).

    `current`: the attributes that the load balancer has."""
    for key, value in asked.items():
        if key not in ATTRIBUTES:
            raise errors.validation(f"Load balancer attribute key '{key}' is not recognized")
        if key in RANGES:
            check_range(key, value, *RANGES[key])
        choices = CHOICES.get(key) or (("true", "false") if key.endswith(".enabled") else None)
        if choices and value not in choices:
            raise errors.validation(f"'{key}' value '{value}' must be one of [{', '.join(choices)}]")
        if key == CROSS_ZONE and value != ATTRIBUTES[key]:
            raise errors.configuration("Cross-zone load balancing cannot be disabled for an Application Load Balancer")  # (U)
        if key not in CHANGEABLE | WITHOUT_EFFECT and value != ATTRIBUTES[key]:
            raise errors.not_supported(f"The load balancer attribute {key} with value '{value}'")
    after = {**ATTRIBUTES, **current, **asked}
    if after["access_logs.s3.enabled"] == "true" and not after["access_logs.s3.bucket"]:
        raise errors.configuration("The access log bucket must be specified when access logs are enabled")
    if "AWSLogs" in after["access_logs.s3.prefix"]:
        raise errors.configuration("The access log prefix cannot include 'AWSLogs'")
    return dict(asked)
