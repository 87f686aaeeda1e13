"""An alarm on UnHealthyHostCount notifies a topic, and the topic its subscribers: an HTTP endpoint, a queue and an email address.

A health check that expects the wrong status code makes every target unhealthy (S11). The group uses EC2 health checks only, so it replaces
nothing, and the alarm lasts until the health check is corrected. Two more alarms show what does not work: the tutorial's own, which has no
dimensions, and one whose topic does not exist. The verdict checks them too. With --control, the main alarm gets one of these mistakes, and
the run must fail.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from sandbox.traffic.receiver import Receiver
from scenarios.kit import alarm_verdict, service
from scenarios.kit.alarm_run import ALARM, EMAIL, NO_TOPIC_ALARM, QUEUE, TUTORIAL_ALARM, AlarmRun
from scenarios.kit.alarms import state
from scenarios.kit.cleanup import clean_up
from scenarios.kit.fleet import TOPIC, Resources
from scenarios.kit.option import Option
from scenarios.kit.resources.deletion import delete_alarms
from scenarios.kit.stage import Stage, WaitTimeout

CONTROL = Option(
    name="control",
    help="Break the alarm: no dimensions, or a topic that does not exist. A negative control: the run must fail.",
    choices=("none", "no-dimensions", "no-topic"),
)
OPTIONS = (CONTROL,)

EVERY = timedelta(seconds=5)
TUTORIAL_ALARM_TIME = timedelta(minutes=11)  # two periods of the tutorial's alarm, and one minute (TUT-44)
MINUTE = timedelta(minutes=1)


def run(stage: Stage) -> bool:
    clean_up_all(stage, "leftovers of earlier runs")
    with ExitStack() as at_the_end:
        at_the_end.callback(clean_up_all, stage, "everything this run created")
        resources = Resources()
        service.create(stage, resources, instance_type="t2.small", detailed=False, health_check_type="EC2")
        alarm_run = AlarmRun(
            stage=stage,
            resources=resources,
            control=CONTROL.read(stage.options),
            started_at=stage.client.now(),
            topic=_create_topic(stage),
            receiver=stage.client.receiver(),
        )
        at_the_end.callback(alarm_run.receiver.close)
        _subscribe(stage, alarm_run)
        _create_alarms(stage, alarm_run)
        _break_and_fix_health_check(stage, alarm_run)
        return alarm_verdict.judge(stage, alarm_run)


def clean_up_all(stage: Stage, what: str) -> None:
    clean_up(stage, what)
    delete_alarms(stage, {"AlarmNames": [ALARM, NO_TOPIC_ALARM]})
    for url in stage.query("sqs", "list_queues", QueueNamePrefix=QUEUE).get("QueueUrls", []):
        stage.try_silently("sqs", "delete_queue", QueueUrl=url)


def _create_topic(stage: Stage) -> str:
    stage.chapter("The topic and its subscribers")
    return str(stage.step("sns", "create_topic", Name=TOPIC)["TopicArn"])  # TUT-43


def _subscribe(stage: Stage, alarm_run: AlarmRun) -> None:
    queue = stage.step("sqs", "create_queue", QueueName=QUEUE)["QueueUrl"]
    alarm_run.queue_url = queue
    arn = stage.query("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    stage.step("sns", "subscribe", TopicArn=alarm_run.topic, Protocol="sqs", Endpoint=arn)
    stage.step("sns", "subscribe", TopicArn=alarm_run.topic, Protocol="email", Endpoint=EMAIL)
    _confirm(stage, alarm_run, "the confirmation email has arrived", alarm_run.emailed_token)
    stage.step("sns", "subscribe", TopicArn=alarm_run.topic, Protocol="http", Endpoint=alarm_run.receiver.url)
    _confirm(stage, alarm_run, "the confirmation request has arrived over HTTP", lambda: _posted_token(alarm_run.receiver))


def _posted_token(receiver: Receiver) -> str | None:
    return next((str(each.json()["Token"]) for each in receiver.received() if each.type == "SubscriptionConfirmation"), None)


def _confirm(stage: Stage, alarm_run: AlarmRun, what: str, find: Callable[[], str | None]) -> None:
    """SNS sends nothing to a subscription until it is confirmed (SNS-3)."""
    token = stage.wait_until(what, find, MINUTE)
    stage.step("sns", "confirm_subscription", {"Token": "<Token>"}, TopicArn=alarm_run.topic, Token=token)


def _create_alarms(stage: Stage, alarm_run: AlarmRun) -> None:
    stage.chapter("The alarms")
    dimensions = [service.balancer_dimension(alarm_run.resources), service.target_group_dimension(alarm_run.resources)]
    settings: dict[str, Any] = {"Dimensions": dimensions, "AlarmActions": [alarm_run.topic], "OKActions": [alarm_run.topic]}
    missing = alarm_run.topic.replace(TOPIC, "no-such-topic")
    match alarm_run.control:
        case "no-dimensions":
            del settings["Dimensions"]
        case "no-topic":
            settings |= {"AlarmActions": [missing], "OKActions": [missing]}
    _put(stage, ALARM, "Targets that fail their health check", settings)
    stage.say("For comparison, the same alarm with a topic that does not exist: CloudWatch accepts it (CW-19).")
    _put(stage, NO_TOPIC_ALARM, "The same alarm with a missing topic", {"Dimensions": dimensions, "AlarmActions": [missing]})
    stage.say("The tutorial's own alarm has no dimensions (TUT-41). The instances of this group have basic monitoring (EC2-42).")
    alarm_run.watched_from = stage.client.now()
    stage.step(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=TUTORIAL_ALARM,
        AlarmDescription="Health check for instances",
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Statistic="Average",
        Period=300,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=2,
        AlarmActions=[alarm_run.topic],
    )
    try:
        stage.wait_until(f"{ALARM} is OK (every target is healthy)", lambda: state(stage, ALARM) == "OK", timedelta(minutes=5), EVERY)
    except WaitTimeout as error:
        stage.log(error.message)


def _put(stage: Stage, name: str, description: str, settings: dict[str, Any]) -> None:
    stage.step(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=name,
        AlarmDescription=description,
        Namespace="AWS/ApplicationELB",
        MetricName="UnHealthyHostCount",
        Statistic="Maximum",
        Period=60,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        **settings,
    )


def _break_and_fix_health_check(stage: Stage, alarm_run: AlarmRun) -> None:
    stage.chapter("Every target fails its health check")
    alarm_run.fault_at = stage.fault("the health check expects a status code that the application does not return (S11)")
    stage.step("elbv2", "modify_target_group", TargetGroupArn=alarm_run.resources.target_group, Matcher={"HttpCode": "204"})
    try:
        stage.wait_until(
            "every subscriber has received the ALARM notification", lambda: alarm_run.all_notified("ALARM"), timedelta(minutes=8), EVERY
        )
    except WaitTimeout as error:
        stage.log(error.message)
    stage.chapter("Every target passes its health check again")
    stage.step("elbv2", "modify_target_group", TargetGroupArn=alarm_run.resources.target_group, Matcher={"HttpCode": "200"})
    try:
        stage.wait_until(
            "every subscriber has received the OK notification", lambda: alarm_run.all_notified("OK"), timedelta(minutes=8), EVERY
        )
    except WaitTimeout as error:
        stage.log(error.message)
    end = alarm_run.watched_from + TUTORIAL_ALARM_TIME
    stage.wait_until("the tutorial's alarm has had eleven minutes", lambda: stage.client.now() >= end, TUTORIAL_ALARM_TIME, EVERY)
