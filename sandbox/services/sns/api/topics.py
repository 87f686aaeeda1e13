"""Topics: names, attributes and tags, validated as SNS does."""

from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.core.utils import camelcase_to_underscores

from sandbox.aws.seams import replaces
from sandbox.services.sns import errors
from sandbox.services.sns.api.validation import attributes as attribute_validation
from sandbox.services.sns.errors import checked
from sandbox.services.sns.state import attributes
from sandbox.services.sns.state.outbox import Outbox

ATTRIBUTE_NAMES = {camelcase_to_underscores(name): name for name in attribute_validation.TOPIC_ATTRIBUTES}


class Topics(Outbox):
    @replaces(why="SNS-1: attributes are validated; an existing topic with other attributes is an error")
    def create_topic(self, name: str, attributes_: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> Any:
        given = attributes_ or {}
        for attribute, value in given.items():
            checked(attribute_validation.check_topic, attribute, value)
        before = set(self.topics)
        topic = super().create_topic(name, given, tags)
        if topic.arn in before:
            if any(_as_text(getattr(topic, camelcase_to_underscores(k), None)) != _as_text(v) for k, v in given.items()):
                raise errors.other_attributes()
            if tags and tags != topic._tags:
                raise errors.other_tags()
        topic.effective_delivery_policy = attributes.effective_topic_policy(topic)
        return topic

    @replaces(why="attributes are validated")
    def set_topic_attribute(self, topic_arn: str, attribute_name: str, attribute_value: Any) -> None:
        topic = self.get_topic(topic_arn)
        checked(attribute_validation.check_topic, ATTRIBUTE_NAMES.get(attribute_name, attribute_name), attribute_value)
        setattr(topic, attribute_name, attribute_value)
        topic.effective_delivery_policy = attributes.effective_topic_policy(topic)

    @replaces(why="SNS-5: an invalid ARN is an InvalidParameter")
    def get_topic(self, arn: str) -> Any:
        if len(arn.split(":")) < 6:
            raise errors.bad_arn("TopicArn", arn)
        return super().get_topic(arn)

    @replaces(why="an invalid NextToken: moto fails with an internal error")
    def _get_values_nexttoken(self, values_map: dict[str, Any], next_token: str | None = None) -> Any:
        if next_token and not next_token.isdecimal():
            raise errors.wrong_next_token()
        return super()._get_values_nexttoken(values_map, next_token)

    @replaces(why="its tokens are removed with it")
    def delete_topic(self, arn: str) -> None:
        super().delete_topic(arn)
        self.sandbox_tokens = {
            text: token for text, token in self.sandbox_tokens.items() if not token.subscription_arn.startswith(arn + ":")
        }
        self.sandbox_unsubscribed = {k: sub for k, sub in self.sandbox_unsubscribed.items() if sub.topic.arn != arn}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
