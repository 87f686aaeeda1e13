"""The metrics of requests and target states in AWS/ApplicationELB: names, dimensions, values (table LBM-2)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.metrics import MetricDatum, Sample, of_value
from sandbox.drivers.proxy.base import AccessRecord
from sandbox.drivers.proxy.batches import Records
from sandbox.services.elbv2.decide.host_metrics import MeasuredTargetGroup, ObservedHosts, UsingLoadBalancer, decide_hosts
from sandbox.services.elbv2.decide.metrics import ObservedRequests, decide_requests
from sandbox.services.elbv2.model import PublishedHostCounts, TargetState
from sandbox.services.elbv2.state.access_counts import AccessCounts
from tests.support import rule
from tests.support.services.access_records import BALANCER, GROUP, GROUP_ARN, NOON, TARGET, answered_by_balancer, record

LB, TG, AZ = ("LoadBalancer", BALANCER), ("TargetGroup", GROUP), ("AvailabilityZone", "us-east-1a")
HEALTHY, UNHEALTHY, INITIAL, UNUSED, DRAINING = (
    TargetState.HEALTHY,
    TargetState.UNHEALTHY,
    TargetState.INITIAL,
    TargetState.UNUSED,
    TargetState.DRAINING,
)
SECOND = timedelta(seconds=1)


def data_of(records: Sequence[AccessRecord], divisors: Mapping[tuple[str, str | None], int] | None = None) -> tuple[MetricDatum, ...]:
    counts = AccessCounts(VirtualClock(NOON), None, lambda: None)
    counts.count(Records(records))
    observed = ObservedRequests(counts=counts.unpublished(), divisors=divisors or {})
    return tuple(datum for action in decide_requests(observed).actions for datum in action.data)  # type: ignore[attr-defined]


def series(data: Sequence[MetricDatum], name: str) -> dict[frozenset[tuple[str, str]], Sample]:
    found = {frozenset(datum.dimensions): datum.sample for datum in data if datum.name == name}
    assert len(found) == sum(datum.name == name for datum in data), "a series appears once"
    return found


def names(data: Sequence[MetricDatum]) -> set[str]:
    return {datum.name for datum in data}


def of(*dimensions: tuple[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(dimensions)


OF_TARGET = {of(LB), of(LB, AZ), of(LB, TG), of(LB, AZ, TG)}
OF_BALANCER = {of(LB), of(LB, AZ)}


@rule("LBM-2")
@pytest.mark.parametrize(
    ("name", "unit", "sets"),
    [
        ("RequestCount", "Count", OF_TARGET),
        ("HTTPCode_Target_2XX_Count", "Count", OF_TARGET),
        ("TargetResponseTime", "Seconds", OF_TARGET),
        ("RequestCountPerTarget", "Count", {of(TG), of(LB, TG), of(TG, AZ), of(LB, TG, AZ)}),
        ("ProcessedBytes", "Bytes", OF_BALANCER),
    ],
)
def test_a_request_that_a_target_answered_is_in_these_series(name: str, unit: str, sets: set[frozenset[tuple[str, str]]]) -> None:
    data = data_of([record()])
    assert set(series(data, name)) == sets
    assert {(d.unit, d.namespace, d.at, d.scope) for d in data if d.name == name} == {
        (unit, "AWS/ApplicationELB", NOON, Scope("123456789012", "us-east-1"))
    }


@rule("LBM-2")
@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (record(), {"RequestCount", "HTTPCode_Target_2XX_Count"}),
        (record(elb_status_code=302, target_status_code=302), {"RequestCount", "HTTPCode_Target_3XX_Count"}),
        (record(elb_status_code=404, target_status_code=404), {"RequestCount", "HTTPCode_Target_4XX_Count"}),
        (record(elb_status_code=502, target_status_code=502), {"RequestCount", "HTTPCode_Target_5XX_Count"}),
        (answered_by_balancer(503), {"HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count"}),
        (
            answered_by_balancer(502, target=TARGET, target_connection_error=True),
            {"RequestCount", "TargetConnectionErrorCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_502_Count"},
        ),
        (answered_by_balancer(504, target=TARGET), {"RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_504_Count"}),
        (answered_by_balancer(561), {"HTTPCode_ELB_5XX_Count"}),
        (answered_by_balancer(460, target=TARGET), {"RequestCount", "HTTPCode_ELB_4XX_Count"}),
        (
            answered_by_balancer(301, target_group=None, actions_executed="redirect"),
            {"HTTPCode_ELB_3XX_Count", "HTTP_Redirect_Count"},
        ),
        (answered_by_balancer(200, target_group=None, actions_executed="fixed-response"), {"HTTP_Fixed_Response_Count"}),
        (
            answered_by_balancer(404, target_group=None, actions_executed="fixed-response"),
            {"HTTPCode_ELB_4XX_Count", "HTTP_Fixed_Response_Count"},
        ),
    ],
    ids=lambda value: f"{value.elb_status_code}/{value.target_status_code}" if isinstance(value, AccessRecord) else "",
)
def test_each_outcome_counts_in_its_metrics(request_: AccessRecord, expected: set[str]) -> None:
    data = data_of([request_])
    counted = {d.name for d in data if d.sample == of_value(1.0)} - {"RequestCountPerTarget"}  # requests over targets, not a count
    assert counted == expected


@rule("LBM-2")
def test_the_zone_of_a_request_is_that_of_the_node_that_got_it() -> None:
    data = data_of([answered_by_balancer(503)])
    assert set(series(data, "HTTPCode_ELB_503_Count")) == OF_BALANCER
    assert set(series(data_of([answered_by_balancer(503, node_zone=None)]), "HTTPCode_ELB_503_Count")) == {of(LB)}
    refused = data_of([answered_by_balancer(502, target=TARGET, target_connection_error=True)])
    assert set(series(refused, "HTTPCode_ELB_502_Count")) == OF_BALANCER
    assert set(series(refused, "TargetConnectionErrorCount")) == OF_TARGET


@rule("LBM-2", "CW-5")
def test_counts_are_samples_of_one_and_times_keep_their_distribution() -> None:
    data = data_of([record(target_processing_time=t / 1000) for t in (10, 10, 20, 500)])
    assert series(data, "RequestCount")[of(LB)] == of_value(1.0, 4.0)
    assert series(data, "TargetResponseTime")[of(LB, TG)].entries == [(0.01, 2), (0.02, 1), (0.5, 1)]
    assert series(data, "ProcessedBytes")[of(LB)] == Sample(4, 1600, 400, 400)


@rule("TG-39")
def test_requests_that_were_routed_by_routing_failover_are_counted() -> None:
    data = data_of([record(), record(fail_open=True), record(fail_open=True, target="172.31.0.6:80")])
    assert {where: sample.total for where, sample in series(data, "UnhealthyRoutingRequestCount").items()} == {
        of(LB, TG): 2.0,
        of(LB, AZ, TG): 2.0,
    }


def test_a_record_of_many_equal_requests_counts_as_many() -> None:
    data = data_of([record(count=40), record()])
    assert series(data, "RequestCount")[of(LB)] == of_value(1.0, 41.0)
    assert series(data, "TargetResponseTime")[of(LB)].count == 41
    assert series(data, "ProcessedBytes")[of(LB)] == Sample(41, 41 * 400, 400, 400)


@rule("LBM-2")
def test_zero_is_not_published() -> None:
    data = data_of([answered_by_balancer(503, received_bytes=0, sent_bytes=0)])
    assert names(data) == {"HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count"}


@rule("LBM-3")
@pytest.mark.parametrize(
    ("divisors", "whole", "zonal"),
    [({(GROUP_ARN, None): 3, (GROUP_ARN, "us-east-1a"): 2}, 4.0, 6.0), ({}, 12.0, 12.0), ({(GROUP_ARN, None): 0}, 12.0, 12.0)],
    ids=["three targets, two in the zone", "the group is gone", "no target left"],
)
def test_requests_per_target_are_requests_over_targets(divisors: Mapping[tuple[str, str | None], int], whole: float, zonal: float) -> None:
    found = series(data_of([record()] * 12, divisors), "RequestCountPerTarget")
    sums = {where: sample.total for where, sample in found.items()}
    assert sums == {of(TG): whole, of(LB, TG): whole, of(TG, AZ): zonal, of(LB, TG, AZ): zonal}


def test_minutes_and_load_balancers_have_separate_series() -> None:
    counts = AccessCounts(VirtualClock(NOON + 90 * SECOND), None, lambda: None)
    counts.count(Records([record(), record(time=NOON + 60 * SECOND), record(load_balancer="app/other/1")]))
    (action,) = decide_requests(ObservedRequests(counts=counts.unpublished())).actions
    found = {(d.dimensions, d.at): d.sample for d in action.data if d.name == "RequestCount" and len(d.dimensions) == 1}  # type: ignore[attr-defined]
    assert found == {
        ((LB,), NOON): of_value(1.0),
        ((LB,), NOON + 60 * SECOND): of_value(1.0),
        ((("LoadBalancer", "app/other/1"),), NOON): of_value(1.0),
    }


def test_without_requests_nothing_is_published_and_nothing_is_scheduled() -> None:
    assert decide_requests(ObservedRequests()) == replace(decide_requests(ObservedRequests()), actions=(), look_again=None)


# ---- hosts -------------------------------------------------------------------------------------------------------------------------------


def hosts(
    *targets: tuple[str | None, TargetState],
    published: PublishedHostCounts | None = None,
    now: datetime = NOON,
    attributes: Mapping[str, str] | None = None,
    shifted: frozenset[str] = frozenset(),
) -> tuple[dict[object, float], PublishedHostCounts]:
    """→ {(name, dimensions): value} of the samples, and all that were published in the minute."""
    balancer = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/{BALANCER}"
    published = published or PublishedHostCounts()
    using = UsingLoadBalancer(arn=balancer, zones=("us-east-1a", "us-east-1b"), shifted=shifted)
    group = MeasuredTargetGroup(arn=GROUP_ARN, load_balancers=(using,), targets=targets, published=published, attributes=attributes or {})
    actions = decide_hosts(ObservedHosts(scope=Scope("1", "us-east-1"), target_groups=(group,)), now).actions
    found: dict[object, float] = {}
    for action in actions:
        for datum in action.data:  # type: ignore[attr-defined]
            found[datum.name, frozenset(datum.dimensions)] = datum.sample.total
    return found, actions[0].published if actions else published  # type: ignore[attr-defined]


def counted(found: dict[object, float], *where: tuple[str, str]) -> tuple[float | None, float | None]:
    """→ HealthyHostCount, UnHealthyHostCount."""
    return found.get(("HealthyHostCount", of(*where))), found.get(("UnHealthyHostCount", of(*where)))


@rule("LBM-2", "LBM-4")
@pytest.mark.parametrize(
    ("targets", "whole", "zonal"),
    [
        ((("us-east-1a", HEALTHY), ("us-east-1a", UNHEALTHY), ("us-east-1b", HEALTHY)), (2.0, 1.0), (1.0, 1.0)),
        ((("us-east-1a", INITIAL), ("us-east-1a", UNUSED)), (0.0, 0.0), (0.0, 0.0)),
        ((("us-east-1a", UNHEALTHY), (None, UNHEALTHY)), (0.0, 2.0), (0.0, 1.0)),
        ((("us-east-1a", DRAINING),), (None, None), (None, None)),
        ((), (None, None), (None, None)),
    ],
    ids=["two zones", "neither healthy nor unhealthy", "zone unknown", "draining is not registered", "no targets"],
)
def test_hosts_are_counted_by_state_for_the_group_and_each_zone(
    targets: tuple[tuple[str | None, TargetState], ...], whole: tuple[float, float], zonal: tuple[float, float]
) -> None:
    found, _ = hosts(*targets)
    assert (counted(found, LB, TG), counted(found, LB, AZ, TG)) == (whole, zonal)


@rule("LBM-4")
def test_a_change_within_a_minute_is_another_sample_of_it() -> None:
    _, published = hosts(("us-east-1a", HEALTHY))
    assert hosts(("us-east-1a", HEALTHY), published=published, now=NOON + 30 * SECOND)[0] == {}
    found, published = hosts(("us-east-1a", UNHEALTHY), published=published, now=NOON + 30 * SECOND)
    assert counted(found, LB, TG) == (0.0, 1.0)
    assert (
        hosts(("us-east-1a", HEALTHY), published=published, now=NOON + 50 * SECOND)[0] == {}
    )  # the minute has a sample of that value already
    found, _ = hosts(("us-east-1a", HEALTHY), published=published, now=NOON + 60 * SECOND)
    assert counted(found, LB, TG) == (1.0, 0.0)


ZONE_A, ZONE_B = "us-east-1a", "us-east-1b"
NO_CROSS_ZONE = {"load_balancing.cross_zone.enabled": "false"}


@rule("TG-39")
@pytest.mark.parametrize(
    ("attributes", "whole", "zonal"),
    [({}, (2.0, 0.0), (1.0, 0.0)), (NO_CROSS_ZONE, (1.0, 1.0), (0.0, 1.0))],
    ids=["cross-zone", "each zone for itself"],
)
@pytest.mark.parametrize("kind", ["DNS", "Routing"])
def test_zones_that_meet_the_thresholds_are_counted(
    kind: str, attributes: Mapping[str, str], whole: tuple[float, float], zonal: tuple[float, float]
) -> None:
    """The only healthy target is in the other zone."""
    found, _ = hosts((ZONE_A, UNHEALTHY), (ZONE_B, HEALTHY), attributes=attributes)
    names_ = (f"HealthyState{kind}", f"UnhealthyState{kind}")
    assert tuple(found[name, of(LB, TG)] for name in names_) == whole
    assert tuple(found[name, of(LB, AZ, TG)] for name in names_) == zonal


@rule("TG-40", "LBM-2")
def test_targets_that_a_zonal_shift_excludes_are_counted_while_there_are_any() -> None:
    found, _ = hosts((ZONE_A, HEALTHY), (ZONE_A, UNHEALTHY), (ZONE_B, HEALTHY), shifted=frozenset({ZONE_A}))
    assert (found["ZonalShiftedHostCount", of(LB, TG)], found["ZonalShiftedHostCount", of(LB, AZ, TG)]) == (2.0, 2.0)
    assert not [name for name, _ in hosts((ZONE_A, HEALTHY))[0] if name == "ZonalShiftedHostCount"]


def test_the_next_sample_is_due_at_the_next_minute() -> None:
    decision = decide_hosts(ObservedHosts(scope=Scope("1", "us-east-1")), NOON + 45 * SECOND)
    assert decision.look_again == 15 * SECOND
