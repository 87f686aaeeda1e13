"""One of each of the more common kinds of object in all services, and the names by which requests find them."""

import json
import random
import re
from typing import Any

from tests.support.services.ec2_calls import AMI, Things
from tests.support.services.fis import make_role, on_instances
from tests.support.virtual import VirtualSandbox

ACCOUNT, REGION = "123456789012", "us-east-1"
ALARM = {"Namespace": "n", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "Statistic": "Sum"}

TEMPLATE = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}}})
PLAUSIBLE = {
    "AdjustmentType": ["ChangeInCapacity"],
    "AttributeName": ["DisplayName", "RawMessageDelivery"],
    "Condition": ["path-pattern"],
    "CidrIpv6": ["::/0"],
    "Field": ["path-pattern", "host-header"],
    "Filter": ["vpc-id"],
    "IpProtocol": ["tcp", "-1"],
    "Key": ["Name", "idle_timeout.timeout_seconds", "deregistration_delay.timeout_seconds", "stickiness.enabled"],
    "Metric": ["GroupMinSize"],
    "NotificationType": ["autoscaling:EC2_INSTANCE_LAUNCH"],
    "Path": ["/a"],
    "PolicyType": ["SimpleScaling", "TargetTrackingScaling"],
    "Recurrence": ["0 0 * * *"],
    "ScalingProcesse": ["Launch"],
    "Stat": ["Average", "p90"],
    "StateReason": ["because"],
    "TagKey": ["Name"],
    "Type": ["forward"],
    "Unit": ["Count"],
    "Value": ["v", "30", "true", "/a"],
    "Zone": ["us-east-1a"],
}
"""Values that are right in many places."""

PLURAL = re.compile(r"(ie)?s$")


class Account:
    """`names`: name of a parameter → names of things that exist."""

    def __init__(self, sandbox: VirtualSandbox) -> None:
        self.names: dict[str, list[str]] = {}
        self._sandbox = sandbox
        self._ec2()
        self._elbv2()
        self._autoscaling()
        self._cloudwatch()
        self._messages()
        self._stack()
        self._experiment()
        for name, values in PLAUSIBLE.items():
            self.names.setdefault(name, []).extend(values)

    def choose(self, parameter: str, rng: random.Random) -> str | None:
        """The name of something that exists, of the parameter's kind; None: there is no such kind."""
        for key in (parameter, PLURAL.sub("", parameter), re.sub(r"^(Source|Target|New|Default|Resource)", "", parameter)):
            if key in self.names:
                return rng.choice(self.names[key])
        return None

    def every(self) -> list[str]:
        return [name for names in self.names.values() for name in names]

    def _add(self, **names: str) -> None:
        for key, name in names.items():
            self.names.setdefault(key, []).append(name)

    def _ec2(self) -> None:
        things = Things(self._sandbox.client("ec2")).make()
        self._sandbox.run(5)
        self._add(**things.ids)
        self._things = things
        api = things.api
        self.subnets = [
            s["SubnetId"] for s in api.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][:2]
        ]
        self.default_vpc = api.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        for kind in ("VpcId", "InstanceId", "VolumeId", "GroupId", "SubnetId"):
            self._add(ResourceId=things.ids[kind], Resource=things.ids[kind])
        self._add(CidrBlock="10.1.8.0/24", CidrIp="10.0.0.0/8", PrivateIpAddress="10.1.0.77", Device="/dev/sdf", DeviceName="/dev/sdg")
        self._add(LaunchTemplateName="t", GroupName="g", Version="1", SourceVersion="$Latest", SecurityGroupId=things.ids["GroupId"])
        self._add(SecurityGroup=things.ids["GroupId"], Subnet=self.subnets[0])

    def _elbv2(self) -> None:
        api = self._sandbox.client("elbv2")
        balancer = api.create_load_balancer(Name="lb", Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        group = api.create_target_group(Name="tg", Protocol="HTTP", Port=80, VpcId=self.default_vpc)["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        made = api.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        listener = made["Listeners"][0]["ListenerArn"]
        condition = [{"Field": "path-pattern", "Values": ["/a"]}]
        rule = api.create_rule(ListenerArn=listener, Priority=5, Conditions=condition, Actions=forward)["Rules"][0]["RuleArn"]
        self._add(LoadBalancerArn=balancer, TargetGroupArn=group, ListenerArn=listener, RuleArn=rule, Name="lb")
        for arn in (balancer, group, listener, rule):
            self._add(ResourceArn=arn)

    def _autoscaling(self) -> None:
        api = self._sandbox.client("autoscaling")
        api.create_launch_configuration(LaunchConfigurationName="lc", ImageId=AMI, InstanceType="t3.micro")
        api.create_auto_scaling_group(
            AutoScalingGroupName="asg",
            LaunchConfigurationName="lc",
            MinSize=0,
            MaxSize=2,
            DesiredCapacity=1,
            VPCZoneIdentifier=",".join(self.subnets),
        )
        simple: dict[str, Any] = {"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
        policy = api.put_scaling_policy(AutoScalingGroupName="asg", PolicyName="p", **simple)["PolicyARN"]
        api.put_scheduled_update_group_action(
            AutoScalingGroupName="asg", ScheduledActionName="s", Recurrence="0 0 * * *", DesiredCapacity=1
        )
        self._sandbox.run(30)
        member = api.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"][0]["InstanceId"]
        self._add(AutoScalingGroupName="asg", LaunchConfigurationName="lc", PolicyName=policy, ScheduledActionName="s", InstanceId=member)
        self._add(VPCZoneIdentifier=",".join(self.subnets), ResourceId="asg")

    def _cloudwatch(self) -> None:
        api = self._sandbox.client("cloudwatch")
        api.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}])
        api.put_metric_alarm(AlarmName="a", ComparisonOperator="GreaterThanThreshold", **ALARM)
        api.put_composite_alarm(AlarmName="c", AlarmRule='ALARM("a")')
        api.put_dashboard(DashboardName="d", DashboardBody=json.dumps({"widgets": []}))
        self._add(AlarmName="a", DashboardName="d", Namespace="n", MetricName="m", AlarmRule='ALARM("a")', Expression="m1 * 2")
        self._add(AlarmName="c", ResourceARN=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a", DashboardBody='{"widgets": []}')
        self._add(MetricWidget=json.dumps({"metrics": [["n", "m"]]}))

    def _stack(self) -> None:
        api = self._sandbox.client("cloudformation")
        api.create_stack(StackName="st", TemplateBody=TEMPLATE)
        self._sandbox.run(30)
        api.create_change_set(StackName="st", ChangeSetName="cs", TemplateBody=TEMPLATE.replace("60", "61"), ChangeSetType="UPDATE")
        self._sandbox.run(30)
        stack = api.describe_stacks()["Stacks"][0]
        self._add(StackName="st", ChangeSetName="cs", TemplateBody=TEMPLATE, LogicalResourceId="Q", StackId=stack["StackId"])
        self._add(StackName=stack["StackId"], TemplateBody=TEMPLATE.replace("60", "70"), Capabilities="CAPABILITY_IAM")
        self._add(TemplateBody=TEMPLATE.replace("SQS", "XYZ"), ParameterKey="P", ParameterValue="v", RoleARN=stack["StackId"])

    def _experiment(self) -> None:
        api, role = self._sandbox.client("fis"), make_role(self._sandbox.client("iam"))
        tagged = {"resourceTags": {"Name": "x"}, "filters": [{"path": "State.Name", "values": ["running"]}]}
        given = {**on_instances("stop", tagged), "experimentOptions": {"emptyTargetResolutionMode": "skip"}}
        template = api.create_experiment_template(**given)["experimentTemplate"]
        experiment = api.start_experiment(experimentTemplateId=template["id"])["experiment"]
        self._sandbox.run(5)
        for made in (template["id"], experiment["id"], "default", "aws:fis:wait"):
            self._add(id=made)
        self._add(experimentTemplateId=template["id"], experimentId=experiment["id"], resourceArn=template["arn"], roleArn=role)
        self._add(resourceType="aws:ec2:instance", selectionMode="COUNT(1)", actionId="aws:ec2:stop-instances", source="none")
        self._add(path="State.Name", targetName="all", nextToken="1", status="engaged", Key="all")
        self._add(resourceType="aws:ec2:subnet", selectionMode="PERCENT(50)", actionId="aws:fis:wait", Key="Instances")
        self._add(logGroupArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*", Key="duration", Value="PT1M")

    def _messages(self) -> None:
        topic = self._sandbox.client("sns").create_topic(Name="topic")["TopicArn"]
        queue = self._sandbox.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
        subscription = self._sandbox.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
        self._sandbox.client("sqs").send_message(QueueUrl=queue, MessageBody="b")
        self._add(TopicArn=topic, SubscriptionArn=subscription, Endpoint=arn, Protocol="sqs", QueueUrl=queue, QueueName="queue")
        self._add(AlarmActions=topic, TargetArn=topic, ResourceArn=topic)
