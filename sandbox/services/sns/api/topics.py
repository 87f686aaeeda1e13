"""Topics: names, attributes and tags, validated as SNS does."""

import json
from collections.abc import Mapping
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import camelcase_to_underscores
from moto.sns.exceptions import TagLimitExceededError
from moto.sns.models import VALID_POLICY_ACTIONS

from sandbox.aws.seams import adds, replaces
from sandbox.services.sns import errors
from sandbox.services.sns.api.validation import arns
from sandbox.services.sns.api.validation import attributes as attribute_validation
from sandbox.services.sns.api.validation import fifo as fifo_validation
from sandbox.services.sns.errors import BadParameter, checked
from sandbox.services.sns.state import attributes
from sandbox.services.sns.state.outbox import Outbox

MOST_TAGS = 50
PAGE = 100
DOCUMENTS = ("DeliveryPolicy", "Policy")  # JSON: compared as such
ARCHIVE = "ArchivePolicy"


class Topics(Outbox):
    @replaces(why="SNS-1: attributes are validated; an existing topic with other attributes is an error")
    def create_topic(self, name: str, attributes_: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> Any:
        given = {each: _as_text(value) for each, value in (attributes_ or {}).items()}
        fifo = given.get("FifoTopic", "false").lower() == "true"
        values = _values(given, fifo)
        checked(fifo_validation.check_name, name, fifo)
        if len(tags or {}) > MOST_TAGS:
            raise TagLimitExceededError
        before = set(self.topics)
        topic = super().create_topic(name, values, tags)
        if topic.arn in before:
            _check_same(topic, values, tags)
        topic.effective_delivery_policy = attributes.effective_topic_policy(topic)
        return topic

    @adds(why="values are validated; moto's method gets the name in another spelling")
    def set_attribute(self, topic_arn: str, name: str, value: str) -> None:
        topic = self.get_topic(topic_arn)
        if name == "FifoTopic":
            raise errors.invalid("AttributeName")
        _refuse_archive(name, value)
        kept = checked(attribute_validation.check_topic, name, value, topic.fifo_topic)
        setattr(topic, camelcase_to_underscores(name), kept)
        topic.effective_delivery_policy = attributes.effective_topic_policy(topic)

    @replaces(why="SNS-5, SNS-43: an invalid ARN, and one of another Region, is an InvalidParameter")
    def get_topic(self, arn: str) -> Any:
        checked(arns.check_topic, arn, self.region_name)
        return super().get_topic(arn)

    @replaces(why="an invalid NextToken: moto fails with an internal error; a full last page: moto returns a token for an empty one")
    def _get_values_nexttoken(self, values_map: dict[str, Any], next_token: str | None = None) -> Any:
        if next_token and not (next_token.isascii() and next_token.isdecimal() and len(next_token) < 10):
            raise errors.wrong_next_token()
        start, values = int(next_token or 0), list(values_map.values())
        end = start + PAGE
        return values[start:end], str(end) if end < len(values) else None

    @replaces(why="SNS-5: AWS's texts; moto fails with an internal error on a policy whose statements have no Sid")
    def add_permission(self, region_name: str, topic_arn: str, label: str, aws_account_ids: list[str], action_names: list[str]) -> None:
        policy = self.get_topic(topic_arn)._policy_json
        statements = _statements(policy)
        if any(each.get("Sid") == label for each in statements):
            raise errors.invalid("Statement already exists")
        if any(name not in VALID_POLICY_ACTIONS for name in action_names):
            raise errors.invalid("Policy statement action out of service scope!")
        principals = [f"arn:{self.partition}:iam::{account}:root" for account in aws_account_ids]
        actions = [f"SNS:{name}" for name in action_names]
        made = {"Sid": label, "Effect": "Allow", "Principal": {"AWS": _one_or_all(principals)}, "Action": _one_or_all(actions)}
        policy["Statement"] = [*statements, made | {"Resource": topic_arn}]

    @replaces(why="moto fails with an internal error on a policy whose statements have no Sid")
    def remove_permission(self, topic_arn: str, label: str) -> None:
        policy = self.get_topic(topic_arn)._policy_json
        policy["Statement"] = [each for each in _statements(policy) if each.get("Sid") != label]

    @replaces(why="its tokens and sequence numbers are removed with it")
    def delete_topic(self, arn: str) -> None:
        super().delete_topic(arn)
        self.sandbox_tokens = {
            text: token for text, token in self.sandbox_tokens.items() if not token.subscription_arn.startswith(arn + ":")
        }
        self.sandbox_unsubscribed = {k: sub for k, sub in self.sandbox_unsubscribed.items() if sub.topic.arn != arn}
        self.sandbox_fifo.pop(arn, None)


def _statements(policy: Mapping[str, Any]) -> list[Any]:
    """A policy may have one statement without a list."""
    found = policy.get("Statement", [])
    return list(found) if isinstance(found, list) else [found]


def _one_or_all(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _values(given: Mapping[str, str], fifo: bool) -> dict[str, Any]:
    """The values to store. An empty one is as if it were absent."""
    for name, value in given.items():
        _refuse_archive(name, value)
    try:
        return {name: attribute_validation.check_topic(name, value, fifo) for name, value in sorted(given.items()) if value != ""}
    except BadParameter as error:
        raise errors.invalid(f"Attributes Reason: {error}") from None


def _refuse_archive(name: str, value: str) -> None:
    if name == ARCHIVE and value not in ("", "{}"):
        raise NotImplementedError("the sandbox does not archive messages, so it cannot replay them")


def _check_same(topic: Any, values: Mapping[str, Any], tags: Mapping[str, str] | None) -> None:
    """Raises an error unless the existing topic has these attributes and tags."""
    if any(not _equal(name, getattr(topic, camelcase_to_underscores(name), None), value) for name, value in values.items()):
        raise errors.other_attributes()
    if tags and tags != topic._tags:
        raise errors.other_tags()


def _equal(name: str, stored: Any, given: Any) -> bool:
    if name in DOCUMENTS and stored:
        return bool(json.loads(stored) == json.loads(given))
    return bool(stored == given)


def _as_text(value: Any) -> str:
    """moto's other services pass booleans."""
    return str(value).lower() if isinstance(value, bool) else str(value)
