"""Chaos Toolkit with chaostoolkit-aws: experiments on groups, instances and load balancers change the world, or say why not."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import ClientSandbox, needs, program_apart
from tests.support.live import until
from tests.support.services.fis import make_role, on_instances

CHAOS = program_apart("chaos")
pytestmark = needs("Chaos Toolkit", CHAOS is not None)
AMI = "ami-0c047a86012500412"
NAME = "chaos"
ROLE = f"arn:aws:iam::123456789012:role/{NAME}"
ZONES = ("us-east-1a", "us-east-1b")
OF_GROUP = {"asg_names": [NAME]}


@dataclass
class World:
    """A group of two instances in two zones behind a load balancer."""

    sandbox: ClientSandbox
    folder: Path
    subnets: list[str]
    security_groups: list[str]
    balancer: str
    target_group: str

    def chaos(self, *method: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Runs an experiment of these activities ("asg.actions.suspend_processes", arguments). Returns what its journal has of each."""
        steps = [
            {
                "type": "action" if ".actions." in name else "probe",
                "name": name,
                "provider": {"type": "python", "module": f"chaosaws.{name.rpartition('.')[0]}", "func": name.rpartition(".")[2],
                             "arguments": arguments},
            }
            for name, arguments in method
        ]  # fmt: skip
        experiment = {"version": "1.0.0", "title": "an experiment", "description": "of the tests", "method": steps, "rollbacks": []}
        (self.folder / "experiment.json").write_text(json.dumps(experiment))
        self.sandbox.command(
            str(CHAOS), "--no-version-check", "--settings", "none.yaml", "--log-file", "chaos.log",
            "run", "--journal-path", "journal.json", "experiment.json",
            cwd=self.folder, more={"HOME": str(self.folder)},
        )  # fmt: skip
        run: list[dict[str, Any]] = json.loads((self.folder / "journal.json").read_text())["run"]
        return run

    def done(self, *method: tuple[str, dict[str, Any]]) -> list[Any]:
        """Runs activities that all have to succeed. Returns their outputs."""
        run = self.chaos(*method)
        assert [step["status"] for step in run] == ["succeeded"] * len(method), [step.get("exception") for step in run]
        return [step["output"] for step in run]

    def group(self) -> dict[str, Any]:
        found = self.sandbox.aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"]
        return dict(found[0])

    def members(self) -> dict[str, str]:
        """InService instance → its zone."""
        return {m["InstanceId"]: m["AvailabilityZone"] for m in self.group()["Instances"] if m["LifecycleState"] == "InService"}

    def targets(self) -> dict[str, str]:
        found = self.sandbox.aws("elbv2").describe_target_health(TargetGroupArn=self.target_group)["TargetHealthDescriptions"]
        return {each["Target"]["Id"]: each["TargetHealth"]["State"] for each in found}

    def state(self, instance: str) -> str:
        found = self.sandbox.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"])

    def whole(self) -> dict[str, str]:
        """Waits until the group has two members in service, whose targets are healthy. Returns the members."""

        def is_whole() -> bool:
            targets, members = self.targets(), self.members()
            return len(members) == 2 and all(targets.get(each) == "healthy" for each in members)

        until(is_whole, "two members whose targets are healthy", 120)
        return self.members()


@pytest.fixture(scope="module")
def world(sandbox: ClientSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    ec2, elbv2, autoscaling = (sandbox.aws(name) for name in ("ec2", "elbv2", "autoscaling"))
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "availability-zone", "Values": list(ZONES)}]
    found = sorted(ec2.describe_subnets(Filters=filters)["Subnets"], key=lambda subnet: str(subnet["AvailabilityZone"]))
    subnets = [subnet["SubnetId"] for subnet in found]
    groups = [ec2.create_security_group(GroupName=f"{NAME}-{n}", Description="chaos", VpcId=vpc)["GroupId"] for n in range(2)]
    everyone = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[everyone])
    balancer = elbv2.create_load_balancer(Name=NAME, Subnets=subnets, SecurityGroups=groups[:1])["LoadBalancers"][0]["LoadBalancerArn"]
    target_group = elbv2.create_target_group(
        Name=NAME, Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPath="/health", HealthCheckIntervalSeconds=5, HealthyThresholdCount=2,
        HealthCheckTimeoutSeconds=2,
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    quick = [{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    elbv2.modify_target_group_attributes(TargetGroupArn=target_group, Attributes=quick)
    action = {"Type": "forward", "TargetGroupArn": target_group}
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
    data = {
        "ImageId": AMI, "InstanceType": "t3.micro", "SecurityGroupIds": groups[:1],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}}],
    }  # fmt: skip
    ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=NAME, LaunchTemplate={"LaunchTemplateName": NAME}, MinSize=1, MaxSize=4, DesiredCapacity=2,
        VPCZoneIdentifier=",".join(subnets), TargetGroupARNs=[target_group], HealthCheckType="ELB", HealthCheckGracePeriod=10,
    )  # fmt: skip
    make_role(sandbox.aws("iam"), NAME)
    made = World(sandbox, tmp_path_factory.mktemp("chaos"), subnets, groups, balancer, target_group)
    made.whole()
    yield made
    sandbox.aws("iam").delete_role(RoleName=NAME)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    until(lambda: not autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[NAME])["AutoScalingGroups"], "the group is gone", 120)
    if elbv2.describe_load_balancers()["LoadBalancers"]:
        elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    elbv2.delete_target_group(TargetGroupArn=target_group)
    ec2.delete_launch_template(LaunchTemplateName=NAME)
    leftover = ec2.describe_instances(Filters=[{"Name": "tag:detached", "Values": ["yes"]}])["Reservations"]
    ids = [instance["InstanceId"] for reservation in leftover for instance in reservation["Instances"]]
    if ids:
        ec2.terminate_instances(InstanceIds=ids)
        ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    for group in groups:
        ec2.delete_security_group(GroupId=group)


def test_members_of_a_group_are_terminated_or_stopped_and_replaced(world: World) -> None:
    before = world.whole()
    [[terminated]] = world.done(("asg.actions.terminate_random_instances", {**OF_GROUP, "instance_count": 1}))
    [victim] = [each["InstanceId"] for each in terminated["TerminatingInstances"]]
    assert victim in before
    after = world.whole()
    assert victim not in after and world.state(victim) in ("shutting-down", "terminated")

    zone = ZONES[0]
    world.done(
        ("asg.actions.stop_random_instances", {**OF_GROUP, "az": zone}),
        ("asg.probes.wait_desired_equals_healthy", {**OF_GROUP, "timeout": 60}),
    )
    stopped = [each for each, where in after.items() if where == zone]
    until(lambda: not set(stopped) & set(world.members()), "the stopped members are replaced", 120)
    assert set(stopped) and set(world.whole()) > set(after) - set(stopped)


def test_processes_of_a_group_are_suspended_and_resumed(world: World) -> None:
    processes = {**OF_GROUP, "process_names": ["Launch", "Terminate"]}
    _, suspended = world.done(("asg.actions.suspend_processes", processes), ("asg.probes.process_is_suspended", processes))
    assert suspended is True
    _, suspended = world.done(("asg.actions.resume_processes", processes), ("asg.probes.process_is_suspended", processes))
    assert suspended is False


def test_a_group_loses_a_zone_and_an_instance(world: World) -> None:
    world.whole()
    _, has = world.done(
        ("asg.actions.change_subnets", {**OF_GROUP, "subnets": world.subnets[1:]}),
        ("asg.probes.has_subnets", {**OF_GROUP, "subnets": world.subnets[1:]}),
    )
    assert has is True
    until(lambda: len(world.whole()) == 2 and set(world.whole().values()) == {ZONES[1]}, "both members are in the second zone", 180)
    world.done(("asg.actions.change_subnets", {**OF_GROUP, "subnets": world.subnets}))
    until(lambda: set(world.whole().values()) == set(ZONES), "the zones are balanced", 180)

    before = world.whole()
    world.done(("asg.actions.detach_random_instances", {**OF_GROUP, "instance_count": 1}))
    until(lambda: len(set(before) - set(world.members())) == 1, "a member is detached")
    [detached] = set(before) - set(world.members())
    assert world.state(detached) == "running"
    world.done(("ec2.actions.set_tags_on_instances", {"tags": "detached=yes", "filters": [{"Name": "instance-id", "Values": [detached]}]}))
    world.whole()


def test_instances_are_stopped_started_and_terminated(world: World) -> None:
    ec2 = world.sandbox.aws("ec2")
    launched = ec2.run_instances(
        ImageId=AMI, InstanceType="t3.micro", MinCount=2, MaxCount=2, SubnetId=world.subnets[0], SecurityGroupIds=world.security_groups[:1],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "detached", "Value": "yes"}]}],
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}}],
    )["Instances"]  # fmt: skip
    one, two = (each["InstanceId"] for each in launched)
    until(lambda: world.state(one) == world.state(two) == "running", "both run")

    world.done(("ec2.actions.stop_instance", {"instance_id": one}))
    until(lambda: world.state(one) == "stopped", "one is stopped")
    world.done(("ec2.actions.start_instances", {"instance_ids": [one]}), ("ec2.actions.restart_instances", {"instance_ids": [two]}))
    until(lambda: world.state(one) == "running", "it runs again")
    filters = [{"Name": "instance-id", "Values": [one, two]}]
    count, _ = world.done(
        ("ec2.probes.count_instances", {"filters": filters}), ("ec2.actions.detach_random_volume", {"instance_ids": [two]})
    )
    assert count == 1  # the probe counts reservations
    volumes = ec2.describe_volumes(Filters=[{"Name": "tag-key", "Values": ["ChaosToolkitDetached"]}])["Volumes"]
    assert [volume["Attachments"] for volume in volumes] == [[]]
    world.done(("ec2.actions.attach_volume", {"instance_ids": [two]}))
    until(lambda: _attached(ec2, volumes[0]["VolumeId"]) == [two], "the volume is attached again")
    kept = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": volumes[0]["VolumeId"], "DeleteOnTermination": True}}
    ec2.modify_instance_attribute(InstanceId=two, BlockDeviceMappings=[kept])

    world.done(("ec2.actions.terminate_instances", {"filters": filters}))
    until(lambda: world.state(one) == world.state(two) == "terminated", "both are terminated")


def _attached(ec2: Any, volume: str) -> list[str]:
    return [each["InstanceId"] for each in ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Attachments"]]


def test_a_rule_of_a_security_group_comes_and_goes(world: World) -> None:
    ec2, group = world.sandbox.aws("ec2"), world.security_groups[1]
    rule = {"requested_security_group_id": group, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_ip": "10.0.0.0/8"}

    def rules() -> list[int]:
        return [each["FromPort"] for each in ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]]

    world.done(("ec2.actions.authorize_security_group_ingress", rule))
    assert rules() == [22]
    world.done(("ec2.actions.revoke_security_group_ingress", rule))
    assert rules() == []


def test_a_load_balancer_loses_a_target_a_zone_and_its_security_group(world: World) -> None:
    elbv2, before = world.sandbox.aws("elbv2"), set(world.whole())

    def described() -> dict[str, Any]:
        return dict(elbv2.describe_load_balancers(LoadBalancerArns=[world.balancer])["LoadBalancers"][0])

    healthy, _ = world.done(
        ("elbv2.probes.all_targets_healthy", {"tg_names": [NAME]}), ("elbv2.actions.deregister_target", {"tg_name": NAME})
    )
    assert healthy is True
    until(lambda: len(before - set(world.targets())) == 1, "a target is deregistered")

    names = {"load_balancer_names": [NAME]}
    world.done(("elbv2.actions.set_security_groups", {**names, "security_group_ids": world.security_groups}))
    assert set(described()["SecurityGroups"]) == set(world.security_groups)
    third = world.sandbox.aws("ec2").describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1c"]}])["Subnets"][0]
    world.done(("elbv2.actions.set_subnets", {**names, "subnet_ids": [world.subnets[1], third["SubnetId"]]}))
    assert {zone["ZoneName"] for zone in described()["AvailabilityZones"]} == {ZONES[1], "us-east-1c"}
    world.done(("elbv2.actions.set_subnets", {**names, "subnet_ids": world.subnets}))
    world.done(("elbv2.actions.set_security_groups", {**names, "security_group_ids": world.security_groups[:1]}))


def experiment_of(world: World, experiment: str) -> tuple[str, dict[str, str]]:
    """State, and the state of each action."""
    found = world.sandbox.aws("fis").get_experiment(id=experiment)["experiment"]
    return found["state"]["status"], {name: each["state"]["status"] for name, each in found["actions"].items()}


def test_an_experiment_of_fis_stops_an_instance_and_stopping_it_starts_the_instance(world: World) -> None:
    world.whole()
    ec2, fis = world.sandbox.aws("ec2"), world.sandbox.aws("fis")
    one = ec2.run_instances(
        ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=world.subnets[0],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": key, "Value": "yes"} for key in ("detached", "victim")]}],
    )["Instances"][0]["InstanceId"]  # fmt: skip
    until(lambda: world.state(one) == "running", "it runs")
    given = on_instances("stop", {"resourceTags": {"victim": "yes"}}, startInstancesAfterDuration="PT1H")
    made = fis.create_experiment_template(**{**given, "roleArn": ROLE})["experimentTemplate"]["id"]

    [started] = world.done(("fis.actions.start_experiment", {"experiment_template_id": made, "tags": "by=chaostoolkit"}))
    experiment = started["experiment"]["id"]
    until(lambda: world.state(one) == "stopped", "FIS has stopped it")
    [seen] = world.done(("fis.probes.get_experiment", {"experiment_id": experiment}))
    assert seen["experiment"]["state"]["status"] == "running"
    world.done(("fis.actions.stop_experiment", {"experiment_id": experiment}))
    until(lambda: experiment_of(world, experiment)[0] == "stopped", "the experiment is stopped")
    assert world.state(one) == "running"
    world.done(("fis.actions.stop_experiments_by_tags", {"tags": "by=chaostoolkit", "delete_templates": True}))  # it has ended: no error
    fis.delete_experiment_template(id=made)


def test_chaos_toolkits_own_power_interruption_of_a_zone(world: World) -> None:
    """Its template of AWS's scenario, without what the sandbox does not have: volumes, databases, caches."""
    world.whole()
    autoscaling, fis = world.sandbox.aws("autoscaling"), world.sandbox.aws("fis")
    tag = {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "AzImpairmentPower", "Value": "IceAsg"}
    autoscaling.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": False}])
    without = dict.fromkeys(("target_ebs_volumes", "target_rds_cluster", "target_easticache_cluster"), False)
    asked = {"az": ZONES[0], "duration": "PT1H", "role_arn": ROLE, "tags": "by=scenario", **without}
    [started] = world.done(("fis.actions.start_availability_zone_power_interruption_scenario", asked))
    experiment = started["experiment"]["id"]
    untagged = dict.fromkeys(("Stop-Instances", "Stop-ASG-Instances", "Pause-network-connectivity"), "skipped")
    expected = {**untagged, "Pause-ASG-Scaling": "running"}
    until(lambda: experiment_of(world, experiment) == ("running", expected), "launches of the group fail in the zone")

    [victim] = [each for each, zone in world.members().items() if zone == ZONES[0]]
    world.done(("ec2.actions.terminate_instances", {"instance_ids": [victim]}))
    until(lambda: list(world.whole().values()) == [ZONES[1], ZONES[1]], "its replacement is in the other zone", 120)
    world.done(("fis.actions.stop_experiments_by_tags", {"tags": "by=scenario"}))
    until(lambda: experiment_of(world, experiment)[0] == "stopped", "the experiment is stopped")
    for each in fis.list_experiment_templates()["experimentTemplates"]:
        fis.delete_experiment_template(id=each["id"])


def test_a_load_balancer_is_deleted(world: World) -> None:
    elbv2 = world.sandbox.aws("elbv2")
    world.done(("elbv2.actions.delete_load_balancer", {"load_balancer_names": [NAME]}))
    assert NAME not in [each["LoadBalancerName"] for each in elbv2.describe_load_balancers()["LoadBalancers"]]
    until(lambda: set(world.targets().values()) <= {"unused"}, "no load balancer sends anything to the targets")
