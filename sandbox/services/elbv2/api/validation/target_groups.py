"""Validates the requests of CreateTargetGroup, ModifyTargetGroup, ModifyTargetGroupAttributes and RegisterTargets: defaults and limits of
TG-1 and TG-3. What AWS supports and our data plane does not is refused with an error that names it.
"""

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sandbox.services.elbv2 import errors
from sandbox.services.elbv2.api.validation import thresholds
from sandbox.services.elbv2.api.validation.listeners import within
from sandbox.services.elbv2.model import ALL_ZONES, HIGHEST_CODE, LOWEST_CODE, TRAFFIC_PORT, HealthCheckSettings, Matcher

TARGET_TYPES = ("instance", "ip", "lambda", "alb")
PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")

AWS_CHECKS = HealthCheckSettings()  # AWS's defaults

DEFAULTS: dict[str, Any] = {  # TG-1, by moto's names
    "target_type": "instance",
    "protocol_version": "HTTP1",
    "ip_address_type": "ipv4",
    "healthcheck_enabled": str(AWS_CHECKS.enabled).lower(),
    "healthcheck_protocol": "HTTP",
    "healthcheck_port": TRAFFIC_PORT,
    "healthcheck_path": AWS_CHECKS.path,
    "healthcheck_interval_seconds": int(AWS_CHECKS.interval.total_seconds()),
    "healthcheck_timeout_seconds": int(AWS_CHECKS.timeout.total_seconds()),
    "healthy_threshold_count": AWS_CHECKS.healthy_threshold,
    "unhealthy_threshold_count": AWS_CHECKS.unhealthy_threshold,
    "matcher": {"HttpCode": AWS_CHECKS.matcher.text},
}

RANGES = {  # moto's name: (member of the API, lowest, highest)
    "healthcheck_interval_seconds": ("healthCheckIntervalSeconds", 5, 300),
    "healthcheck_timeout_seconds": ("healthCheckTimeoutSeconds", 2, 120),
    "healthy_threshold_count": ("healthyThresholdCount", 2, 10),
    "unhealthy_threshold_count": ("unhealthyThresholdCount", 2, 10),
}

ATTRIBUTES = {  # TG-3
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

ATTRIBUTE_RANGES = {
    "deregistration_delay.timeout_seconds": (0, 3600),
    "stickiness.lb_cookie.duration_seconds": (1, 604_800),
    "stickiness.app_cookie.duration_seconds": (1, 604_800),
}
RESERVED_COOKIES = ("AWSALB", "AWSALBAPP", "AWSALBTG")  # TG-25

ATTRIBUTE_CHOICES = {
    "load_balancing.algorithm.type": ("round_robin", "least_outstanding_requests", "weighted_random"),
    "load_balancing.algorithm.anomaly_mitigation": ("on", "off"),
    "load_balancing.cross_zone.enabled": ("true", "false", "use_load_balancer_configuration"),
    "stickiness.enabled": ("true", "false"),
    "stickiness.type": ("lb_cookie", "app_cookie"),
}

SUPPORTED = {  # the values that the data plane supports, where it does not support all
    "load_balancing.algorithm.anomaly_mitigation": ("off",),
    "slow_start.duration_seconds": ("0",),
}


def target_group(asked: Mapping[str, Any]) -> dict[str, Any]:
    """moto's arguments, completed with AWS's defaults."""
    settings = DEFAULTS | {name: value for name, value in asked.items() if value is not None}
    _check_type(settings)
    for name, text in (("protocol", "protocol"), ("port", "port"), ("vpc_id", "VPC ID")):
        if not settings.get(name):
            raise errors.validation(f"A {text} must be specified")
    within(settings["port"], "port", 1, 65535)
    return settings | health_check(settings)


def _check_type(asked: Mapping[str, Any]) -> None:
    target_type, protocol = asked["target_type"], asked.get("protocol")
    if target_type not in TARGET_TYPES:
        raise errors.not_one_of(target_type, "targetType", TARGET_TYPES)
    if target_type not in ("instance", "ip"):
        raise errors.not_supported(f"A target group with target type '{target_type}'")
    if protocol is not None and protocol not in PROTOCOLS:
        raise errors.not_one_of(protocol, "protocol", PROTOCOLS)
    if protocol not in (None, "HTTP"):
        raise errors.not_supported(f"A target group with protocol {protocol}")
    if asked["protocol_version"] != "HTTP1":
        raise errors.not_supported(f"A target group with protocol version {asked['protocol_version']}")
    if asked["ip_address_type"] != "ipv4":
        raise errors.not_supported(f"A target group with IP address type {asked['ip_address_type']}")


def health_check(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Validates the health check settings of moto's arguments (TG-1). Returns the numeric ones as integers."""
    numbers = {name: within(asked[name], member, low, high) for name, (member, low, high) in RANGES.items()}
    interval, timeout = numbers["healthcheck_interval_seconds"], numbers["healthcheck_timeout_seconds"]
    if timeout >= interval:
        raise errors.validation(f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'")
    if str(asked["healthcheck_enabled"]).lower() != "true":
        text = f"Health check enabled must be true for target groups with target type '{asked['target_type']}'"  # (U: the exact words)
        raise errors.configuration(text)
    _check_protocol(asked["healthcheck_protocol"])
    _check_port(str(asked["healthcheck_port"]))
    _check_path(asked["healthcheck_path"])
    _check_matcher(asked["matcher"])
    return numbers | {"healthcheck_enabled": "true"}


def _check_protocol(protocol: str) -> None:
    if protocol not in PROTOCOLS:
        raise errors.not_one_of(protocol, "healthCheckProtocol", PROTOCOLS)
    if protocol == "HTTPS":
        raise errors.not_supported("A health check by HTTPS")
    if protocol != "HTTP":
        raise errors.validation(f"Health check protocol '{protocol}' must be one of 'HTTP, HTTPS'")  # (U)


def _check_port(port: str) -> None:
    if port != TRAFFIC_PORT and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise errors.validation(f"Health check port '{port}' must be '{TRAFFIC_PORT}' or in the range '1-65535'")  # (U)


def _check_path(path: str) -> None:
    if not path.startswith("/"):
        raise errors.validation(f"Health check path '{path}' must begin with a '/' character")  # (U)
    if len(path) > 1024:
        limit = "Member must have length less than or equal to 1024"
        raise errors.validation(f"1 validation error detected: Value '{path}' at 'healthCheckPath' failed to satisfy constraint: {limit}")


def _check_matcher(matcher: Mapping[str, Any]) -> None:
    if matcher.get("GrpcCode"):
        raise errors.not_supported("A matcher for gRPC codes")
    codes = matcher.get("HttpCode") or ""
    try:
        Matcher(codes)
    except ValueError:
        allowed = f"{LOWEST_CODE}-{HIGHEST_CODE}"
        raise errors.validation(f"Health check matcher HTTP code '{codes}' must be within '{allowed}' inclusive") from None


def attributes(asked: Mapping[str, str], current: Mapping[str, str] = MappingProxyType(ATTRIBUTES)) -> dict[str, str]:
    """Raises ValidationError for unknown keys and values, and for those that do not fit the others (TG-3; U: the texts).

    `current`: the attributes that the target group has."""
    for key, value in asked.items():
        if key not in ATTRIBUTES:
            raise errors.validation(f"Target group attribute key '{key}' is not recognized")
        if key in ATTRIBUTE_RANGES:
            check_range(key, value, *ATTRIBUTE_RANGES[key])
        if key in ATTRIBUTE_CHOICES and value not in ATTRIBUTE_CHOICES[key]:
            raise errors.validation(f"'{key}' value '{value}' must be one of [{', '.join(ATTRIBUTE_CHOICES[key])}]")
        if key in SUPPORTED and value not in SUPPORTED[key]:
            raise errors.not_supported(f"The target group attribute {key} with value '{value}'")
    together = {**ATTRIBUTES, **current, **asked}
    thresholds.check(asked, together)
    _check_stickiness(together)
    return dict(asked)


def _check_stickiness(attributes: Mapping[str, str]) -> None:
    """TG-26: the application's cookie must have a name, which is none of the load balancer's."""
    name = attributes["stickiness.app_cookie.cookie_name"]
    if name.startswith(RESERVED_COOKIES):
        raise errors.validation(f"'stickiness.app_cookie.cookie_name' value '{name}' is reserved for use by the load balancer")
    if name and not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise errors.validation(f"'stickiness.app_cookie.cookie_name' value '{name}' contains characters that are not valid")
    enabled = attributes["stickiness.enabled"] == "true" and attributes["stickiness.type"] == "app_cookie"
    if enabled and not name:
        raise errors.validation("'stickiness.app_cookie.cookie_name' must be specified for stickiness of type 'app_cookie'")


def check_range(key: str, value: str, low: int, high: int) -> None:
    if not value.isdigit() or not low <= int(value) <= high:
        raise errors.validation(f"'{key}' value '{value}' must be between '{low}-{high}' inclusive")


def target(asked: Mapping[str, Any], target_type: str) -> None:
    """Validates one of RegisterTargets' targets against the target type of the group."""
    if "Port" in asked:
        within(asked["Port"], "targets.1.member.port", 1, 65535)
    if "QuicServerId" in asked:
        raise errors.not_supported("A QUIC target")
    if target_type == "instance":
        if not asked["Id"].startswith("i-"):
            raise errors.validation(f"Instance ID '{asked['Id']}' is not valid")
        if "AvailabilityZone" in asked:
            raise errors.validation("You cannot specify an Availability Zone for a target of type instance")  # (U)
        return
    try:
        ipaddress.IPv4Address(asked["Id"])
    except ValueError:
        raise errors.validation(f"The IP address '{asked['Id']}' is not a valid IPv4 address") from None


def zone_of_address(address: str, given: str | None, subnets: Mapping[str, str]) -> str:
    """`subnets`: CIDR → zone, of the target group's VPC. An address outside them needs the zone `all` (U: the text)."""
    ip = ipaddress.IPv4Address(address)
    found = next((zone for cidr, zone in subnets.items() if ip in ipaddress.IPv4Network(cidr)), None)
    if found is None and given != ALL_ZONES:
        text = f"The IP address '{address}' is outside the VPC of the target group: its Availability Zone must be '{ALL_ZONES}'"
        raise errors.validation(text)
    return given or found or ALL_ZONES
