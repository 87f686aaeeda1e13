"""What the controller observes: deliveries that have not ended, and subscriptions that are pending confirmation. Reads only."""

from collections.abc import Iterator
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.sns.models import sns_backends

from sandbox.aws import backends as backend_dict
from sandbox.core.control import Scope
from sandbox.services.sns.model import AttemptResult, ObservedState, PendingSubscription

SUBSCRIPTION = "arn:"  # prefix of the key of a subscription; other keys are ids of deliveries


def backends() -> Iterator[tuple[Scope, Any]]:
    return backend_dict.walk(sns_backends)


def find(scope: Scope) -> Any:
    """The backend, or None."""
    return backend_dict.find(sns_backends, scope)


def keys() -> Iterator[str]:
    """Of the deliveries of a message group, only the first: the next one waits until it has ended (SNS-45)."""
    for scope, backend in backends():
        groups: set[tuple[str, str]] = set()
        for name, delivery in backend.sandbox_deliveries.items():
            if delivery.group_id is not None:
                group = (delivery.subscription_arn, delivery.group_id)
                if group in groups:
                    continue
                groups.add(group)
            yield scope.key(name)
        for subscription in backend.subscriptions.values():
            if not subscription.confirmed:
                yield scope.key(subscription.arn)


def observe(scope: Scope, name: str, result: AttemptResult | None) -> ObservedState | None:
    """The observed state of one key. `result`: of the last attempt of the driver. None: it no longer exists."""
    backend = find(scope)
    if backend is None:
        return None
    if name.startswith(SUBSCRIPTION):
        return _pending(backend.subscriptions.get(name))
    delivery = backend.sandbox_deliveries.get(name)
    if delivery is None:
        return None
    subscribed = not delivery.subscription_arn or delivery.subscription_arn in backend.subscriptions
    return ObservedState(delivery=delivery, result=delivery.result or result, subscribed=subscribed)


def _pending(subscription: Any) -> ObservedState | None:
    if subscription is None or subscription.confirmed:
        return None
    extra = subscription.sandbox
    return ObservedState(
        pending=PendingSubscription(arn=subscription.arn, endpoint=subscription.endpoint, since=extra.since, cause=extra.cause)
    )
