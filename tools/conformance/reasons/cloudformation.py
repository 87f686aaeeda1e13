"""Why tests of stacks, in moto's suites of other services, fail at an assertion."""

OTHER_REGION = "AWS refuses it: the VPC of the parameter is in another Region than the stack."

REASONS: dict[str, str] = {
    "test_autoscaling/test_autoscaling_cloudformation.py::test_launch_configuration": (
        "AWS refuses it: a launch configuration with a name of its own is not replaced under that name (CFN-29)."
    ),
    "test_elbv2/test_elbv2_cloudformation.py::test_create_target_groups_through_cloudformation": (
        "Not supported: a target group with protocol HTTPS; the stack rolls back."
    ),
    "test_sqs/test_sqs_cloudformation.py::test_create_from_cloudformation_json_with_tags": (
        "moto asserts moto: CloudFormation adds tags of its own to the resources of a stack (CFN-17)."
    ),
    "test_ec2/test_ec2_cloudformation.py::test_single_instance_with_ebs_volume": (
        "AWS refuses it: the instance names a key pair that does not exist, so the stack rolls back."
    ),
    "test_ec2/test_security_groups_cloudformation.py::test_security_group_ingress": OTHER_REGION,
    "test_ec2/test_security_groups_cloudformation.py::test_security_group_ingress_without_description": OTHER_REGION,
}
