"""Whether the alarm was told as AWS tells it: the message key by key (CW-48), its headers (SNS-6), the mail, the history (CW-53)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from scenarios.kit import alarms
from scenarios.kit.alarm_story import ALARM, EMAIL, LOST, TUTORIALS, Story
from scenarios.kit.service import balancer_dimension, target_group_dimension
from scenarios.kit.stage import Stage

MESSAGE = (
    "AlarmName AlarmDescription AWSAccountId AlarmConfigurationUpdatedTimestamp NewStateValue NewStateReason StateChangeTime Region "
    "AlarmArn OldStateValue OKActions AlarmActions InsufficientDataActions Trigger"
)
TRIGGER = (
    "MetricName Namespace StatisticType Statistic Unit Dimensions Period EvaluationPeriods DatapointsToAlarm ComparisonOperator Threshold "
    "TreatMissingData EvaluateLowSampleCountPercentile"
)
ENVELOPE = "Type MessageId TopicArn Subject Message Timestamp SignatureVersion Signature SigningCertURL UnsubscribeURL"
REGION = "US East (N. Virginia)"
TO_ALARM = timedelta(minutes=5)  # three health checks fail, two of three minutes, evaluation
LOOKS_BACK = timedelta(minutes=20)  # its two periods of five minutes, and what it may take from before (CW-31)
PUBLISHED = timedelta(minutes=2)  # so long after a minute its measurements are there (EC2-44)
OWN_WORK = 3.0  # real seconds that this machine may add, however fast the clock runs


def judge(stage: Stage, story: Story) -> bool:
    stage.chapter("What was told")
    history = [(item["Timestamp"], item["HistorySummary"]) for item in alarms.history(stage, [ALARM], story.broken_at)]
    for moment, summary in history:
        stage.say(f"- {moment:%H:%M:%S} {ALARM}: {summary}")
    body = story.queued("ALARM")
    _expect_queue(stage, story, body)
    _expect_http(stage, story, body)
    _expect_mail(stage, story)
    _expect_history(stage, story, [summary for _, summary in history])
    _expect_others(stage, story)
    stage.expect("and everybody was told when it was over", story.everybody_knows("OK"), "OK" if story.everybody_knows("OK") else "nobody")
    return stage.verdict(
        "the alarm told the topic, and the topic its subscribers, in AWS's words.",
        f"not everybody was told as they should; see NOT above, and sandbox explain {ALARM}",
    )


def _expect_queue(stage: Stage, story: Story, body: dict[str, Any] | None) -> None:
    """The message itself is judged here: each subscriber gets the same."""
    if body is None:
        stage.expect("the queue got the notification", False, "nothing came")
        return
    told: dict[str, Any] = json.loads(body["Message"])
    stage.say("The queue got:")
    stage.out(json.dumps(told, indent=2).replace("\n", "\n     ").join(("     ", "")))
    took = datetime.fromisoformat(told["StateChangeTime"]) - story.broken_at
    limit = TO_ALARM + timedelta(seconds=OWN_WORK * stage.client.speed)
    stage.expect("the alarm told in time", took <= limit, f"{took.total_seconds():.0f} s of at most {limit.total_seconds():.0f} s")
    stage.expect("the envelope has AWS's keys in AWS's order", _keys(body) == ENVELOPE, _seen(body, ENVELOPE))
    stage.expect("its subject is AWS's", body["Subject"] == _subject("ALARM"), body["Subject"])
    stage.expect("the message has AWS's keys in AWS's order", _keys(told) == MESSAGE, _seen(told, MESSAGE))
    stage.expect("and so has its trigger", _keys(told["Trigger"]) == TRIGGER, _seen(told["Trigger"], TRIGGER))
    _expect_values(stage, story, told)


def _expect_values(stage: Stage, story: Story, told: Mapping[str, Any]) -> None:
    made = alarms.alarm(stage, ALARM)
    dimensions = [{"value": d["Value"], "name": d["Name"]} for d in (balancer_dimension(story.scene), target_group_dimension(story.scene))]
    expected = {
        "AlarmArn": made["AlarmArn"],
        "AlarmDescription": made["AlarmDescription"],
        "AlarmActions": [story.topic],
        "OKActions": [story.topic],
        "InsufficientDataActions": [],
        "OldStateValue": "OK",
        "Region": REGION,
    }
    wrong = [name for name, value in expected.items() if told[name] != value]
    trigger = {"Dimensions": dimensions, "Statistic": "MAXIMUM", "Period": 60, "DatapointsToAlarm": 2, "Threshold": 1.0, "Unit": None}
    wrong += [name for name, value in trigger.items() if told["Trigger"][name] != value]
    stage.expect(
        "its values are the alarm's", not wrong, f"wrong: {', '.join(wrong)}" if wrong else f"{len(expected) + len(trigger)} compared"
    )
    reason = told["NewStateReason"]
    right = reason.startswith("Threshold Crossed: 2 out of the last ") and "minimum 2 datapoints for OK -> ALARM transition" in reason
    stage.expect("its reason is in AWS's words", right, reason)


def _expect_http(stage: Stage, story: Story, queued: Mapping[str, Any] | None) -> None:
    posted = story.posted("ALARM")
    if posted is None:
        stage.expect("the http subscriber got the notification", False, "nothing came")
        return
    body, headers = posted.json(), posted.headers
    stage.expect("the http subscriber got the same message", queued is not None and body["Message"] == queued["Message"], body["MessageId"])
    stage.expect("its envelope has AWS's keys in AWS's order", _keys(body) == ENVELOPE, _seen(body, ENVELOPE))
    expected = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": body["MessageId"],
        "x-amz-sns-topic-arn": story.topic,
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
    }
    wrong = [name for name, value in expected.items() if headers.get(name) != value]
    wrong += [] if headers.get("x-amz-sns-subscription-arn", "").startswith(f"{story.topic}:") else ["x-amz-sns-subscription-arn"]
    stage.expect("its headers are AWS's (SNS-6)", not wrong, f"wrong: {', '.join(wrong)}" if wrong else f"{len(expected) + 1} compared")


def _expect_mail(stage: Stage, story: Story) -> None:
    mail = story.mail("ALARM")
    if mail is None:
        stage.expect(f"{EMAIL} got a mail", False, "nothing came")
        return
    stage.say(f"The mail to {EMAIL} (sandbox mailbox):")
    stage.out("\n".join(f"     {line}" for line in (f"Subject: {mail['subject']}", "", *mail["body"].splitlines())))
    words = f'your Amazon CloudWatch Alarm "{ALARM}" in the {REGION} region has entered the ALARM state'
    stage.expect("the mail is AWS's text for people", mail["subject"] == _subject("ALARM") and words in mail["body"], mail["subject"])


def _expect_history(stage: Stage, story: Story, summaries: list[str]) -> None:
    expected = ["Alarm updated from OK to ALARM", f"Successfully executed action {story.topic}", "Alarm updated from ALARM to OK"]
    missing = [text for text in expected if text not in summaries]
    stage.expect("the alarm's history tells it (CW-53)", not missing, f"missing: {missing[0]}" if missing else f"{len(summaries)} items")


def _expect_others(stage: Stage, story: Story) -> None:
    lost = [item["HistorySummary"] for item in alarms.history(stage, [LOST], story.broken_at)]
    failed = next((text for text in lost if text.startswith("Failed to execute action") and "nobody-made-this" in text), None)
    stage.expect("a topic that does not exist: the history says it failed (CW-19)", failed is not None, failed or "no such item")
    _expect_tutorials(stage, story)


def _expect_tutorials(stage: Stage, story: Story) -> None:
    """Of the group it hears nothing. In a sandbox that is used for other things, too, it hears of those: the Region's aggregate."""
    made = alarms.alarm(stage, TUTORIALS)
    others = alarms.others_in_detail(stage, story.began)
    until = stage.client.now().replace(second=0, microsecond=0) - PUBLISHED
    window = (story.watched_from.replace(second=0, microsecond=0) - LOOKS_BACK, until)
    in_region = alarms.cpu_samples(stage, *window)
    if in_region == 0:
        silent = made["StateValue"] == "INSUFFICIENT_DATA"
        stage.expect("the tutorial's alarm has no data, all the time (EC2-42)", silent, f"{made['StateValue']}: {made['StateReason']}")
        return
    theirs = sum(alarms.cpu_samples(stage, *window, instance_id) for instance_id in others)
    stage.expect(
        "the tutorial's alarm hears of other instances only (EC2-42, TUT-41)",
        in_region == theirs,
        f"{in_region} measurements in the Region, {theirs} of them of {len(others)} instances outside the group",
    )


def _subject(state: str) -> str:
    return f'{state}: "{ALARM}" in {REGION}'


def _keys(told: Mapping[str, Any]) -> str:
    return " ".join(told)


def _seen(told: Mapping[str, Any], expected: str) -> str:
    return f"{len(told)} keys" if _keys(told) == expected else _keys(told)
