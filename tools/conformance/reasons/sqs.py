"""Why tests of moto's SQS suite fail at an assertion."""

PORT = "moto asserts moto: the test expects the server's port to be 5000; the URL of a queue has the port that the client used."

REASONS: dict[str, str] = {
    "test_sqs/test_sqs.py::test_create_queues_in_multiple_region": PORT,
    "test_sqs/test_sqs.py::test_get_queue_with_prefix": PORT,
    "test_sqs/test_sqs.py::test_get_queue_attributes": (
        "moto asserts moto: SQS returns a RedrivePolicy as JSON without spaces, and the test expects spaces."
    ),
    "test_sqs/test_sqs.py::test_remove_permission_errors": (
        "moto asserts moto: the reason that SQS gives is `can't find label.`, without `on existing policy`."
    ),
}
