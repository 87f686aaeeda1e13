"""CloudFormation's resource type of FIS."""

from typing import Any

import pytest

from sandbox.core.errors import ApiError
from tests.support.services.cloudformation import Workbench

TYPE = "AWS::FIS::ExperimentTemplate"
ROLE = "arn:aws:iam::123456789012:role/fis"
STOP = {"ActionId": "aws:ec2:stop-instances", "Parameters": {"startInstancesAfterDuration": "PT5M"}, "Targets": {"Instances": "web"}}
WEB = {
    "ResourceType": "aws:ec2:instance",
    "ResourceTags": {"Team": "web"},
    "Filters": [{"Path": "State.Name", "Values": ["running"]}],
    "SelectionMode": "COUNT(1)",
}
GIVEN: dict[str, Any] = {
    "Description": "one instance stops",
    "RoleArn": ROLE,
    "StopConditions": [{"Source": "none"}],
    "Targets": {"web": WEB},
    "Actions": {"stop": STOP},
    "Tags": {"Name": "stop one"},
    "ExperimentOptions": {"AccountTargeting": "single-account", "EmptyTargetResolutionMode": "skip"},
}


def template(bench: Workbench, template_id: str) -> dict[str, Any]:
    return dict(bench.sandbox.client("fis").get_experiment_template(id=template_id)["experimentTemplate"])


def own(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def test_a_template_is_made_changed_and_deleted(bench: Workbench) -> None:
    made = bench.make(TYPE, **GIVEN)
    found = template(bench, made.ref)
    assert found["targets"]["web"]["filters"] == [{"path": "State.Name", "values": ["running"]}]
    assert found["targets"]["web"]["resourceTags"] == {"Team": "web"}
    assert found["actions"]["stop"]["targets"] == {"Instances": "web"}
    assert found["experimentOptions"]["emptyTargetResolutionMode"] == "skip"
    assert own(found["tags"]) == {"Name": "stop one"} and made.attributes["Id"] == made.ref

    wait = {"ActionId": "aws:fis:wait", "Parameters": {"duration": "PT1M"}}
    bench.change(made, Description="and waits", Actions={"stop": STOP, "wait": wait}, Tags={"Name": "other"}, ExperimentOptions=None)
    found = template(bench, made.ref)
    assert (found["description"], set(found["actions"]), own(found["tags"])) == ("and waits", {"stop", "wait"}, {"Name": "other"})
    assert found["experimentOptions"]["emptyTargetResolutionMode"] == "fail"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Actions": {"stop": {**STOP, "Target": "web"}}}, r"extraneous key \[Target\] is not permitted"),
        ({"Actions": {"stop": {"ActionId": "aws:ebs:pause-volume-io"}}}, "the action aws:ebs:pause-volume-io is not part of this sandbox"),
        ({"Targets": {"web": {**WEB, "SelectionMode": "SOME"}}}, "selectionMode must be"),
        ({"LogConfiguration": {"LogSchemaVersion": 2, "S3Configuration": {"BucketName": "logs"}}}, "an experiment log in Amazon S3"),
    ],
)
def test_what_fis_refuses_fails_the_resource(bench: Workbench, change: dict[str, Any], why: str) -> None:
    with pytest.raises(ApiError, match=why):
        bench.make(TYPE, **{**GIVEN, **change})
    assert bench.sandbox.client("fis").list_experiment_templates()["experimentTemplates"] == []
