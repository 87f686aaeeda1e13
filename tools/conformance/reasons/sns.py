"""Why tests of moto's SNS suite fail at an assertion."""

PENDING = "moto asserts moto: an HTTP subscription is PendingConfirmation in lists, without an ARN, until its endpoint confirms it."
NUMBER = "moto asserts moto: the text of SNS is `Invalid parameter: PhoneNumber Reason: … is not valid to publish to`."

REASONS: dict[str, str] = {
    "test_sns/test_publishing.py::test_publish_bad_sms": NUMBER,
    "test_sns/test_publishing.py::test_publish_large_subject": "moto asserts moto: the text of SNS is `Invalid parameter: Subject`.",
    "test_sns/test_publishing.py::test_publish_to_sqs_bad": (
        "moto asserts moto: SNS refuses a message attribute without a value with ParameterValueInvalid, not InvalidParameter."
    ),
    "test_sns/test_publishing.py::test_publish_with_message_structure_errors": (
        "moto asserts moto: the text of SNS is `Invalid parameter: Message Structure - JSON message body failed to parse`."
    ),
    "test_sns/test_subscriptions.py::test_creating_subscription": PENDING,
    "test_sns/test_subscriptions.py::test_creating_subscription_with_attributes": PENDING,
    "test_sns/test_subscriptions.py::test_set_subscription_attributes": PENDING,
    "test_sns/test_subscriptions.py::test_unsubscribe_from_deleted_topic": PENDING,
    "test_sns/test_subscriptions.py::test_get_subscription_attributes_error_not_exists": (
        "moto asserts moto: the test sends the ARN of a queue; SNS answers NotFound only to ARNs that can be those of a subscription."
    ),
    "test_sns/test_subscriptions.py::test_subscribe_invalid_filter_policy": (
        "moto asserts moto: when Subscribe has a wrong filter policy, the text of SNS has `Attributes Reason:` before `FilterPolicy:`."
    ),
    "test_sns/test_topics.py::test_add_permission_errors": (
        "moto asserts moto: the text of SNS begins with `Invalid parameter:`, as that of every InvalidParameter does."
    ),
    "test_sns/test_topics.py::test_create_fifo_topic": "moto asserts moto: the text of SNS is `Invalid parameter: Topic Name`.",
    "test_sns/test_topics.py::test_create_topic_in_multiple_regions": (
        "moto asserts moto: SNS refuses the ARN of a topic in another Region with InvalidParameter, not NotFound."
    ),
    "test_sns/test_topics.py::test_topic_attributes": (
        "moto asserts moto: GetTopicAttributes omits a DeliveryPolicy that was not set; moto returns an empty one."
    ),
}
