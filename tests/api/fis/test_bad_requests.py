"""Requests for templates that AWS refuses, or that the sandbox refuses by name: code, text, and nothing is created."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import rule
from tests.support.aws import Aws
from tests.support.services.fis import on, on_instances, template, wait

INVALID, QUOTA, MISSING = (400, "ValidationException"), (402, "ServiceQuotaExceededException"), (404, "ResourceNotFoundException")
TAGGED = {"resourceTags": {"a": "b"}}
INSTANCE = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"
ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:burn"
ROLE = {"resourceArns": ["arn:aws:iam::123456789012:role/caller"]}
STRESS = "arn:aws:ssm:us-east-1::document/AWSFIS-Run-CPU-Stress"


def target(**given: Any) -> dict[str, Any]:
    made = on_instances("stop", {})
    made["targets"]["all"] |= given
    return made


def on_subnets(scope: str) -> dict[str, Any]:
    return on("aws:network:disrupt-connectivity", "Subnets", "aws:ec2:subnet", TAGGED, duration="PT2M", scope=scope)


def api_error(service: str, **more: str) -> dict[str, Any]:
    given = {"duration": "PT2M", "service": service, "percentage": "50", "operations": "RunInstances", **more}
    return on("aws:fis:inject-api-internal-error", "Roles", "aws:iam:role", ROLE, **given)


def command(document: str, **more: str) -> dict[str, Any]:
    return on("aws:ssm:send-command", "Instances", "aws:ec2:instance", TAGGED, documentArn=document, duration="PT2M", **more)


GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/fis:*"


def logged(group: str, version: int = 2) -> dict[str, Any]:
    return template(logConfiguration={"logSchemaVersion": version, "cloudWatchLogsConfiguration": {"logGroupArn": group}})


def stops(*conditions: dict[str, str]) -> dict[str, Any]:
    return template(stopConditions=list(conditions))


def stop_action(targets: dict[str, str]) -> dict[str, Any]:
    return template(actions={"act": {"actionId": "aws:ec2:stop-instances", "targets": targets}})


IDLE = {"resourceType": "aws:ec2:instance", "selectionMode": "ALL", **TAGGED}
ON_ALARM = {"source": "aws:cloudwatch:alarm", "value": ALARM}
Bad = dict[str, tuple[dict[str, Any], tuple[int, str], str]]

BAD_FRAMES: Bad = {
    "no stop condition": (stops(), INVALID, "specify at least one"),
    "six stop conditions": (stops(*[ON_ALARM] * 6), QUOTA, "more than 5 stop conditions"),
    "none and an alarm": (stops({"source": "none"}, ON_ALARM), INVALID, "cannot be combined"),
    "none with a value": (stops({"source": "none", "value": ALARM}), INVALID, "has no value"),
    "an alarm without ARN": (stops({"source": "aws:cloudwatch:alarm"}), INVALID, "the ARN of a CloudWatch alarm"),
    "an alarm by name": (stops({"source": "aws:cloudwatch:alarm", "value": "the alarm that burns"}), INVALID, "ARN of a CloudWatch alarm"),
    "another source": (stops({"source": "aws:events:rule", "value": ALARM}), INVALID, "the source must be"),
    "no role": (template(roleArn="just a name of a role"), INVALID, "satisfy regular expression"),
    "a log of version 1": (logged(GROUP, 1), INVALID, "log schema version"),
    "a log by name": (logged("the name of a log group"), INVALID, "regular expression"),
    "a log elsewhere": (logged("arn:aws:s3:::bucket-of-logs"), INVALID, "The log group ARN"),
    "a user as role": (template(roleArn="arn:aws:iam::123456789012:user/me"), INVALID, "The role ARN"),
    "another account's role": (template(roleArn="arn:aws:iam::111111111111:role/fis"), INVALID, "of this account"),
}  # fmt: skip

BAD_TARGETS: Bad = {
    "an unknown resource type": (target(resourceType="aws:ec2:planet", **TAGGED), MISSING, "aws:ec2:planet does not exist"),
    "neither ARNs nor tags": (target(), INVALID, "specify resource ARNs, resource tags"),
    "ARNs and tags": (target(resourceArns=[INSTANCE], **TAGGED), INVALID, "cannot be combined"),
    "ARNs and filters": (target(resourceArns=[INSTANCE], filters=[{"path": "State.Name", "values": ["x"]}]), INVALID, "cannot be combined"),
    "six ARNs": (target(resourceArns=[f"{INSTANCE}{n}" for n in range(6)]), INVALID, "length less than or equal to 5"),
    "an ARN twice": (target(resourceArns=[INSTANCE, INSTANCE]), INVALID, "listed twice"),
    "an id instead of an ARN": (target(resourceArns=["i-0123456789abcdef0123"]), INVALID, "is not an ARN"),
    "a path in camel case": (target(filters=[{"path": "state.name", "values": ["x"]}]), INVALID, "PascalCase"),
    "a filter without values": (target(filters=[{"path": "State.Name", "values": []}]), INVALID, "has no values"),
    "COUNT(0)": (target(selectionMode="COUNT(0)", **TAGGED), INVALID, "selectionMode must be"),
    "PERCENT(101)": (target(selectionMode="PERCENT(101)", **TAGGED), INVALID, "selectionMode must be"),
    "a parameter that instances lack": (target(parameters={"vpc": "vpc-1"}), INVALID, "has no parameter vpc"),
    "roles by tags": (
        on("aws:ec2:api-insufficient-instance-capacity-error", "Roles", "aws:iam:role", TAGGED,
           duration="PT1M", availabilityZoneIdentifiers="us-east-1a"),
        INVALID, "only be identified by resource ARNs",
    ),
    "a target that no action uses": (template(targets={"idle": IDLE}), INVALID, "no action uses it"),
}  # fmt: skip

BAD_ACTIONS: Bad = {
    "no action": (template(actions={}), INVALID, "at least one action"),
    "21 actions": (template(actions={f"w{n}": wait() for n in range(21)}), QUOTA, "more than 20 actions"),
    "an unknown action": (template(actions={"x": {"actionId": "aws:ec2:explode"}}), MISSING, "aws:ec2:explode does not exist"),
    "a name with a space": (template(actions={"a-b c": wait()}), INVALID, "regular expression"),
    "a name with a colon": (template(actions={"a:b": wait()}), INVALID, "letters, digits, hyphens"),
    "a target key of another action": (
        stop_action({"Clusters": "all"}), INVALID, 'Unexpected target "Clusters" found in action "act".',
    ),
    "no target": (stop_action({}), INVALID, 'Missing required target "Instances"'),
    "a target that is not there": (stop_action({"Instances": "x"}), INVALID, 'refers to target "x"'),
    "a target of another type": (on("aws:ec2:stop-instances", "Instances", "aws:ec2:subnet", TAGGED), INVALID, "type aws:ec2:instance"),
    "an unknown parameter": (on_instances("stop", TAGGED, force="true"), INVALID, 'Unexpected parameter "force"'),
    "no duration": (template(actions={"w": {"actionId": "aws:fis:wait"}}), INVALID, 'Missing required parameter "duration"'),
    "a short duration": (template(actions={"w": wait("PT59S")}), INVALID, "a duration from PT1M to PT12H"),
    "a long duration": (template(actions={"w": wait("PT12H1M")}), INVALID, "a duration from PT1M to PT12H"),
    "a duration in seconds": (template(actions={"w": wait("60")}), INVALID, "ISO 8601"),
    "no boolean": (on_instances("stop", TAGGED, completeIfInstancesTerminated="yes"), INVALID, "one of true, false"),
    "after itself": (template(actions={"w": wait("PT1M", "w")}), INVALID, "starts after itself"),
    "a circle": (template(actions={"a": wait("PT1M", "b"), "b": wait("PT1M", "a")}), INVALID, "starts after itself"),
    "after nothing": (template(actions={"w": wait("PT1M", "x")}), INVALID, "which is not an action"),
    "API errors of a service": (api_error("dynamodb"), INVALID, "The service parameter value is not supported for the action. Specify"),
    "percentage 0": (api_error("ec2", percentage="0"), INVALID, "a number from 1 to 100"),
    "operations in lower case": (api_error("ec2", operations="run-instances"), INVALID, "names of API operations"),
    "no zone": (
        on("aws:ec2:asg-insufficient-instance-capacity-error", "AutoScalingGroups", "aws:ec2:autoscaling-group", TAGGED,
           duration="PT1M", availabilityZoneIdentifiers="everywhere"),
        INVALID, "Availability Zones",
    ),
    "parameters of a document": (command(STRESS, documentParameters="[]"), INVALID, "a JSON object"),
    "an interruption at once": (
        on("aws:ec2:send-spot-instance-interruptions", "SpotInstances", "aws:ec2:spot-instance", TAGGED,
           durationBeforeInterruption="PT1M"),
        INVALID, "a duration from PT2M to PT15M",
    ),
    "an unknown scope": (on_subnets("galaxy"), INVALID, "one of all, availability-zone"),
}  # fmt: skip

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "volumes": (template(actions={"x": {"actionId": "aws:ebs:pause-volume-io"}}), "the action aws:ebs:pause-volume-io"),
    "slow volumes": (template(actions={"x": {"actionId": "aws:ebs:volume-io-latency"}}), "aws:ebs:volume-io-latency"),
    "the whole VPC": (on_subnets("vpc"), "the scope vpc"),
    "S3": (on_subnets("s3"), "the scope s3"),
    "kinesis": (api_error("kinesis"), "the service kinesis"),
    "a full disk": (command("arn:aws:ssm:us-east-1::document/AWSFIS-Run-Disk-Fill"), "AWSFIS-Run-Disk-Fill"),
    "several accounts": (template(experimentOptions={"accountTargeting": "multi-account"}), "several accounts"),
    "a log in S3": (
        template(logConfiguration={"logSchemaVersion": 2, "s3Configuration": {"bucketName": "logs"}}),
        "an experiment log in Amazon S3",
    ),
    "a report": (template(experimentReportConfiguration={"preExperimentDuration": "PT5M"}), "an experiment report"),
}


def refusal(aws: Aws, given: dict[str, Any]) -> tuple[tuple[int, str], str]:
    with pytest.raises(ClientError) as failed:
        aws("fis").create_experiment_template(**given)
    assert aws("fis").list_experiment_templates()["experimentTemplates"] == []
    answer = failed.value.response
    return (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]), answer["Error"]["Message"]


def check(aws: Aws, bad: tuple[dict[str, Any], tuple[int, str], str]) -> None:
    given, error, text = bad
    found, message = refusal(aws, given)
    assert found == error and text in message


@rule("FIS-1", "FIS-7")
@pytest.mark.parametrize("what", BAD_FRAMES)
def test_a_bad_stop_condition_or_role_is_refused_and_nothing_is_created(aws: Aws, what: str) -> None:
    check(aws, BAD_FRAMES[what])


@rule("FIS-2", "FIS-3", "FIS-4")
@pytest.mark.parametrize("what", BAD_TARGETS)
def test_a_bad_target_is_refused_and_nothing_is_created(aws: Aws, what: str) -> None:
    check(aws, BAD_TARGETS[what])


@rule("FIS-7", "FIS-9")
@pytest.mark.parametrize("what", BAD_ACTIONS)
def test_a_bad_action_is_refused_and_nothing_is_created(aws: Aws, what: str) -> None:
    check(aws, BAD_ACTIONS[what])


@rule("FIS-15", "FIS-28")
@pytest.mark.parametrize("what", REFUSED)
def test_what_the_sandbox_cannot_do_is_refused_by_name(aws: Aws, what: str) -> None:
    given, text = REFUSED[what]
    found, message = refusal(aws, given)
    assert found == (501, "NotImplemented") and text in message


@rule("FIS-27")
def test_an_action_of_aws_that_is_not_here_is_named_by_get_action(aws: Aws) -> None:
    with pytest.raises(ClientError, match="aws:ebs:pause-volume-io is not part of this sandbox"):
        aws("fis").get_action(id="aws:ebs:pause-volume-io")


def test_other_accounts_cannot_be_configured(aws: Aws) -> None:
    fis = aws("fis")
    made = fis.create_experiment_template(**template())["experimentTemplate"]["id"]
    with pytest.raises(ClientError, match="target account configuration"):
        fis.create_target_account_configuration(
            experimentTemplateId=made, accountId="111111111111", roleArn="arn:aws:iam::111111111111:role/x"
        )
    assert fis.list_target_account_configurations(experimentTemplateId=made)["targetAccountConfigurations"] == []
