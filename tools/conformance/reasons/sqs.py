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
    "test_sqs/test_sqs_cloudformation.py::test_list_stack_resources": (
        "moto asserts moto: the PhysicalResourceId of a queue is its URL, which has the address of the sandbox here; the test also "
        "names stacks at random, and AWS refuses a name that begins with a digit."
    ),
    "test_sqs/test_sqs_cloudformation.py::test_create_from_cloudformation_json_with_tags": (
        "moto asserts moto: CloudFormation adds its own tags (`aws:cloudformation:stack-name` …) to those of the template."
    ),
}
