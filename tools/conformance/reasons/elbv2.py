"""Why tests of moto's Elastic Load Balancing suite fail at an assertion."""

_NOT_AN_ARN = "AWS refuses it: 'unknown' is no ARN, so the code is ValidationError; the not-found code is for a well-formed ARN."

REASONS: dict[str, str] = {
    "test_elbv2/test_elbv2.py::test_add_unknown_listener_certificate": _NOT_AN_ARN,
    "test_elbv2/test_elbv2.py::test_describe_unknown_listener_certificate": _NOT_AN_ARN,
    "test_elbv2/test_elbv2.py::test_ip_address_type_validation": (
        "moto asserts moto: the model's enumeration has a third value, dualstack-without-public-ipv4."
    ),
    "test_elbv2/test_elbv2_listener_rules.py::test_describe_unknown_rule": _NOT_AN_ARN.replace("unknown", "unknown_arn"),
    "test_elbv2/test_elbv2_target_groups.py::test_create_target_group_invalid_protocol": (
        "moto asserts moto: AWS's text has the value in quotes."
    ),
    "test_elbv2/test_elbv2_target_health.py::test_register_targets": (
        "Not supported: no image has the kernel 6.12, so no public parameter of Systems Manager names one."
    ),
}
