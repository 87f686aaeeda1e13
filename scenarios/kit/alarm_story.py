"""Who was told what by the alarm: the http subscriber, the queue, the mailbox. For scenarios/alarm_notifies_topic.py."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.traffic.receiver import Received, Receiver
from scenarios.kit.fleet import ALARM as TUTORIALS
from scenarios.kit.fleet import Scene
from scenarios.kit.stage import Stage

__all__ = ["ALARM", "EMAIL", "LOST", "QUEUE", "TUTORIALS", "Story"]

ALARM, LOST = "unhealthy-hosts", "unhealthy-hosts-untold"
QUEUE, EMAIL = "coinbase-alerts-queue", "ops@example.com"
BEFORE = {"ALARM": "OK", "OK": "ALARM"}  # the change that is told: the first OK, of the new alarm, is another one
TOKEN = re.compile(r"[?&]Token=([0-9A-Za-z]+)")


@dataclass(kw_only=True)
class Story:
    stage: Stage
    scene: Scene
    topic: str  # arn
    control: str = "none"
    queue_url: str = ""
    receiver: Receiver
    began: datetime  # what the mailbox holds of before is another run's
    watched_from: datetime = field(init=False)
    broken_at: datetime = field(init=False)
    in_queue: list[dict[str, Any]] = field(default_factory=list)  # what SNS put there, oldest first

    def token_in_mail(self) -> str | None:
        """Of the link in the mail that asks to confirm."""
        found = [TOKEN.search(mail["body"]) for mail in self.mails() if mail["topic_arn"] == self.topic]
        return next((match[1] for match in found if match), None)

    def mails(self) -> list[dict[str, Any]]:
        """All that the person got in this run, oldest first."""
        found = self.stage.client.get("mailbox", to=EMAIL, newest=1000)["messages"]
        return [mail for mail in found if datetime.fromisoformat(mail["at"]) >= self.began]

    def mail(self, state: str) -> dict[str, Any] | None:
        change = f"{BEFORE[state]} -> {state}"
        found = [mail for mail in self.mails() if f'"{ALARM}"' in (mail["subject"] or "")]
        return next((mail for mail in found if change in mail["body"]), None)

    def posted(self, state: str) -> Received | None:
        """The http subscriber's notification of the state."""
        for each in self.receiver.received():
            if each.type == "Notification" and _is_about(each.json(), state):
                return each
        return None

    def queued(self, state: str) -> dict[str, Any] | None:
        """The queue's notification of the state."""
        answer = self.stage.ask("sqs", "receive_message", QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.in_queue.append(json.loads(message["Body"]))
            self.stage.quietly("sqs", "delete_message", QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return next((body for body in self.in_queue if _is_about(body, state)), None)

    def everybody_knows(self, state: str) -> bool:
        return all([self.queued(state), self.mail(state), self.posted(state)])


def _is_about(body: dict[str, Any], state: str) -> bool:
    told = json.loads(body["Message"])
    return (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == (ALARM, BEFORE[state], state)
