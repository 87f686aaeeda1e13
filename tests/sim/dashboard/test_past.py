"""Whatever moment the timeline is scrolled back to, the page shows what was observed at that moment."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sandbox.control.build import control_surface
from sandbox.control.observed.model import Observed
from sandbox.control.surface import ControlSurface
from sandbox.dashboard.past.as_of import Past, as_of
from sandbox.settings import Settings
from sandbox.virtual.client import VirtualClient, virtual_client
from tests.support.dashboard.observed import look

STEP, STEPS = timedelta(seconds=23), 60
SIZE = 6


@pytest.fixture(scope="module")
def outage() -> tuple[ControlSurface, Mapping[str, Observed], Mapping[str, tuple[str, ...]]]:
    """A zone is cut off for five minutes, and the group heals. → the surface; what was observed, and which faults were in force, after the
    newest event of each step."""
    client = virtual_client(Settings(runtime="simulated"))
    surface = control_surface(client.sandbox, lambda: None)  # type: ignore[arg-type, return-value]
    _service(client)
    seen, faults = dict[str, Observed](), dict[str, tuple[str, ...]]()
    for number in range(STEPS):
        if number == STEPS // 3:
            client.post("faults", {"kind": "zone-blackhole", "targets": ["us-east-1a"], "for": "5m"})
        if number == STEPS // 2:
            client.aws("autoscaling").set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=SIZE - 2)
        client.wait(STEP)
        newest = surface.journal.newest
        seen[newest], faults[newest] = surface.observed(), tuple(each.id for each in surface.faults.active())
    return surface, seen, faults


def _service(client: VirtualClient) -> None:
    ec2, elbv2, autoscaling = client.aws("ec2"), client.aws("elbv2"), client.aws("autoscaling")
    found = ec2.describe_subnets()["Subnets"]
    subnets = [each["SubnetId"] for each in sorted(found, key=lambda each: str(each["AvailabilityZone"]))[:3]]
    security_group = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]
    anybody = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=security_group, IpPermissions=[anybody])
    checked = {"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2}
    group = elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=found[0]["VpcId"], **checked)["TargetGroups"][0]
    balancer = elbv2.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]
    forward = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
    elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[forward])
    autoscaling.create_launch_configuration(LaunchConfigurationName="web", ImageId="ami-0c047a86012500412", InstanceType="t3.micro")
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="web",
        MinSize=0,
        MaxSize=SIZE + 2,
        DesiredCapacity=SIZE,
        VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[group["TargetGroupArn"]],
        HealthCheckType="ELB",
        HealthCheckGracePeriod=30,
    )
    where = {"Name": "TargetGroup", "Value": group["TargetGroupArn"].rpartition(":")[2]}
    of = {"Name": "LoadBalancer", "Value": balancer["LoadBalancerArn"].partition("loadbalancer/")[2]}
    client.aws("cloudwatch").put_metric_alarm(
        AlarmName="unhealthy",
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Dimensions=[where, of],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


def past(surface: ControlSurface, event_id: str) -> Past:
    found = as_of(event_id, surface.journal.events(), look(surface.observed()), ())
    assert found is not None
    return found


def shown(observed: Observed) -> dict[str, Any]:
    """What a person sees of it, without what the page says is not known."""
    alive = [each for each in observed.instances if each.state != "terminated"]
    return {
        "instances": {each.instance_id: (each.zone, each.state, each.name) for each in alive},
        "targets": {
            (g.name, t.id): (t.zone, t.state, t.state == "initial" or t.reason) for g in observed.target_groups for t in g.targets if t.zone
        },
        "groups": {g.name: (g.min_size, g.desired_capacity, g.max_size, g.health_check_type) for g in observed.groups},
        "in service": {g.name: Counter(g.lifecycle_states)["InService"] for g in observed.groups},
        "load balancers": {each.name: (each.state, each.zones, each.listeners) for each in observed.load_balancers},
        "alarms": {each.name: (each.state, each.reason) for each in observed.alarms},
    }


def test_every_moment_of_an_outage_is_shown_as_it_was_observed(outage: Any) -> None:
    surface, seen, faults = outage
    assert len({str(shown(each)) for each in seen.values()}) > 10, "the outage changes what is seen"
    for event_id, observed in seen.items():
        was = past(surface, event_id)
        assert shown(was.look.observed) == shown(observed), event_id
        assert tuple(each.id for each in was.look.faults) == faults[event_id]


def test_before_anything_was_made_nothing_is_shown(outage: Any) -> None:
    surface, _, _ = outage
    first = past(surface, surface.journal.events()[0].id)
    assert first.earlier is None
    assert (first.look.observed.instances, first.look.observed.groups, first.look.observed.load_balancers) == ((), (), ())


def test_what_is_not_known_is_said(outage: Any) -> None:
    surface, seen, _ = outage
    said = " ".join(past(surface, next(iter(seen))).unknown)
    assert "requests per second" in said and "the journal begins there" in said
