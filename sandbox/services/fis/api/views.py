"""Templates, experiments, actions and resource types as FIS's answers show them."""

from collections.abc import Mapping
from typing import Any

from sandbox.services.fis.action_model import ActionType, Parameter, ResourceType
from sandbox.services.fis.model import ActionTemplate, Experiment, Run, SafetyLever, StopCondition, Target, Template

View = Mapping[str, Any]


def template(found: Template) -> View:
    return {
        **template_summary(found),
        "targets": {name: target(each) for name, each in found.targets.items()},
        "actions": {name: action(each) for name, each in found.actions.items()},
        "stopConditions": [stop_condition(each) for each in found.stop_conditions],
        "roleArn": found.role_arn,
        "experimentOptions": {"accountTargeting": "single-account", "emptyTargetResolutionMode": found.empty_target_resolution_mode},
        "targetAccountConfigurationsCount": 0,
        **_log_configuration(found.log_group_arn),
    }


def template_summary(found: Template) -> View:
    return {
        "id": found.id,
        "arn": found.arn,
        "description": found.description,
        "creationTime": found.created,
        "lastUpdateTime": found.updated,
        "tags": dict(found.tags),
    }


def target(found: Target) -> View:
    return _present(
        resourceType=found.resource_type,
        resourceArns=list(found.resource_arns),
        resourceTags=dict(found.resource_tags),
        filters=[{"path": each.path, "values": list(each.values)} for each in found.filters],
        selectionMode=found.selection_mode,
        parameters=dict(found.parameters),
    )


def action(found: ActionTemplate) -> View:
    return {
        **_present(
            actionId=found.action_id, description=found.description, targets=dict(found.targets), startAfter=list(found.start_after)
        ),
        "parameters": dict(found.parameters),
    }


def stop_condition(found: StopCondition) -> View:
    return _present(source=found.source, value=found.value)


def experiment(found: Experiment, account: str) -> View:
    return {
        **experiment_summary(found, account),
        "roleArn": found.role_arn,
        "targets": {name: target(each) for name, each in found.targets.items()},
        "actions": {name: _run(each) for name, each in found.runs.items()},
        "stopConditions": [stop_condition(each) for each in found.stop_conditions],
        "targetAccountConfigurationsCount": 0,
        **_present(startTime=found.started, endTime=found.ended),
        **_log_configuration(found.log_group_arn),
    }


def experiment_summary(found: Experiment, account: str) -> View:
    return {
        "id": found.id,
        "arn": found.arn,
        "experimentTemplateId": found.template_id,
        "state": _state(found, account),
        "creationTime": found.created,
        "tags": dict(found.tags),
        "experimentOptions": {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": found.empty_target_resolution_mode,
            "actionsMode": found.actions_mode,
        },
    }


def _state(found: Experiment, account: str) -> View:
    """The error is that of the first action or target that failed (FIS-8)."""
    state = {"status": found.status.value, "reason": found.reason}
    if found.failure is None or found.status.is_active:
        return state
    return {**state, "error": {"accountId": account, "code": found.failure.code, "location": found.failure.location}}


def _log_configuration(group_arn: str | None) -> View:
    if group_arn is None:
        return {}
    return {"logConfiguration": {"cloudWatchLogsConfiguration": {"logGroupArn": group_arn}, "logSchemaVersion": 2}}


def _run(found: Run) -> View:
    state = {"status": found.status.value, "reason": found.reason}
    return {**action(found.action), "state": state, **_present(startTime=found.started, endTime=found.ended)}


def action_type(found: ActionType, region: str, account: str) -> View:
    return {**action_summary(found, region, account), "parameters": {name: _parameter(each) for name, each in found.parameters.items()}}


def action_summary(found: ActionType, region: str, account: str) -> View:
    return {
        "id": found.id,
        "arn": f"arn:aws:fis:{region}:{account}:action/{found.id}",
        "description": found.description,
        "targets": {key: {"resourceType": resource_type} for key, resource_type in found.targets.items()},
        "tags": {},
    }


def resource_type(found: ResourceType) -> View:
    return {**resource_type_summary(found), "parameters": {name: _parameter(each) for name, each in found.parameters.items()}}


def resource_type_summary(found: ResourceType) -> View:
    return {"resourceType": found.id, "description": found.description}


def safety_lever(found: SafetyLever, lever_id: str, arn: str) -> View:
    return {"id": lever_id, "arn": arn, "state": {"status": found.status.value, "reason": found.reason}}


def resolved_targets(found: Experiment) -> list[View]:
    return [
        {"resourceType": found.targets[name].resource_type, "targetName": name, "targetInformation": {"arn": arn}}
        for name, arns in (found.resolved or {}).items()
        for arn in arns
    ]


def _parameter(found: Parameter) -> View:
    return {"description": found.description, "required": found.required}


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], {})}
