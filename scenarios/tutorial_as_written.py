"""The tutorial's own commands with only the placeholders filled in: what happens at each step, and which rule it breaks.

Nothing is assumed: each finding reports what the sandbox returned. The run passes if the service is never reachable, for the reasons that
the rules name. It fails if the service is reachable.
"""

from datetime import timedelta
from typing import Any

from sandbox.images import MACHINE
from sandbox.traffic.plan import Plan
from sandbox.traffic.summary import summarise
from scenarios.kit.cleanup import KEY_PAIR, clean_up
from scenarios.kit.command import shorthand_error
from scenarios.kit.fleet import (
    ALARM,
    CONFIGURATION,
    GROUP,
    IMAGE,
    LOAD_BALANCER,
    TARGET_GROUP,
    TOPIC,
    Resources,
    group,
    in_service,
    lb_state,
)
from scenarios.kit.service import track_cpu
from scenarios.kit.stage import Stage

USER_DATA = MACHINE / "deploy-as-written.sh"
NOT_RUN = ("Unhandled non-multipart", "no application")  # log messages of cloud-init (UD-4), and of the sandbox without cloud-init
ALARM_TIME = timedelta(minutes=11)  # two periods of 300 s, and one minute (TUT-44)
MAX_REAL_WAIT = 60.0  # real seconds: a longer wait for an alarm that stays silent is skipped


def run(stage: Stage) -> bool:
    clean_up(stage, "leftovers of earlier runs")
    try:
        resources = Resources()
        launch(stage, resources)
        balance(stage, resources)
        create_policy_and_alarm(stage)
        reached = fail(stage, resources)
        return judge(stage, reached)
    finally:
        clean_up(stage, "everything this run created (TUT-54: the tutorial has no such step)")


def launch(stage: Stage, resources: Resources) -> None:
    stage.chapter("Steps 1 to 3, as written: the Auto Scaling group")
    stage.say(
        "The placeholders are a key pair, a security group and two subnets of the default VPC. The scenario creates or looks them up first."
    )
    resources.vpc = stage.query("ec2", "describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    subnets = stage.query("ec2", "describe_subnets", Filters=[{"Name": "vpc-id", "Values": [resources.vpc]}])["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}
    resources.subnets = [zones[zone] for zone in sorted(zones)][:2]
    stage.query("ec2", "create_key_pair", KeyName=KEY_PAIR)
    security_group = stage.query(
        "ec2", "create_security_group", GroupName="your-security-group", Description="placeholder", VpcId=resources.vpc
    )
    resources.instance_security_group = security_group["GroupId"]
    created = stage.attempt(
        "autoscaling",
        "create_launch_configuration",
        {"UserData": "file://deploy.sh"},
        LaunchConfigurationName=CONFIGURATION,
        ImageId=IMAGE,
        InstanceType="t3.medium",
        KeyName=KEY_PAIR,
        SecurityGroups=[resources.instance_security_group],
        UserData=USER_DATA.read_text(),
    )
    result = created.error_code or "accepted, because this account is older"
    stage.finding("TUT-20", "New accounts cannot create launch configurations.", bool(created.error_code), result)
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
        VPCZoneIdentifier=",".join(resources.subnets),
    )
    stage.wait_until("3 instances are in service", lambda: len(in_service(stage)) == 3, timedelta(minutes=5))
    inspect_group(stage, resources)


def inspect_group(stage: Stage, resources: Resources) -> None:
    made = group(stage)
    zones = [i["AvailabilityZone"] for i in made["Instances"]]
    counts = {zone: zones.count(zone) for zone in sorted(set(zones))}
    stage.finding(
        "TUT-24", "Two subnets hold 2 and 1 instances: the loss of a zone can leave 1 of 3.", sorted(counts.values()) == [1, 2], str(counts)
    )
    attached = made["TargetGroupARNs"]
    stage.finding(
        "TUT-25",
        "The group is not attached to a target group, so it registers no instances.",
        attached == [],
        f"TargetGroupARNs {attached}",
    )
    kind, grace = made["HealthCheckType"], made["HealthCheckGracePeriod"]
    stage.finding(
        "TUT-26",
        "The group never replaces an instance whose application has crashed.",
        kind == "EC2",
        f"health check type {kind}, grace period {grace} s",
    )
    rules = stage.query("ec2", "describe_security_groups", GroupIds=[resources.instance_security_group])["SecurityGroups"][0][
        "IpPermissions"
    ]
    stage.finding("TUT-22", "No inbound rule allows requests to port 80 of the instances.", rules == [], f"inbound rules {rules}")
    output = console(stage, in_service(stage)[0])
    warning = next((line for line in output.splitlines() if any(words in line for words in NOT_RUN)), "")
    last = warning or (output.splitlines() or ["the console output is empty"])[-1]
    stage.finding(
        "TUT-10", "deploy.sh begins with a comment, so cloud-init does not run it, and there is no application.", bool(warning), last
    )


def console(stage: Stage, instance_id: str) -> str:
    return str(stage.query("ec2", "get_console_output", InstanceId=instance_id).get("Output") or "")


def balance(stage: Stage, resources: Resources) -> None:
    stage.chapter("Step 4, as written: the load balancer")
    resources.target_group = stage.step(
        "elbv2", "create_target_group", Name=TARGET_GROUP, Protocol="HTTP", Port=80, VpcId=resources.vpc, TargetType="instance"
    )["TargetGroups"][0]["TargetGroupArn"]
    made = stage.step(
        "elbv2", "create_load_balancer", Name=LOAD_BALANCER, Subnets=resources.subnets, Scheme="internet-facing", Type="application"
    )["LoadBalancers"][0]
    resources.load_balancer = made["LoadBalancerArn"]
    filters = [{"Name": "vpc-id", "Values": [resources.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = [g["GroupId"] for g in stage.query("ec2", "describe_security_groups", Filters=filters)["SecurityGroups"]]
    groups = made.get("SecurityGroups", [])
    stage.finding(
        "TUT-31",
        "The load balancer has the VPC's default security group, which allows traffic from itself only.",
        groups == default,
        str(groups),
    )
    register(stage, resources)
    listeners = stage.query("elbv2", "describe_listeners", LoadBalancerArn=resources.load_balancer)["Listeners"]
    stage.finding(
        "TUT-30", "The tutorial creates no listener, so nothing listens on port 80.", listeners == [], f"{len(listeners)} listeners"
    )


def register(stage: Stage, resources: Resources) -> None:
    instances = in_service(stage)[:2]
    if not instances:
        stage.say("There are no instances to register.")
        return
    shorthand = ",".join(f"Id={instance}" for instance in instances)
    stage.out(f"   $ aws elbv2 register-targets --target-group-arn {resources.target_group} --targets {shorthand}")
    error = shorthand_error(shorthand)
    if error is None:
        stage.say(
            "awscli is not installed here, so its error cannot be shown. In its shorthand, a comma separates keys of one target (TUT-32)."
        )
    else:
        stage.finding("TUT-32", "A comma does not separate two targets.", bool(error), error or "the AWS CLI accepts it")
    stage.say("With a space instead of the comma:")
    targets: list[dict[str, Any]] = [{"Id": instance} for instance in instances]
    stage.step("elbv2", "register_targets", TargetGroupArn=resources.target_group, Targets=targets)


def create_policy_and_alarm(stage: Stage) -> None:
    stage.chapter("Step 5, as written: scaling policy and alarm")
    if stage.findings.get("TUT-20"):
        stage.say("There is no group for the policy.")
    else:
        stage.say(f"The policy works. It created two alarms (TUT-40): {', '.join(track_cpu(stage).values())}.")
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
    topics = [t["TopicArn"] for t in stage.query("sns", "list_topics")["Topics"]]
    stage.finding("TUT-43", "The alarm's topic does not exist.", topic not in topics, f"topics {topics}")
    dimensions = alarm(stage)["Dimensions"]
    meaning = "The alarm has no dimensions: it evaluates all instances in the Region with detailed monitoring, not this group."
    stage.finding("TUT-41", meaning, dimensions == [], f"dimensions {dimensions}")


def alarm(stage: Stage) -> dict[str, Any]:
    return dict(stage.query("cloudwatch", "describe_alarms", AlarmNames=[ALARM])["MetricAlarms"][0])


def fail(stage: Stage, resources: Resources) -> bool:
    """Returns whether the service was ever reachable."""
    stage.chapter("Step 6, as written: test the fault tolerance")
    stage.wait_until(
        "the load balancer is active (TUT-34: the tutorial does not wait for this)",
        lambda: lb_state(stage, resources) == "active",
        timedelta(minutes=5),
    )
    reached = reachable(stage)
    before = in_service(stage)
    if not before:
        return reached
    states = health(stage, resources)
    unused = bool(states) and all(state == ("unused", "Target.NotInUse") for state in states.values())
    stage.finding("TUT-51", "The targets are unused, so no health check ever runs.", unused, str(sorted(set(states.values()))))
    stage.fault(f"instance {before[0]} is terminated", before[0])
    stage.step("ec2", "terminate_instances", InstanceIds=[before[0]])
    stage.wait_until("the group has replaced it", lambda: replaced(stage, before), timedelta(minutes=10))
    new = sorted(set(in_service(stage)) - set(before))
    registered = sorted(health(stage, resources))
    stage.finding(
        "TUT-45", "The group's EC2 health check replaced the instance, not the alarm.", alarm(stage)["StateValue"] != "ALARM", cause(stage)
    )
    stage.finding(
        "TUT-53", "The replacement is not registered with the load balancer.", not set(new) & set(registered), f"{new} not in {registered}"
    )
    if stage.client.virtual or ALARM_TIME.total_seconds() / stage.client.speed <= MAX_REAL_WAIT:
        stage.client.wait(ALARM_TIME)
        found = alarm(stage)
        observed = f"{found['StateValue']}: {found['StateReason']}"
        stage.finding(
            "TUT-42",
            "CPU is not a health check: an instance was terminated, and the alarm did not fire.",
            found["StateValue"] != "ALARM",
            observed,
        )
    return reachable(stage) or reached


def replaced(stage: Stage, before: list[str]) -> bool:
    now = in_service(stage)
    return len(now) == 3 and before[0] not in now


def cause(stage: Stage) -> str:
    found = stage.query("autoscaling", "describe_scaling_activities", AutoScalingGroupName=GROUP)["Activities"]
    return next((a["Cause"] for a in found if "health check" in a["Cause"]), "no activity names a health check")


def health(stage: Stage, resources: Resources) -> dict[str, tuple[str, str]]:
    """Target id → (state, reason)."""
    found = stage.query("elbv2", "describe_target_health", TargetGroupArn=resources.target_group)["TargetHealthDescriptions"]
    return {t["Target"]["Id"]: (t["TargetHealth"]["State"], t["TargetHealth"].get("Reason", "")) for t in found}


def reachable(stage: Stage) -> bool:
    """Sends requests to each address of the load balancer, as a client would. Returns whether any succeeds."""
    mine = [e for e in stage.client.get("endpoints")["endpoints"] if e["load_balancer"] == LOAD_BALANCER]
    urls = [e["url"] for e in mine if e["url"]]
    for url in urls:
        stream = stage.traffic(Plan(url=url, rate=10, max_requests=10))
        stage.wait_until("10 requests have completed", lambda stream=stream: len(stream.records()) == 10, timedelta(minutes=2))  # type: ignore[misc]
        if summarise(stream.stop()).ok:
            return True
    stage.log(f"client requests to the load balancer: {'none succeeds' if urls else mine[0]['problem']}")
    return False


def judge(stage: Stage, reached: bool) -> bool:
    confirmed = sorted(rule for rule, held in stage.findings.items() if held)
    stage.expect("the service was never reachable", not reached, "no request succeeded" if not reached else "a request succeeded")
    reasons = {"TUT-30": "there is no listener", "TUT-25": "the group is not attached to a target group"}
    if "TUT-20" in confirmed:
        reasons = {"TUT-30": "there is no listener", "TUT-20": "there is no launch configuration, so no group"}
    for rule, sentence in reasons.items():
        stage.expect(f"{sentence} ({rule})", stage.findings.get(rule, False), "confirmed" if stage.findings.get(rule) else "not confirmed")
    stage.say(f"Rules that this run confirmed: {', '.join(confirmed)}.")
    return stage.verdict(
        "The service was never reachable, for the reasons above. The corrected version is: sandbox scenario run tutorial",
        "Unexpected: as written, the tutorial's service must not be reachable, for these reasons.",
    )
