"""Why tests of moto's Auto Scaling suite fail at an assertion."""

_GROUPS = "test_autoscaling/test_autoscaling_groups.py::TestAutoScalingGroup"
_MAPPED_ROOT = "moto asserts moto: a mapping of the image's root device changes the root volume; it does not add a second one."
_OPAQUE_TOKEN = "moto asserts moto: NextToken is opaque, not the name of the last item."
_NO_GRACE_PERIOD = "moto asserts moto: HealthCheckGracePeriod is 0 when the request has none; 300 is the default of the console only."
_WITHIN_MAX = "moto asserts moto: a policy does not scale a group beyond its MaxSize, which is 2 in the test."

REASONS: dict[str, str] = {
    "test_autoscaling/test_autoscaling.py::test_create_template_with_block_device": _MAPPED_ROOT,
    "test_autoscaling/test_autoscaling.py::test_describe_autoscaling_groups_launch_template_with_block_device_mappings": _MAPPED_ROOT,
    "test_autoscaling/test_autoscaling.py::test_update_autoscaling_group_health_check": _NO_GRACE_PERIOD,
    f"{_GROUPS}::test_create_autoscaling_groups_defaults": _NO_GRACE_PERIOD,
    f"{_GROUPS}::test_list_many_autoscaling_groups": _OPAQUE_TOKEN,
    f"{_GROUPS}::test_resume_processes": "moto asserts moto: SuspensionReason says since when: User suspended at 2026-01-02T03:04:05Z.",
    f"{_GROUPS}::test_set_instance_health": (
        "moto asserts moto: an unhealthy instance is replaced; in instant timing this has happened when SetInstanceHealth returns."
    ),
    "test_autoscaling/test_autoscaling_scheduledactions.py::TestAutoScalingScheduledActions::test_delete_nonexistent_action": (
        "AWS refuses it: the group of the test does not exist."
    ),
    "test_autoscaling/test_elbv2.py::TestAutoscalignELBv2::test_failed_delete_preserves_target_group_attachments": (
        "moto asserts moto: DisableApiTermination does not keep Auto Scaling from terminating an instance."
    ),
    "test_autoscaling/test_launch_configurations.py::test_create_launch_configuration_defaults": (
        "moto asserts moto: a launch configuration has detailed monitoring unless the request turns it off."
    ),
    "test_autoscaling/test_launch_configurations.py::test_launch_configuration_describe_paginated": _OPAQUE_TOKEN,
    "test_autoscaling/test_policies.py::test_create_policy_default_values": (
        "moto asserts moto: a policy without a Cooldown shows none; the group's DefaultCooldown applies."
    ),
    "test_autoscaling/test_policies.py::test_execute_policy_exact_capacity": _WITHIN_MAX,
    "test_autoscaling/test_policies.py::test_execute_policy_percent_change_in_capacity": _WITHIN_MAX,
    "test_autoscaling/test_policies.py::test_execute_policy_positive_change_in_capacity": _WITHIN_MAX,
}
