"""Search texts of SEARCH()."""

import pytest

from sandbox.core.errors import ApiError
from sandbox.services.cloudwatch.data import searches
from sandbox.services.cloudwatch.data.series import MetricId
from tests.support import rule

CPU = MetricId("AWS/EC2", "CPUUtilization", (("InstanceId", "i-0a1"),))
GROUP_CPU = MetricId("AWS/EC2", "CPUUtilization", (("AutoScalingGroupName", "web"),))
ERRORS = MetricId("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", (("AvailabilityZone", "us-east-1a"), ("LoadBalancer", "app/lb/1")))


@rule("CW-7")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{AWS/EC2,InstanceId}", [CPU]),
        ("{AWS/EC2,InstanceId} CPUUtilization", [CPU]),
        ("cpu", [CPU, GROUP_CPU]),
        ("cpu AND web", [GROUP_CPU]),
        ('MetricName="CPUUtilization"', [CPU, GROUP_CPU]),
        ('MetricName="CPU"', []),
        ("MetricName=CPU", [CPU, GROUP_CPU]),
        ("Namespace=ApplicationELB LoadBalancer=app/lb/1", [ERRORS]),
        ('{AWS/ApplicationELB,"LoadBalancer","AvailabilityZone"} 5XX', [ERRORS]),
        ("{AWS/ApplicationELB,LoadBalancer} 5XX", []),  # the schema names every dimension
        ("InstanceId=i-0b2", []),
    ],
)
def test_what_searches_find(text: str, found: list[MetricId]) -> None:
    search = searches.parse(text)
    assert [metric for metric in (CPU, GROUP_CPU, ERRORS) if search.matches(metric)] == found


def test_a_search_is_read_once() -> None:
    assert len(searches.parse("  a=b c " * 50_000 + "  ").terms) == 100_000


@pytest.mark.parametrize("text", ["cpu OR web", "NOT cpu", "(cpu)", '"unclosed', 'a="b'])
def test_what_is_not_done_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="not supported by this sandbox"):
        searches.parse(text)
