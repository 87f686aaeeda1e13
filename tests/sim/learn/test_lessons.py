"""The first lessons can be done: each is carried out with the AWS API and faults in virtual time, and its steps turn green one by one."""

from pathlib import Path

from sandbox.learn.library import find, lessons
from tests.support.learn.learner import IMAGE, Learner


def test_never_reached(learner: Learner) -> None:
    assert learner.green("never_reached") == 0
    lb, web = learner.security_groups()
    ids = [
        learner.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=s, SecurityGroupIds=[web])
        for s in learner.subnets[:2]
    ]
    learner.wait(60)
    assert learner.green("never_reached") == 1
    target_group = learner.target_group()
    learner.elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": i["Instances"][0]["InstanceId"]} for i in ids])
    learner.wait(60)
    assert learner.green("never_reached") == 2
    load_balancer = learner.load_balancer(lb)
    learner.wait(60)
    assert learner.green("never_reached") == 3
    learner.listen(load_balancer, target_group)
    assert learner.green("never_reached") == 4
    learner.wait(60)
    assert learner.green("never_reached") == 5


def test_dead_application(learner: Learner) -> None:
    learner.service(2)
    assert learner.green("dead_application") == 1
    learner.fault("process-kill", learner.member())
    learner.wait(5)
    assert learner.green("dead_application") == 2
    learner.wait(120)
    assert learner.green("dead_application") == 3
    learner.wait(600)
    assert learner.green("dead_application") == 3  # EC2's health checks never find it
    learner.groups.update_auto_scaling_group(AutoScalingGroupName="web", HealthCheckType="ELB", HealthCheckGracePeriod=60)
    assert learner.green("dead_application") == 4
    learner.wait(600)
    assert learner.green("dead_application") == 5


def test_slow_to_notice(learner: Learner) -> None:
    target_group = learner.service(2)
    assert learner.green("slow_to_notice") == 1
    learner.fault("instance-hang", learner.member())
    learner.wait(10)
    assert learner.green("slow_to_notice") == 2
    learner.wait(65)
    assert learner.green("slow_to_notice") == 3
    learner.elb.modify_target_group(
        TargetGroupArn=target_group, HealthCheckPath="/health", HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=5
    )
    assert learner.green("slow_to_notice") == 4
    learner.heal()
    learner.wait(120)
    assert learner.green("slow_to_notice") == 5


def test_alarm_without_ears(learner: Learner) -> None:
    target_group = learner.service(2)
    topic = learner.client.aws("sns").create_topic(Name="alerts")["TopicArn"]
    load_balancer = learner.elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    learner.client.aws("cloudwatch").put_metric_alarm(
        AlarmName="unhealthy", Namespace="AWS/ApplicationELB", MetricName="UnHealthyHostCount", Statistic="Maximum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[topic],
        Dimensions=[
            {"Name": "TargetGroup", "Value": target_group.rsplit(":", 1)[1]},
            {"Name": "LoadBalancer", "Value": load_balancer.split("loadbalancer/", 1)[1]},
        ],
    )  # fmt: skip
    assert learner.green("alarm_without_ears") == 1
    queues = learner.client.aws("sqs")
    queue = queues.create_queue(QueueName="alerts")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    learner.client.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert learner.green("alarm_without_ears") == 2
    victim = learner.member()
    learner.fault("instance-hang", victim)
    learner.wait(240)
    assert learner.green("alarm_without_ears") == 3
    learner.heal()
    learner.wait(600)
    assert learner.green("alarm_without_ears") == 4


def test_dark_zone(learner: Learner) -> None:
    learner.service(6, HealthCheckType="ELB", HealthCheckGracePeriod=60)
    assert learner.green("dark_zone") == 1
    learner.fault("zone-power-off", "us-east-1a")
    learner.wait(10)
    assert learner.green("dark_zone") == 2
    learner.wait(300)
    assert learner.green("dark_zone") == 4
    learner.heal()
    learner.wait(1200)
    assert learner.green("dark_zone") == 5


def test_every_lesson_is_done_by_a_test() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [lesson.name for lesson in lessons() if f"def test_{lesson.name}(" not in tests] == []


def test_a_step_stays_green_and_a_new_beginning_forgets(learner: Learner) -> None:
    learner.service(2)
    learner.fault("process-kill", learner.member())
    learner.wait(120)
    lesson = find("dead_application")
    assert not any(each.green for each in learner.book.look(lesson)[1][1:])  # what happened before does not count
    learner.client.aws("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    learner.wait(60)
    assert learner.green("dead_application") == 1
    begun = learner.book.begin(lesson)
    assert begun.green == frozenset() and learner.book.progress(lesson) == begun
    assert learner.green("dead_application") == 0
