"""Subscriptions: subscribing, confirmation by the endpoint, attributes, unsubscribing."""

import json
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from sandbox.aws.context import context
from sandbox.aws.seams import adds, replaces
from sandbox.services.sns import errors
from sandbox.services.sns.api.topics import Topics
from sandbox.services.sns.api.validation import arns
from sandbox.services.sns.api.validation import attributes as attribute_validation
from sandbox.services.sns.api.validation import fifo as fifo_validation
from sandbox.services.sns.api.validation import subscriptions as subscription_validation
from sandbox.services.sns.decide import filter_policy
from sandbox.services.sns.errors import BadParameter, checked
from sandbox.services.sns.model import CONFIRMED_BY_ENDPOINT, HTTP_PROTOCOLS, TOKEN_LIFE, UNSUPPORTED_PROTOCOLS, MessageType, Protocol
from sandbox.services.sns.state import attributes, deliveries
from sandbox.services.sns.state.subscriptions import SubscriptionExtra, Token


class Subscriptions(Topics):
    @replaces(why="SNS-2, SNS-3: the endpoint is validated and must confirm; moto confirms every subscription")
    def subscribe(self, topic_arn: str, endpoint: str, protocol: str, attributes_: dict[str, str] | None = None) -> Any:
        topic = self.get_topic(topic_arn)
        if protocol == Protocol.APPLICATION.value and endpoint not in self.platform_endpoints:
            raise errors.no_subscribed_endpoint(endpoint)
        kind = _protocol(protocol)
        checked(subscription_validation.check_endpoint, kind, endpoint)
        if kind in HTTP_PROTOCOLS:
            checked(subscription_validation.check_not_ours, endpoint, context().settings.own_ports)
        values = self._subscription_values(attributes_ or {}, kind)
        checked(fifo_validation.check_subscription, kind, endpoint, values, topic.fifo_topic)
        existing = self._find_subscription(topic_arn, endpoint, protocol)
        if existing is not None:
            if any(existing.attributes.get(name) != value for name, value in values.items()):
                raise errors.other_subscription()
            if not existing.confirmed:
                self._ask_to_confirm(existing)
            return existing
        subscription = super().subscribe(topic_arn, endpoint, protocol)
        self._initialize(subscription, kind, values)
        self._recount(topic)
        return subscription

    def _subscription_values(self, given: dict[str, str], kind: Protocol) -> dict[str, Any]:
        scope = given.get("FilterPolicyScope", filter_policy.ATTRIBUTES)
        for name, value in given.items():
            _refuse_replay(name, value)
        try:
            return {name: attribute_validation.check_subscription(name, value, scope, kind) for name, value in sorted(given.items())}
        except BadParameter as error:
            raise errors.invalid(f"Attributes Reason: {error}") from None

    def _initialize(self, subscription: Any, kind: Protocol, values: dict[str, Any]) -> None:
        now = context().clock.now()
        subscription.confirmed = kind not in CONFIRMED_BY_ENDPOINT
        subscription.sandbox = SubscriptionExtra(since=now, cause=context().journal.current_cause, next_slot=now)
        subscription.attributes.update(values)
        subscription.attributes["PendingConfirmation"] = not subscription.confirmed
        subscription.attributes["ConfirmationWasAuthenticated"] = subscription.confirmed
        if not subscription.confirmed:
            self._ask_to_confirm(subscription)
        elif kind is Protocol.SMS:
            self._enqueue(deliveries.of_welcome(subscription, self._uuid(), self._envelope(subscription), subscription.sandbox.cause))

    def _ask_to_confirm(self, subscription: Any, kind: MessageType = MessageType.SUBSCRIPTION_CONFIRMATION) -> None:
        now = context().clock.now()
        self.sandbox_tokens = {text: token for text, token in self.sandbox_tokens.items() if token.until > now}
        text = f"{context().random.getrandbits(896):0224x}"
        self.sandbox_tokens[text] = Token(subscription_arn=subscription.arn, until=now + TOKEN_LIFE)
        cause = context().journal.current_cause
        self._enqueue(deliveries.of_confirmation(subscription, kind, self._uuid(), self._envelope(subscription), text, cause))

    @adds(why="SNS-8: moto returns an invented ARN")
    def confirm(self, topic_arn: str, token: str, authenticate_on_unsubscribe: bool, signed: bool) -> Any:
        """`signed`: the request has a signature. Requests that come from a link have none."""
        try:
            arns.check_topic(topic_arn, self.region_name)
        except BadParameter:
            raise errors.invalid("Topic") from None
        if not subscription_validation.TOKEN.fullmatch(token):
            raise errors.malformed_token()
        found = self.sandbox_tokens.get(token)
        if found is None or found.until <= context().clock.now() or found.subscription_arn.rpartition(":")[0] != topic_arn:
            raise errors.unknown_token()
        subscription = self.subscriptions.get(found.subscription_arn) or self.sandbox_unsubscribed.pop(found.subscription_arn, None)
        if subscription is None:
            raise errors.unknown_token()
        self.subscriptions[subscription.arn] = subscription
        if not subscription.confirmed:
            subscription.confirmed = True
            subscription.attributes |= {"PendingConfirmation": False, "ConfirmationWasAuthenticated": signed}
            subscription.sandbox.authenticate_on_unsubscribe = authenticate_on_unsubscribe and signed
            self._record(subscription, "SNS Subscription Confirmed", f"{subscription.endpoint} confirmed its subscription")
        self._recount(subscription.topic)
        return subscription

    @replaces(why="SNS-3: a pending subscription cannot be removed; HTTP endpoints receive a confirmation")
    def unsubscribe(self, subscription_arn: str, signed: bool = True) -> None:
        checked(arns.check_subscription, subscription_arn, self.region_name)
        subscription = self.subscriptions.get(subscription_arn)
        if subscription is None:
            return
        if not subscription.confirmed:
            raise errors.still_pending()
        if subscription.sandbox.authenticate_on_unsubscribe and not signed:
            raise errors.authentication_needed()
        super().unsubscribe(subscription_arn)
        subscription.topic.subscriptions_deleted += 1
        self._recount(subscription.topic)
        if Protocol(subscription.protocol) in HTTP_PROTOCOLS:
            self.sandbox_unsubscribed[subscription_arn] = subscription
            self._ask_to_confirm(subscription, MessageType.UNSUBSCRIBE_CONFIRMATION)

    def remove_unconfirmed(self, arn: str) -> None:
        """SNS-3: removes a subscription that was not confirmed within three days."""
        subscription = self.subscriptions.pop(arn, None)
        if subscription is not None:
            self._recount(subscription.topic)

    @replaces(why="values are validated")
    def set_subscription_attributes(self, arn: str, name: str, value: Any) -> None:
        subscription = self._subscription(arn)
        scope = subscription.attributes.get("FilterPolicyScope", filter_policy.ATTRIBUTES)
        protocol, text = Protocol(subscription.protocol), str(value or "")
        _refuse_replay(name, text)
        kept = checked(attribute_validation.check_subscription, name, text, scope, protocol)
        if name == "FilterPolicyScope":
            checked(
                attribute_validation.check_subscription, "FilterPolicy", subscription.attributes.get("FilterPolicy", ""), text, protocol
            )
        if name == "RedrivePolicy":
            checked(fifo_validation.check_redrive, text, subscription.endpoint, subscription.topic.fifo_topic)
        subscription.attributes[name] = kept

    @replaces(why="EffectiveDeliveryPolicy is computed from the policies of topic and subscription")
    def get_subscription_attributes(self, arn: str) -> dict[str, Any]:
        subscription = self._subscription(arn)
        found = dict(super().get_subscription_attributes(arn))
        found["SubscriptionPrincipal"] = f"arn:{self.partition}:iam::{subscription.owner}:root"  # SNS-46
        if Protocol(subscription.protocol) in HTTP_PROTOCOLS:
            found["EffectiveDeliveryPolicy"] = json.dumps(attributes.delivery_policy(subscription).as_json(), separators=(",", ":"))
        return {name: value for name, value in found.items() if value != ""}

    def _subscription(self, arn: str) -> Any:
        checked(arns.check_subscription, arn, self.region_name)
        if arn not in self.subscriptions:
            raise errors.no_subscription()
        return self.subscriptions[arn]

    def _recount(self, topic: Any) -> None:
        of_topic = self._get_topic_subscriptions(topic)
        topic.subscriptions_confimed = sum(sub.confirmed for sub in of_topic)  # moto's spelling
        topic.subscriptions_pending = len(of_topic) - topic.subscriptions_confimed


def _refuse_replay(name: str, value: str) -> None:
    if name == "ReplayPolicy" and value not in ("", "{}"):
        raise NotImplementedError("the sandbox does not archive messages, so it cannot replay them")


def _protocol(text: str) -> Protocol:
    try:
        protocol = Protocol(text)
    except ValueError:
        raise errors.unknown_protocol(text) from None
    if protocol in UNSUPPORTED_PROTOCOLS:
        raise NotImplementedError(
            f"the sandbox does not support subscriptions with protocol {text}; use http, https, sqs, email, email-json or sms"
        )
    return protocol
