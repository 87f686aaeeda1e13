"""What tests of FIS need: a role that trusts it, templates of one action, and experiments that ran."""

import json
from collections.abc import Mapping
from typing import Any

ACCOUNT = "123456789012"
ROLE_NAME = "fis"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{ROLE_NAME}"
ENDED = ("completed", "stopped", "failed", "cancelled")


def trust(principal: str = "fis.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(iam: Any, name: str = ROLE_NAME, principal: str = "fis.amazonaws.com") -> str:
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(principal))["Role"]["Arn"])


def wait(duration: str = "PT1M", *after: str) -> dict[str, Any]:
    """An action that only takes time."""
    return {"actionId": "aws:fis:wait", "parameters": {"duration": duration}, "startAfter": list(after)}


def template(**changes: Any) -> dict[str, Any]:
    """A request of CreateExperimentTemplate: it waits for a minute, unless `changes` say otherwise."""
    given = {"description": "of the tests", "stopConditions": [{"source": "none"}], "roleArn": ROLE, "actions": {"wait": wait()}}
    return {**given, **changes}


def on(action_id: str, key: str, resource_type: str, target: Mapping[str, Any], **parameters: str) -> dict[str, Any]:
    """A request of CreateExperimentTemplate with one action `act` on one target `all`, of which it takes all."""
    action = {"actionId": action_id, "targets": {key: "all"}, "parameters": parameters}
    return template(actions={"act": action}, targets={"all": {"resourceType": resource_type, "selectionMode": "ALL", **target}})


def on_instances(verb: str, target: Mapping[str, Any], **parameters: str) -> dict[str, Any]:
    return on(f"aws:ec2:{verb}-instances", "Instances", "aws:ec2:instance", target, **parameters)


def created(fis: Any, given: Mapping[str, Any]) -> str:
    return str(fis.create_experiment_template(**given)["experimentTemplate"]["id"])


def started(fis: Any, given: Mapping[str, Any], **options: Any) -> str:
    """Creates a template and starts an experiment from it. → the experiment's id."""
    return str(fis.start_experiment(experimentTemplateId=created(fis, given), **options)["experiment"]["id"])


def state(fis: Any, experiment_id: str) -> dict[str, Any]:
    found: dict[str, Any] = fis.get_experiment(id=experiment_id)["experiment"]["state"]
    return found


def actions(fis: Any, experiment_id: str) -> dict[str, str]:
    """Name → status."""
    found = fis.get_experiment(id=experiment_id)["experiment"]["actions"]
    return {name: each["state"]["status"] for name, each in found.items()}
