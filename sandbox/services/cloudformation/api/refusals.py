"""Operations of CloudFormation about what the sandbox does not have. Each is refused by its name: nothing is recorded without effect."""

from typing import Any

from sandbox.aws.requests.own_response import OwnResponse
from sandbox.services.cloudformation import errors

SUBJECTS = {
    "drift detection": (
        *("detect_stack_drift", "detect_stack_resource_drift", "describe_stack_drift_detection_status", "describe_stack_resource_drifts"),
        *("detect_stack_set_drift", "list_stack_instance_resource_drifts"),
    ),
    "a stack set": (
        *("create_stack_set", "update_stack_set", "delete_stack_set", "describe_stack_set", "list_stack_sets", "stop_stack_set_operation"),
        *("create_stack_instances", "update_stack_instances", "delete_stack_instances", "describe_stack_instance", "list_stack_instances"),
        *("describe_stack_set_operation", "list_stack_set_operations", "list_stack_set_operation_results", "import_stacks_to_stack_set"),
        "list_stack_set_auto_deployment_targets",
    ),
    "a registry of types": (
        *("activate_type", "deactivate_type", "register_type", "deregister_type", "describe_type", "describe_type_registration"),
        *("list_types", "list_type_versions", "list_type_registrations", "publish_type", "test_type", "set_type_configuration"),
        *("set_type_default_version", "batch_describe_type_configurations", "register_publisher", "describe_publisher"),
        "record_handler_progress",
    ),
    "a generated template": (
        *("create_generated_template", "update_generated_template", "delete_generated_template", "describe_generated_template"),
        *("get_generated_template", "list_generated_templates", "start_resource_scan", "describe_resource_scan", "list_resource_scans"),
        *("list_resource_scan_resources", "list_resource_scan_related_resources"),
    ),
    "a stack refactor": (
        *("create_stack_refactor", "execute_stack_refactor", "describe_stack_refactor", "list_stack_refactors"),
        "list_stack_refactor_actions",
    ),
    "a hook": ("describe_change_set_hooks", "get_hook_result", "list_hook_results"),
    "trusted access with organizations": (
        *("activate_organizations_access", "deactivate_organizations_access", "describe_organizations_access"),
    ),
    "an estimate of costs": ("estimate_template_cost",),
    "an alias of a stack": ("set_alias", "remove_alias"),
    "DescribeEvents": ("describe_events",),
    "DescribeAccountLimits": ("describe_account_limits",),
}


class RefusedOperations(OwnResponse):
    pass


def _refusal(what: str) -> Any:
    def refuse(self: Any) -> Any:
        raise errors.not_supported(what)

    return refuse


for _what, _operations in SUBJECTS.items():
    for _operation in _operations:
        setattr(RefusedOperations, _operation, _refusal(_what))
