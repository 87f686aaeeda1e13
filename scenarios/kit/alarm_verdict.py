"""The verdict of alarm_notifies_topic: message keys and values (CW-48), HTTP headers (SNS-6), email text, alarm history (CW-53)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from scenarios.kit import alarms
from scenarios.kit.alarm_run import ALARM, EMAIL, NO_TOPIC_ALARM, TUTORIAL_ALARM, AlarmRun
from scenarios.kit.service import balancer_dimension, target_group_dimension
from scenarios.kit.stage import Stage

MESSAGE = (
    "AlarmName AlarmDescription AWSAccountId AlarmConfigurationUpdatedTimestamp NewStateValue NewStateReason StateChangeTime Region "
    "AlarmArn OldStateValue OKActions AlarmActions InsufficientDataActions Trigger ActionExecutedAfterMuteWindow"
)
TRIGGER = (
    "MetricName Namespace StatisticType Statistic Unit Dimensions Period EvaluationPeriods DatapointsToAlarm ComparisonOperator Threshold "
    "TreatMissingData EvaluateLowSampleCountPercentile"
)
ENVELOPE = "Type MessageId TopicArn Subject Message Timestamp SignatureVersion Signature SigningCertURL UnsubscribeURL"
REGION = "US East (N. Virginia)"
MAX_TO_ALARM = timedelta(minutes=5)  # three failed health checks, two of three one-minute periods, evaluation
LOOKBACK = timedelta(minutes=20)  # two periods of five minutes, and older data that an evaluation may use (CW-31)
PUBLICATION_DELAY = timedelta(minutes=2)  # until the metrics of a minute are available (EC2-44)
REAL_GRACE = 3.0  # real seconds for this machine's own work, at any clock speed


def judge(stage: Stage, run: AlarmRun) -> bool:
    stage.chapter("Notifications")
    history = [(item["Timestamp"], item["HistorySummary"]) for item in alarms.history(stage, [ALARM], run.fault_at)]
    for moment, summary in history:
        stage.say(f"- {moment:%H:%M:%S} {ALARM}: {summary}")
    body = run.queue_message("ALARM")
    _expect_queue(stage, run, body)
    _expect_http(stage, run, body)
    _expect_email(stage, run)
    _expect_history(stage, run, [summary for _, summary in history])
    _expect_others(stage, run)
    notified = run.all_notified("OK")
    stage.expect("every subscriber received the OK notification", notified, "yes" if notified else "no")
    return stage.verdict(
        "The alarm notified the topic, and every subscriber received the messages that AWS sends.",
        f"Notifications are missing or wrong. See the lines marked FAILED, and run: sandbox explain {ALARM}",
    )


def _expect_queue(stage: Stage, run: AlarmRun, body: dict[str, Any] | None) -> None:
    """Checks the message itself, which is the same for all subscribers."""
    if body is None:
        stage.expect("the queue received the notification", False, "no message")
        return
    message: dict[str, Any] = json.loads(body["Message"])
    stage.say("The queue received:")
    stage.out(json.dumps(message, indent=2).replace("\n", "\n     ").join(("     ", "")))
    took = datetime.fromisoformat(message["StateChangeTime"]) - run.fault_at
    limit = MAX_TO_ALARM + timedelta(seconds=REAL_GRACE * stage.client.speed)
    stage.expect("the alarm entered ALARM in time", took <= limit, f"{took.total_seconds():.0f} s of at most {limit.total_seconds():.0f} s")
    stage.expect("the envelope has the keys of AWS, in order", _keys(body) == ENVELOPE, _observed(body, ENVELOPE))
    stage.expect("the subject is that of AWS", body["Subject"] == _subject("ALARM"), body["Subject"])
    stage.expect("the message has the keys of AWS, in order", _keys(message) == MESSAGE, _observed(message, MESSAGE))
    trigger = message["Trigger"]
    stage.expect("the trigger has the keys of AWS, in order", _keys(trigger) == TRIGGER, _observed(trigger, TRIGGER))
    _expect_values(stage, run, message)


def _expect_values(stage: Stage, run: AlarmRun, message: Mapping[str, Any]) -> None:
    alarm = alarms.alarm(stage, ALARM)
    dimensions = [
        {"value": d["Value"], "name": d["Name"]} for d in (balancer_dimension(run.resources), target_group_dimension(run.resources))
    ]
    expected = {
        "AlarmArn": alarm["AlarmArn"],
        "AlarmDescription": alarm["AlarmDescription"],
        "AlarmActions": [run.topic],
        "OKActions": [run.topic],
        "InsufficientDataActions": [],
        "OldStateValue": "OK",
        "Region": REGION,
    }
    wrong = [name for name, value in expected.items() if message[name] != value]
    trigger = {"Dimensions": dimensions, "Statistic": "MAXIMUM", "Period": 60, "DatapointsToAlarm": 2, "Threshold": 1.0, "Unit": None}
    wrong += [name for name, value in trigger.items() if message["Trigger"][name] != value]
    stage.expect(
        "the message has the alarm's values",
        not wrong,
        f"wrong: {', '.join(wrong)}" if wrong else f"{len(expected) + len(trigger)} compared",
    )
    reason = message["NewStateReason"]
    right = reason.startswith("Threshold Crossed: 2 out of the last ") and "minimum 2 datapoints for OK -> ALARM transition" in reason
    stage.expect("the reason has the wording of AWS", right, reason)


def _expect_http(stage: Stage, run: AlarmRun, queued: Mapping[str, Any] | None) -> None:
    posted = run.http_message("ALARM")
    if posted is None:
        stage.expect("the HTTP subscriber received the notification", False, "no message")
        return
    body, headers = posted.json(), posted.headers
    stage.expect(
        "the HTTP subscriber received the same message", queued is not None and body["Message"] == queued["Message"], body["MessageId"]
    )
    stage.expect("the HTTP envelope has the keys of AWS, in order", _keys(body) == ENVELOPE, _observed(body, ENVELOPE))
    expected = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": body["MessageId"],
        "x-amz-sns-topic-arn": run.topic,
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
    }
    wrong = [name for name, value in expected.items() if headers.get(name) != value]
    wrong += [] if headers.get("x-amz-sns-subscription-arn", "").startswith(f"{run.topic}:") else ["x-amz-sns-subscription-arn"]
    stage.expect(
        "the HTTP headers are those of AWS (SNS-6)", not wrong, f"wrong: {', '.join(wrong)}" if wrong else f"{len(expected) + 1} compared"
    )


def _expect_email(stage: Stage, run: AlarmRun) -> None:
    email = run.email("ALARM")
    if email is None:
        stage.expect(f"{EMAIL} received an email", False, "no email")
        return
    stage.say(f"The email to {EMAIL} (sandbox mailbox):")
    stage.out("\n".join(f"     {line}" for line in (f"Subject: {email['subject']}", "", *email["body"].splitlines())))
    words = f'your Amazon CloudWatch Alarm "{ALARM}" in the {REGION} region has entered the ALARM state'
    stage.expect("the email has the text of AWS", email["subject"] == _subject("ALARM") and words in email["body"], email["subject"])


def _expect_history(stage: Stage, run: AlarmRun, summaries: list[str]) -> None:
    expected = ["Alarm updated from OK to ALARM", f"Successfully executed action {run.topic}", "Alarm updated from ALARM to OK"]
    missing = [text for text in expected if text not in summaries]
    stage.expect(
        "the alarm history records the changes and the action (CW-53)",
        not missing,
        f"missing: {missing[0]}" if missing else f"{len(summaries)} items",
    )


def _expect_others(stage: Stage, run: AlarmRun) -> None:
    history = [item["HistorySummary"] for item in alarms.history(stage, [NO_TOPIC_ALARM], run.fault_at)]
    failed = next((text for text in history if text.startswith("Failed to execute action") and "no-such-topic" in text), None)
    stage.expect("the history records the failed action for a missing topic (CW-19)", failed is not None, failed or "no such item")
    _expect_tutorials(stage, run)


def _expect_tutorials(stage: Stage, run: AlarmRun) -> None:
    """It has no dimensions, so it evaluates the Region's aggregate: not this group (basic monitoring), but all other detailed instances."""
    alarm = alarms.alarm(stage, TUTORIAL_ALARM)
    others = alarms.other_detailed_instances(stage, run.started_at)
    until = stage.client.now().replace(second=0, microsecond=0) - PUBLICATION_DELAY
    window = (run.watched_from.replace(second=0, microsecond=0) - LOOKBACK, until)
    in_region = alarms.cpu_samples(stage, *window)
    if in_region == 0:
        no_data = alarm["StateValue"] == "INSUFFICIENT_DATA"
        stage.expect("the tutorial's alarm never has data (EC2-42)", no_data, f"{alarm['StateValue']}: {alarm['StateReason']}")
        return
    theirs = sum(alarms.cpu_samples(stage, *window, instance_id) for instance_id in others)
    stage.expect(
        "the tutorial's alarm evaluates other instances only (EC2-42, TUT-41)",
        in_region == theirs,
        f"{in_region} samples in the Region, {theirs} of them from {len(others)} instances outside the group",
    )


def _subject(state: str) -> str:
    return f'{state}: "{ALARM}" in {REGION}'


def _keys(message: Mapping[str, Any]) -> str:
    return " ".join(message)


def _observed(message: Mapping[str, Any], expected: str) -> str:
    return f"{len(message)} keys" if _keys(message) == expected else _keys(message)
