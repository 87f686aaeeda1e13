import pytest

from sandbox.core.errors import ApiError
from sandbox.services.elbv2.api.validation import target_groups as target_group_validation
from tests.support import rule

SUBNETS = {"172.31.0.0/20": "us-east-1a", "172.31.16.0/20": "us-east-1b"}


@rule("TG-1")
def test_a_request_is_completed_with_aws_defaults():
    settings = target_group_validation.target_group({"protocol": "HTTP", "port": 80, "vpc_id": "vpc-1", "matcher": None})
    assert settings == target_group_validation.DEFAULTS | {"protocol": "HTTP", "port": 80, "vpc_id": "vpc-1"}


@rule("TG-1")
@pytest.mark.parametrize("missing", ["protocol", "port", "vpc_id"])
def test_protocol_port_and_vpc_are_required(missing):
    asked = {"protocol": "HTTP", "port": 80, "vpc_id": "vpc-1"}
    del asked[missing]
    with pytest.raises(ApiError, match="must be specified"):
        target_group_validation.target_group(asked)


@rule("TG-1")
@pytest.mark.parametrize(
    ("setting", "low", "high"),
    [
        ("healthcheck_interval_seconds", 5, 300),
        ("healthcheck_timeout_seconds", 2, 120),
        ("healthy_threshold_count", 2, 10),
        ("unhealthy_threshold_count", 2, 10),
    ],
)
def test_the_limits_are_inclusive(setting, low, high):
    def asked(value):
        others = {"healthcheck_interval_seconds": 300, "healthcheck_timeout_seconds": 2}
        return target_group_validation.health_check(target_group_validation.DEFAULTS | others | {setting: value})[setting]

    assert (asked(low), asked(high)) == (low, high)
    for beyond in (low - 1, high + 1):
        with pytest.raises(ApiError, match=f"Value '{beyond}'"):
            asked(beyond)


@pytest.mark.parametrize(
    ("address", "given", "zone"),
    [
        ("172.31.0.9", None, "us-east-1a"),
        ("172.31.17.1", None, "us-east-1b"),
        ("172.31.17.1", "all", "all"),
        ("192.0.2.7", "all", "all"),
    ],
)
def test_an_address_is_in_the_zone_of_its_subnet_unless_the_request_names_another(address, given, zone):
    assert target_group_validation.zone_of_address(address, given, SUBNETS) == zone


def test_an_address_outside_the_vpc_needs_the_zone_all():
    with pytest.raises(ApiError, match="outside the VPC"):
        target_group_validation.zone_of_address("192.0.2.7", None, SUBNETS)
