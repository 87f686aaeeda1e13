"""One run of scenarios/alarm_notifies_topic.py: its resources, and what each subscriber (HTTP endpoint, queue, mailbox) received."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.traffic.receiver import Received, Receiver
from scenarios.kit.fleet import ALARM as TUTORIAL_ALARM
from scenarios.kit.fleet import Resources
from scenarios.kit.stage import Stage

__all__ = ["ALARM", "EMAIL", "NO_TOPIC_ALARM", "QUEUE", "TUTORIAL_ALARM", "AlarmRun"]

ALARM, NO_TOPIC_ALARM = "unhealthy-hosts", "unhealthy-hosts-no-topic"
QUEUE, EMAIL = "coinbase-alerts-queue", "ops@example.com"
PREVIOUS = {"ALARM": "OK", "OK": "ALARM"}  # of the state changes that count; a new alarm's first OK comes from INSUFFICIENT_DATA
TOKEN = re.compile(r"[?&]Token=([0-9A-Za-z]+)")


@dataclass(kw_only=True)
class AlarmRun:
    """Times are sandbox time. `state` is the new state of the alarm: "ALARM" or "OK"."""

    stage: Stage
    resources: Resources
    topic: str  # ARN
    control: str = "none"  # value of the option --control
    queue_url: str = ""
    receiver: Receiver
    started_at: datetime  # older messages in the mailbox belong to other runs
    watched_from: datetime = field(init=False)
    fault_at: datetime = field(init=False)
    queue_messages: list[dict[str, Any]] = field(default_factory=list)  # all messages from the queue, oldest first

    def emailed_token(self) -> str | None:
        """The token of the link in the confirmation email."""
        found = [TOKEN.search(email["body"]) for email in self.emails() if email["topic_arn"] == self.topic]
        return next((match[1] for match in found if match), None)

    def emails(self) -> list[dict[str, Any]]:
        """All emails of this run, oldest first."""
        found = self.stage.client.get("mailbox", to=EMAIL, newest=1000)["messages"]
        return [email for email in found if datetime.fromisoformat(email["at"]) >= self.started_at]

    def email(self, state: str) -> dict[str, Any] | None:
        change = f"{PREVIOUS[state]} -> {state}"
        found = [email for email in self.emails() if f'"{ALARM}"' in (email["subject"] or "")]
        return next((email for email in found if change in email["body"]), None)

    def http_message(self, state: str) -> Received | None:
        for each in self.receiver.received():
            if each.type == "Notification" and _is_about(each.json(), state):
                return each
        return None

    def queue_message(self, state: str) -> dict[str, Any] | None:
        answer = self.stage.query("sqs", "receive_message", QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.queue_messages.append(json.loads(message["Body"]))
            self.stage.try_silently("sqs", "delete_message", QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return next((body for body in self.queue_messages if _is_about(body, state)), None)

    def all_notified(self, state: str) -> bool:
        return all([self.queue_message(state), self.email(state), self.http_message(state)])


def _is_about(body: dict[str, Any], state: str) -> bool:
    message = json.loads(body["Message"])
    return (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == (ALARM, PREVIOUS[state], state)
