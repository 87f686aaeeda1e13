"""Validates the ARNs of topics and subscriptions. Each function raises BadParameter, whose text follows `Invalid parameter: `."""

import re

from sandbox.services.sns.errors import BadParameter

FEWEST_ELEMENTS = 6
ACCOUNT = re.compile(r"\d{12}")


def check_topic(arn: str, region: str, parameter: str = "TopicArn") -> None:
    """A topic of another Region is not reachable (SNS-43)."""
    elements = _elements(arn, region, parameter)
    if len(elements) != FEWEST_ELEMENTS:
        raise BadParameter(parameter)


def check_subscription(arn: str, region: str) -> None:
    if len(_elements(arn, region, "SubscriptionArn")) == FEWEST_ELEMENTS:
        raise BadParameter("SubscriptionId")


def _elements(arn: str, region: str, parameter: str) -> list[str]:
    elements = arn.split(":")
    if len(elements) < FEWEST_ELEMENTS:
        raise BadParameter(f"{parameter} Reason: An ARN must have at least 6 elements, not {len(elements)}")
    prefix, _, service, arn_region, account, name = elements[:FEWEST_ELEMENTS]
    if (prefix, service, arn_region) != ("arn", "sns", region) or not ACCOUNT.fullmatch(account) or not name:
        raise BadParameter(parameter)
    return elements
