"""An alarm on UnHealthyHostCount tells a topic, and the topic its subscribers: by HTTP, in a queue, by mail, in AWS's words.

A health check that expects the wrong status code makes every target unhealthy (S11); the group checks EC2 only, so that it replaces
nothing, and the alarm lasts until the check is right again. Beside it stand the tutorial's own alarm, without dimensions, and one whose
topic nobody created: what does not work about them is part of the verdict. With --control one of these takes the good alarm's place, and
the run has to fail.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from sandbox.traffic.receiver import Receiver
from scenarios.kit import alarm_verdict, service
from scenarios.kit.alarm_story import ALARM, EMAIL, LOST, QUEUE, TUTORIALS, Story
from scenarios.kit.alarms import state
from scenarios.kit.cleanup import clean_up, clear_alarms
from scenarios.kit.fleet import TOPIC, Scene
from scenarios.kit.option import Option
from scenarios.kit.stage import NotReached, Stage

CONTROL = Option(
    name="control",
    sentence="The alarm as it does not work: without dimensions, or for a topic that does not exist. The run has to fail.",
    choices=("none", "no-dimensions", "no-topic"),
)
OPTIONS = (CONTROL,)

EVERY = timedelta(seconds=5)
WATCHED = timedelta(minutes=11)  # two periods of the tutorial's alarm, and one minute (TUT-44)
MINUTE = timedelta(minutes=1)


def run(stage: Stage) -> bool:
    clear(stage, "what a former run left behind")
    with ExitStack() as at_the_end:
        at_the_end.callback(clear, stage, "everything of this run")
        scene = Scene()
        service.make(stage, scene, instance_type="t2.small", detailed=False, health_check_type="EC2")
        story = Story(
            stage=stage,
            scene=scene,
            control=CONTROL.read(stage.options),
            began=stage.client.now(),
            topic=_topic(stage),
            receiver=stage.client.receiver(),
        )
        at_the_end.callback(story.receiver.close)
        _subscribe(stage, story)
        _watch(stage, story)
        _break_and_repair(stage, story)
        return alarm_verdict.judge(stage, story)


def clear(stage: Stage, what: str) -> None:
    clean_up(stage, what)
    clear_alarms(stage, [ALARM, LOST])
    for url in stage.ask("sqs", "list_queues", QueueNamePrefix=QUEUE).get("QueueUrls", []):
        stage.quietly("sqs", "delete_queue", QueueUrl=url)


def _topic(stage: Stage) -> str:
    stage.chapter("The topic and its subscribers")
    return str(stage.step("sns", "create_topic", Name=TOPIC)["TopicArn"])  # TUT-43


def _subscribe(stage: Stage, story: Story) -> None:
    queue = stage.step("sqs", "create_queue", QueueName=QUEUE)["QueueUrl"]
    story.queue_url = queue
    arn = stage.ask("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    stage.step("sns", "subscribe", TopicArn=story.topic, Protocol="sqs", Endpoint=arn)
    stage.step("sns", "subscribe", TopicArn=story.topic, Protocol="email", Endpoint=EMAIL)
    _confirm(stage, story, "the mail that asks for it", story.token_in_mail)
    stage.step("sns", "subscribe", TopicArn=story.topic, Protocol="http", Endpoint=story.receiver.url)
    _confirm(stage, story, "the confirmation that SNS posted", lambda: _token_posted(story.receiver))


def _token_posted(receiver: Receiver) -> str | None:
    return next((str(each.json()["Token"]) for each in receiver.received() if each.type == "SubscriptionConfirmation"), None)


def _confirm(stage: Stage, story: Story, what: str, find: Callable[[], str | None]) -> None:
    """Until it is confirmed a subscription gets nothing (SNS-3)."""
    token = stage.wait_until(f"{what} has come", find, MINUTE)
    stage.step("sns", "confirm_subscription", {"Token": "<Token>"}, TopicArn=story.topic, Token=token)


def _watch(stage: Stage, story: Story) -> None:
    stage.chapter("The alarms")
    dimensions = [service.balancer_dimension(story.scene), service.target_group_dimension(story.scene)]
    good: dict[str, Any] = {"Dimensions": dimensions, "AlarmActions": [story.topic], "OKActions": [story.topic]}
    nobody = story.topic.replace(TOPIC, "nobody-made-this")
    match story.control:
        case "no-dimensions":
            del good["Dimensions"]
        case "no-topic":
            good |= {"AlarmActions": [nobody], "OKActions": [nobody]}
    _put(stage, ALARM, "Targets that fail their health check", good)
    stage.say("For comparison, the same for a topic that nobody created: CloudWatch accepts it (CW-19).")
    _put(stage, LOST, "The same, told to nobody", {"Dimensions": dimensions, "AlarmActions": [nobody]})
    stage.say("And the tutorial's own, which names no dimension (TUT-41); this group's instances have basic monitoring (EC2-42).")
    story.watched_from = stage.client.now()
    stage.step(
        "cloudwatch",
        "put_metric_alarm",
        AlarmName=TUTORIALS,
        AlarmDescription="Health check for instances",
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Statistic="Average",
        Period=300,
        Threshold=80.0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=2,
        AlarmActions=[story.topic],
    )
    try:
        stage.wait_until(f"{ALARM} is OK: every target is healthy", lambda: state(stage, ALARM) == "OK", timedelta(minutes=5), EVERY)
    except NotReached as error:
        stage.stamped(error.message)


def _put(stage: Stage, name: str, description: str, given: dict[str, Any]) -> None:
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
        **given,
    )


def _break_and_repair(stage: Stage, story: Story) -> None:
    stage.chapter("Every target fails its health check")
    story.broken_at = stage.fault("the health check expects a status code that the application does not give (S11)")
    stage.step("elbv2", "modify_target_group", TargetGroupArn=story.scene.target_group, Matcher={"HttpCode": "204"})
    try:
        stage.wait_until("the subscribers were told of ALARM", lambda: story.everybody_knows("ALARM"), timedelta(minutes=8), EVERY)
    except NotReached as error:
        stage.stamped(error.message)
    stage.chapter("And passes it again")
    stage.step("elbv2", "modify_target_group", TargetGroupArn=story.scene.target_group, Matcher={"HttpCode": "200"})
    try:
        stage.wait_until("the subscribers were told of OK", lambda: story.everybody_knows("OK"), timedelta(minutes=8), EVERY)
    except NotReached as error:
        stage.stamped(error.message)
    end = story.watched_from + WATCHED
    stage.wait_until("eleven minutes of the tutorial's alarm are over", lambda: stage.client.now() >= end, WATCHED, EVERY)
