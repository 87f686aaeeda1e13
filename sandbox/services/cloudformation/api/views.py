"""Stacks, resources, events, change sets and templates as the API returns them."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.services.cloudformation.decide.template import parameters, schemas, templates
from sandbox.services.cloudformation.decide.template.functions import scalar
from sandbox.services.cloudformation.model import ChangeSet, Resource, Stack, StackEvent, Version
from sandbox.services.cloudformation.resources.registry import find
from sandbox.services.cloudformation.template_model import Parameter, Template

NOT_CHECKED = {"StackDriftStatus": "NOT_CHECKED"}
RESOURCE_NOT_CHECKED = {"StackResourceDriftStatus": "NOT_CHECKED"}
View = dict[str, Any]


def _without_none(view: View) -> View:
    return {name: value for name, value in view.items() if value is not None}


def stack(made: Stack) -> View:
    return _without_none(
        {
            "StackId": made.id,
            "StackName": made.name,
            "ChangeSetId": None if made.is_gone else made.change_set_id,
            "Description": _description(made.version),
            "Parameters": _parameters(made.version) or None,
            "CreationTime": made.created,
            "LastUpdatedTime": made.updated,
            "DeletionTime": made.deleted,
            "RollbackConfiguration": {},
            "StackStatus": made.status.value,
            "StackStatusReason": made.reason,
            "DisableRollback": made.disable_rollback,
            "NotificationARNs": list(made.version.notification_arns),
            "TimeoutInMinutes": made.timeout_minutes,
            "Capabilities": list(made.version.capabilities) or None,
            "Outputs": [_output(output) for output in made.outputs] or None,
            "RoleARN": made.version.role_arn,
            "Tags": _tags(made.version),
            "EnableTerminationProtection": None if made.is_gone else made.termination_protection,
            "DriftInformation": NOT_CHECKED,
        }
    )


def summary(made: Stack) -> View:
    """For ListStacks."""
    return _without_none(
        {
            "StackId": made.id,
            "StackName": made.name,
            "TemplateDescription": _description(made.version),
            "CreationTime": made.created,
            "LastUpdatedTime": made.updated,
            "DeletionTime": made.deleted,
            "StackStatus": made.status.value,
            "StackStatusReason": made.reason,
            "DriftInformation": NOT_CHECKED,
        }
    )


def _description(version: Version) -> str | None:
    return templates.parse(version.template_body).description if version.template_body else None


def _parameters(version: Version) -> list[View]:
    if not version.template_body:
        return []
    template = templates.parse(version.template_body)
    return [
        _without_none(
            {
                "ParameterKey": name,
                "ParameterValue": parameters.shown(template, name, value),
                "ResolvedValue": version.resolved.get(name),
            }
        )
        for name, value in version.parameters.items()
    ]


def _output(made: Any) -> View:
    return _without_none(
        {"OutputKey": made.key, "OutputValue": made.value, "Description": made.description, "ExportName": made.export_name}
    )


def _tags(version: Version) -> list[View]:
    return [{"Key": name, "Value": value} for name, value in version.tags.items()]


def resource(made: Stack, one: Resource, moment: str, *, with_stack: bool) -> View:
    """`moment`: what the operation calls the time of the last change. `with_stack`: it names the stack."""
    of_stack = {"StackName": made.name, "StackId": made.id} if with_stack else {}
    return _without_none(
        {
            **of_stack,
            "LogicalResourceId": one.logical_id,
            "PhysicalResourceId": one.physical_id,
            "ResourceType": one.type,
            moment: one.updated,
            "ResourceStatus": one.status.value,
            "ResourceStatusReason": one.reason,
            "DriftInformation": RESOURCE_NOT_CHECKED,
        }
    )


def resource_detail(made: Stack, one: Resource) -> View:
    metadata = {} if one.metadata is None else one.metadata
    return {**resource(made, one, "LastUpdatedTimestamp", with_stack=True), "Metadata": json.dumps(metadata)}


def event(made: Stack, one: StackEvent) -> View:
    return _without_none(
        {
            "StackId": made.id,
            "StackName": made.name,
            "EventId": one.id,
            "LogicalResourceId": one.logical_id,
            "PhysicalResourceId": one.physical_id,
            "ResourceType": one.about,
            "Timestamp": one.at,
            "ResourceStatus": one.status,
            "ResourceStatusReason": one.reason,
            "ResourceProperties": one.properties,
            "ClientRequestToken": one.client_request_token,
        }
    )


# ---- change sets -------------------------------------------------------------------------------------------------------------------------


def change_set_summary(made: Stack, one: ChangeSet) -> View:
    return _without_none(
        {
            "StackId": made.id,
            "StackName": made.name,
            "ChangeSetId": one.id,
            "ChangeSetName": one.name,
            "ExecutionStatus": one.execution_status,
            "Status": one.status,
            "StatusReason": one.reason,
            "CreationTime": one.created,
            "Description": one.description,
            "IncludeNestedStacks": False,
        }
    )


def change_set(made: Stack, one: ChangeSet) -> View:
    """Without its Changes."""
    described = {
        **change_set_summary(made, one),
        "Parameters": _parameters(one.version) or None,
        "NotificationARNs": list(one.version.notification_arns),
        "RollbackConfiguration": {},
        "Capabilities": list(one.version.capabilities),
        "Tags": _tags(one.version) or None,
        "OnStackFailure": one.on_stack_failure,
    }
    return _without_none(described)


# ---- templates ---------------------------------------------------------------------------------------------------------------------------


def validated(template: Template) -> View:
    """For ValidateTemplate."""
    declared = [
        _without_none({"ParameterKey": p.name, "DefaultValue": p.default, "NoEcho": p.no_echo, "Description": p.description})
        for p in template.parameters.values()
    ]
    return _without_none({"Parameters": declared, "Description": template.description, **_capabilities(template)})


def template_summary(template: Template) -> View:
    """For GetTemplateSummary."""
    return _without_none(
        {
            "Parameters": [_declaration(p) for p in template.parameters.values()],
            "Description": template.description,
            **_capabilities(template),
            "ResourceTypes": list(template.types),
            "Version": template.document.get("AWSTemplateFormatVersion"),
            "Metadata": None if template.metadata is None else json.dumps(template.metadata),
            "ResourceIdentifierSummaries": [_identified(template, name) for name in template.types],
        }
    )


def _identified(template: Template, resource_type: str) -> View:
    """The logical ids of a type. Its identifiers matter to imports of resources only."""
    logical_ids = [declared.logical_id for declared in template.resources.values() if declared.type == resource_type]
    return {"ResourceType": resource_type, "LogicalResourceIds": logical_ids}


def _capabilities(template: Template) -> View:
    needed, types = schemas.capabilities(template, find)
    if not needed:
        return {}
    reason = f"The following resource(s) require capabilities: [{', '.join(types)}]"
    return {"Capabilities": needed, "CapabilitiesReason": reason}


def _declaration(parameter: Parameter) -> View:
    constraints: Mapping[str, Any] = _without_none(
        {
            "AllowedValues": list(parameter.allowed_values) or None,
            "AllowedPattern": parameter.allowed_pattern,
            "ConstraintDescription": parameter.constraint_description,
            "MinLength": _number(parameter.min_length),
            "MaxLength": _number(parameter.max_length),
            "MinValue": _number(parameter.min_value),
            "MaxValue": _number(parameter.max_value),
        }
    )
    return _without_none(
        {
            "ParameterKey": parameter.name,
            "DefaultValue": parameter.default,
            "ParameterType": parameter.type,
            "NoEcho": parameter.no_echo,
            "Description": parameter.description,
            "ParameterConstraints": constraints,
        }
    )


def _number(value: float | None) -> str | None:
    return None if value is None else scalar(int(value) if value == int(value) else value)
