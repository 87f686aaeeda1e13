"""The tutorial's own commands, with only its placeholders filled: what really happens at each step, and which rule it breaks.

Nothing here is known beforehand: each finding is what the sandbox answered. The verdict that is expected is that the service was never
reachable, for the reasons that the rules name; a run in which it was reachable has failed.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.traffic.plan import Plan
from sandbox.traffic.verdict import summarise
from scenarios.kit.cleanup import KEY_PAIR, clean_up
from scenarios.kit.command import refused_by_aws_cli
from scenarios.kit.fleet import (
    ALARM,
    CONFIGURATION,
    GROUP,
    IMAGE,
    LOAD_BALANCER,
    TARGET_GROUP,
    TOPIC,
    Scene,
    group,
    in_service,
    lb_state,
)
from scenarios.kit.service import track_cpu
from scenarios.kit.stage import Stage

USER_DATA = Path(__file__).parent.parent / "app" / "deploy-as-written.sh"
NOT_RUN = ("Unhandled non-multipart", "no application")  # cloud-init's words (UD-4), and the sandbox's where there is no cloud-init
ALARM_TIME = timedelta(minutes=11)  # two periods of 300 s, and one minute (TUT-44)
LONGEST_REAL_WAIT = 60.0  # seconds: what a reader waits for an alarm that will not come


def run(stage: Stage) -> bool:
    clean_up(stage, "what a former run left behind")
    try:
        scene = Scene()
        launch(stage, scene)
        balance(stage, scene)
        watch(stage)
        reached = fail(stage, scene)
        return judge(stage, reached)
    finally:
        clean_up(stage, "everything of this run (TUT-54: the tutorial has no such step)")


def launch(stage: Stage, scene: Scene) -> None:
    stage.chapter("Steps 1 to 3, as written: instances by an Auto Scaling group")
    stage.say("The placeholders: a key pair, a security group and two subnets of the default VPC. They are made or looked up first.")
    scene.vpc = stage.ask("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = stage.ask("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [scene.vpc]}])["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}
    scene.subnets = [zones[zone] for zone in sorted(zones)][:2]
    stage.ask("ec2", "create_key_pair", KeyName=KEY_PAIR)
    made = stage.ask("ec2", "create_security_group", GroupName="your-security-group", Description="placeholder", VpcId=scene.vpc)
    scene.instance_security_group = made["GroupId"]
    created = stage.attempt(
        "autoscaling",
        "create_launch_configuration",
        {"UserData": "file://deploy.sh"},
        LaunchConfigurationName=CONFIGURATION,
        ImageId=IMAGE,
        InstanceType="t3.medium",
        KeyName=KEY_PAIR,
        SecurityGroups=[scene.instance_security_group],
        UserData=USER_DATA.read_text(),
    )
    refused = created.error_code or "accepted: this account is an older one"
    stage.finding("TUT-20", "New accounts cannot create launch configurations.", bool(created.error_code), refused)
    if created.error_code:
        return
    stage.step(
        "autoscaling",
        "create_auto_scaling_group",
        AutoScalingGroupName=GROUP,
        LaunchConfigurationName=CONFIGURATION,
        MinSize=3,
        MaxSize=10,
        DesiredCapacity=3,
        VPCZoneIdentifier=",".join(scene.subnets),
    )
    stage.wait_until("3 instances are in service", lambda: len(in_service(stage)) == 3, timedelta(minutes=5))
    inspect_group(stage, scene)


def inspect_group(stage: Stage, scene: Scene) -> None:
    made = group(stage)
    zones = [i["AvailabilityZone"] for i in made["Instances"]]
    counts = {zone: zones.count(zone) for zone in sorted(set(zones))}
    stage.finding("TUT-24", "Two subnets hold 2 and 1: losing one zone may leave 1 of 3.", sorted(counts.values()) == [1, 2], str(counts))
    attached = made["TargetGroupARNs"]
    stage.finding(
        "TUT-25", "The group is attached to no target group: it registers nothing.", attached == [], f"TargetGroupARNs {attached}"
    )
    kind, grace = made["HealthCheckType"], made["HealthCheckGracePeriod"]
    stage.finding("TUT-26", "A dead application on a running machine is never replaced.", kind == "EC2", f"checks {kind}, grace {grace} s")
    rules = stage.ask("ec2", "describe_security_groups", GroupIds=[scene.instance_security_group])["SecurityGroups"][0]["IpPermissions"]
    stage.finding("TUT-22", "Nothing lets requests in to the instances' port 80.", rules == [], f"inbound rules {rules}")
    output = console(stage, in_service(stage)[0])
    warning = next((line for line in output.splitlines() if any(words in line for words in NOT_RUN)), "")
    last = warning or (output.splitlines() or ["the console is empty"])[-1]
    stage.finding("TUT-10", "deploy.sh begins with a comment, so cloud-init does not run it: no application.", bool(warning), last)


def console(stage: Stage, instance_id: str) -> str:
    return str(stage.ask("ec2", "get_console_output", InstanceId=instance_id).get("Output") or "")


def balance(stage: Stage, scene: Scene) -> None:
    stage.chapter("Step 4, as written: the load balancer")
    scene.target_group = stage.step(
        "elbv2", "create_target_group", Name=TARGET_GROUP, Protocol="HTTP", Port=80, VpcId=scene.vpc, TargetType="instance"
    )["TargetGroups"][0]["TargetGroupArn"]
    made = stage.step(
        "elbv2", "create_load_balancer", Name=LOAD_BALANCER, Subnets=scene.subnets, Scheme="internet-facing", Type="application"
    )["LoadBalancers"][0]
    scene.load_balancer = made["LoadBalancerArn"]
    filters = [{"Name": "vpc-id", "Values": [scene.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = [g["GroupId"] for g in stage.ask("ec2", "describe_security_groups", Filters=filters)["SecurityGroups"]]
    groups = made.get("SecurityGroups", [])
    stage.finding("TUT-31", "The load balancer has the VPC's default group, which admits only itself.", groups == default, str(groups))
    register(stage, scene)
    listeners = stage.ask("elbv2", "describe_listeners", LoadBalancerArn=scene.load_balancer)["Listeners"]
    stage.finding("TUT-30", "No listener is created: nothing listens on port 80.", listeners == [], f"{len(listeners)} listeners")


def register(stage: Stage, scene: Scene) -> None:
    instances = in_service(stage)[:2]
    if not instances:
        stage.say("There are no instances to register.")
        return
    written = ",".join(f"Id={instance}" for instance in instances)
    stage.out(f"   $ aws elbv2 register-targets --target-group-arn {scene.target_group} --targets {written}")
    error = refused_by_aws_cli(written)
    if error is None:
        stage.say(
            "What the AWS CLI says to that cannot be shown: awscli is not installed here. A comma joins keys of one structure (TUT-32)."
        )
    else:
        stage.finding("TUT-32", "A comma does not part two targets.", bool(error), error or "the AWS CLI accepts it")
    stage.say("Its reader puts a space in the comma's place, and goes on:")
    targets: list[dict[str, Any]] = [{"Id": instance} for instance in instances]
    stage.step("elbv2", "register_targets", TargetGroupArn=scene.target_group, Targets=targets)


def watch(stage: Stage) -> None:
    stage.chapter("Step 5, as written: scaling policy and alarm")
    if stage.findings.get("TUT-20"):
        stage.say("There is no group to put a policy on.")
    else:
        stage.say(f"It works, and made two alarms of its own (TUT-40): {', '.join(track_cpu(stage).values())}.")
    topic = f"arn:aws:sns:us-east-1:123456789012:{TOPIC}"
    stage.step(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=ALARM,
        AlarmDescription="Health check for instances",
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Statistic="Average",
        Period=300,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=2,
        AlarmActions=[topic],
    )
    topics = [t["TopicArn"] for t in stage.ask("sns", "list_topics")["Topics"]]
    stage.finding("TUT-43", "The alarm tells a topic that nobody created.", topic not in topics, f"topics {topics}")
    dimensions = alarm(stage)["Dimensions"]
    meaning = "The alarm watches all instances of the Region that have detailed monitoring, and none where it is basic."
    stage.finding("TUT-41", meaning, dimensions == [], f"dimensions {dimensions}")


def alarm(stage: Stage) -> dict[str, Any]:
    return dict(stage.ask("cloudwatch", "describe_alarms", AlarmNames=[ALARM])["MetricAlarms"][0])


def fail(stage: Stage, scene: Scene) -> bool:
    """→ whether the service was ever reachable."""
    stage.chapter("Step 6, as written: test the fault tolerance")
    stage.wait_until(
        "the load balancer is active (TUT-34: nothing waits for it)", lambda: lb_state(stage, scene) == "active", timedelta(minutes=5)
    )
    reached = reachable(stage)
    before = in_service(stage)
    if not before:
        return reached
    told = health(stage, scene)
    unused = bool(told) and all(state == ("unused", "Target.NotInUse") for state in told.values())
    stage.finding("TUT-51", "The targets are unused: no health check ever runs.", unused, str(sorted(set(told.values()))))
    stage.fault(f"instance {before[0]} is terminated")
    stage.step("ec2", "terminate_instances", InstanceIds=[before[0]])
    stage.wait_until("the group has replaced it", lambda: replaced(stage, before), timedelta(minutes=10))
    new = sorted(set(in_service(stage)) - set(before))
    registered = sorted(health(stage, scene))
    stage.finding("TUT-45", "The group's own EC2 check replaced it, not the alarm.", alarm(stage)["StateValue"] != "ALARM", cause(stage))
    stage.finding(
        "TUT-53", "The replacement is not behind the load balancer.", not set(new) & set(registered), f"{new} not in {registered}"
    )
    if stage.client.virtual or ALARM_TIME.total_seconds() / stage.client.speed <= LONGEST_REAL_WAIT:
        stage.client.wait(ALARM_TIME)
        known = alarm(stage)
        opinion = f"{known['StateValue']}: {known['StateReason']}"
        stage.finding(
            "TUT-42", "CPU is no health check: an instance died, and the alarm told nobody.", known["StateValue"] != "ALARM", opinion
        )
    return reachable(stage) or reached


def replaced(stage: Stage, before: list[str]) -> bool:
    now = in_service(stage)
    return len(now) == 3 and before[0] not in now


def cause(stage: Stage) -> str:
    found = stage.ask("autoscaling", "describe_scaling_activities", AutoScalingGroupName=GROUP)["Activities"]
    return next((a["Cause"] for a in found if "health check" in a["Cause"]), "no activity names a health check")


def health(stage: Stage, scene: Scene) -> dict[str, tuple[str, str]]:
    """Target → (state, reason)."""
    found = stage.ask("elbv2", "describe_target_health", TargetGroupArn=scene.target_group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"]: (t["TargetHealth"]["State"], t["TargetHealth"].get("Reason", "")) for t in found}


def reachable(stage: Stage) -> bool:
    """Asks the load balancer as a client would, wherever it answers."""
    mine = [e for e in stage.client.get("endpoints")["endpoints"] if e["load_balancer"] == LOAD_BALANCER]
    urls = [e["url"] for e in mine if e["url"]]
    for url in urls:
        stream = stage.traffic(Plan(url=url, rate=10, most=10))
        stage.wait_until("10 requests have ended", lambda stream=stream: len(stream.records()) == 10, timedelta(minutes=2))  # type: ignore[misc]
        if summarise(stream.stop()).ok:
            return True
    stage.stamped(f"a client asks the load balancer: {'no request is answered' if urls else mine[0]['problem']}")
    return False


def judge(stage: Stage, reached: bool) -> bool:
    shown = sorted(rule for rule, held in stage.findings.items() if held)
    stage.expect("the service was never reachable", not reached, "no request was answered" if not reached else "a request was answered")
    reasons = {"TUT-30": "because there is no listener", "TUT-25": "and the group is attached to no target group"}
    if "TUT-20" in shown:
        reasons = {"TUT-30": "because there is no listener", "TUT-20": "and no launch configuration, so no group"}
    for rule, sentence in reasons.items():
        stage.expect(f"{sentence} ({rule})", stage.findings.get(rule, False), "seen" if stage.findings.get(rule) else "not seen")
    stage.say(f"Rules that showed themselves: {', '.join(shown)}.")
    return stage.verdict(
        "the service was never reachable, for the reasons above; `sandbox scenario run tutorial` is the form that works.",
        "unexpected: as written, the tutorial's service should not have been reachable, and for these reasons.",
    )
