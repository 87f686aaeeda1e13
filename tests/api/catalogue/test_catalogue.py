"""What the other services of an application do here: they keep what they are given, and refuse by name what they could only pretend."""

import json
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

import tools.services
from sandbox.aws import state
from sandbox.aws.catalogue.listing import saved, services
from sandbox.aws.catalogue.table import Kind, entries
from sandbox.aws.http.calls import refused
from tests.support.aws import Aws, request, signed
from tools.reference.written import ROOT

ROLE = "arn:aws:iam::123456789012:role/r"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
TO_LAMBDA = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": LAMBDA, "Events": ["s3:ObjectCreated:*"]}]}

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("lambda", "invoke", {"FunctionName": "f"}),
    ("lambda", "create_event_source_mapping", {"FunctionName": "f", "EventSourceArn": QUEUE}),
    ("stepfunctions", "start_execution", {"stateMachineArn": MACHINE}),
    ("batch", "submit_job", {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}),
    ("ecs", "run_task", {"taskDefinition": "t"}),
    ("ecs", "create_service", {"serviceName": "s"}),
    ("eks", "create_cluster", {"name": "c", "roleArn": ROLE, "resourcesVpcConfig": {}}),
    ("codebuild", "start_build", {"projectName": "p"}),
    ("rds", "create_db_instance", {"DBInstanceIdentifier": "d", "DBInstanceClass": "db.t3.micro", "Engine": "mysql"}),
    ("elasticache", "create_cache_cluster", {"CacheClusterId": "c"}),
    ("application-autoscaling", "put_scaling_policy",
     {"PolicyName": "p", "ServiceNamespace": "ecs", "ResourceId": "r", "ScalableDimension": "ecs:service:DesiredCount"}),
    ("elb", "describe_instance_health", {"LoadBalancerName": "classic"}),
    ("events", "put_rule", {"Name": "hourly", "ScheduleExpression": "rate(1 hour)"}),
    ("events", "put_targets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": TOPIC}]}),
    ("events", "put_targets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": QUEUE}, {"Id": "2", "Arn": LAMBDA}]}),
    ("scheduler", "create_schedule",
     {"Name": "s", "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": QUEUE, "RoleArn": ROLE}}),
    ("s3", "put_bucket_notification_configuration",
     {"Bucket": "objects", "NotificationConfiguration": TO_LAMBDA}),
    ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"{}"}),
    ("rekognition", "detect_labels", {"Image": {"Bytes": b"x"}}),
    ("redshift-data", "execute_statement", {"Sql": "SELECT 1"}),
    # signed with the name of another service:
    ("opensearch", "create_domain", {"DomainName": "search"}),
    ("timestream-query", "query", {"QueryString": "SELECT 1"}),
    ("servicecatalog-appregistry", "list_applications", {}),
    ("kinesis-video-archived-media", "get_dash_streaming_session_url", {"StreamName": "s"}),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation", "arguments"), REFUSED, ids=[f"{r[0]}-{r[1]}-{n}" for n, r in enumerate(REFUSED)])
def test_a_call_that_could_only_pretend_to_act_is_refused_by_name(
    aws: Aws, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    client = aws(service)
    with pytest.raises(ClientError) as failed:
        getattr(client, operation)(**arguments)
    answer = failed.value.response
    named = client.meta.method_to_api_mapping[operation]
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]) == (501, "NotImplemented")
    assert answer["Error"]["Message"].startswith(f"The sandbox refuses {named} of {service}: ")
    assert answer["Error"]["Message"].endswith(f". See: sandbox services {service}")


def test_a_refused_call_is_in_the_journal_as_failed(aws: Aws) -> None:
    with pytest.raises(ClientError):
        aws("batch").submit_job(jobName="j", jobQueue="q", jobDefinition="d")
    assert [e.detail_type for e in aws.journal.events()] == ["AWS API Call via CloudTrail", "AWS API Call Failed"]


def test_a_rule_with_a_pattern_brings_an_event_to_a_queue(aws: Aws) -> None:
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("events").put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    aws("events").put_targets(Rule="orders", Targets=[{"Id": "1", "Arn": QUEUE, "RoleArn": ROLE}])
    aws("events").put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    [message] = aws("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["source"] == "shop"


def test_objects_items_secrets_parameters_and_streams_are_kept(aws: Aws) -> None:
    aws("s3").create_bucket(Bucket="objects")
    aws("s3").put_object(Bucket="objects", Key="k", Body=b"value")
    assert aws("s3").get_object(Bucket="objects", Key="k")["Body"].read() == b"value"

    key = {"AttributeName": "id", "AttributeType": "S"}
    aws("dynamodb").create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[key], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}]
    )
    aws("dynamodb").put_item(TableName="t", Item={"id": {"S": "1"}, "n": {"N": "2"}})
    assert aws("dynamodb").execute_statement(Statement="SELECT n FROM t WHERE id = '1'")["Items"] == [{"n": {"N": "2"}}]

    aws("secretsmanager").create_secret(Name="s", SecretString="hidden")
    assert aws("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "hidden"

    aws("ssm").put_parameter(Name="/p", Value="v", Type="String")
    assert aws("ssm").get_parameter(Name="/p")["Parameter"]["Value"] == "v"

    blob = aws("kms").encrypt(KeyId=aws("kms").create_key()["KeyMetadata"]["KeyId"], Plaintext=b"text")["CiphertextBlob"]
    assert aws("kms").decrypt(CiphertextBlob=blob)["Plaintext"] == b"text"


def test_a_reset_frees_the_names_of_buckets(aws: Aws) -> None:
    aws("s3").create_bucket(Bucket="objects")
    state.reset()
    assert aws("s3").list_buckets()["Buckets"] == []
    aws("s3").create_bucket(Bucket="objects")


READS: list[tuple[str, str]] = [
    ("acm", "list_certificates"), ("apigateway", "get_rest_apis"),
    ("apigatewayv2", "get_apis"), ("opensearch", "list_domain_names"),
    ("appsync", "list_graphql_apis"), ("athena", "list_work_groups"),
    ("batch", "describe_job_queues"), ("cloudfront", "list_distributions"), ("cloudtrail", "describe_trails"),
    ("codebuild", "list_projects"), ("ecr", "describe_repositories"), ("ecs", "list_clusters"), ("efs", "describe_file_systems"),
    ("events", "list_rules"), ("fis", "list_experiment_templates"), ("glue", "get_databases"), ("iam", "list_roles"),
    ("kinesis", "list_streams"), ("kms", "list_keys"), ("lambda", "list_functions"), ("logs", "describe_log_groups"),
    ("rds", "describe_db_instances"), ("route53", "list_hosted_zones"), ("s3", "list_buckets"), ("scheduler", "list_schedules"),
    ("secretsmanager", "list_secrets"), ("ses", "list_identities"), ("ssm", "describe_parameters"),
    ("stepfunctions", "list_state_machines"), ("sts", "get_caller_identity"), ("elb", "describe_load_balancers"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "operation"), READS, ids=[r[0] for r in READS])
def test_the_services_of_an_application_answer(aws: Aws, service: str, operation: str) -> None:
    assert getattr(aws(service), operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200


MISSING = [
    ("apigateway", "GetRestApis", "openapi_spec_validator", "openapi-spec-validator", "apigateway"),
    ("ssm", "DescribeParameters", "yaml", "PyYAML", "ssm"),
    ("resourcegroupstaggingapi", "GetResources", "cfnlint", "cfn-lint", "resourcegroupstaggingapi"),
    ("iam", "ListRoles", "jsonpath_ng", "jsonpath_ng", "all"),
]


@pytest.mark.parametrize("row", MISSING, ids=[row[0] for row in MISSING])
def test_a_service_whose_package_is_missing_says_which(aws: Aws, monkeypatch: pytest.MonkeyPatch, row: tuple[str, ...]) -> None:
    service, operation, module, package, extra = row

    def cannot_import(*_: Any) -> Any:
        raise ModuleNotFoundError(f"No module named '{module}'", name=module)

    monkeypatch.setattr("sandbox.aws.http.dispatcher.create_backend_app", cannot_import)
    client = aws(service)
    with pytest.raises(ClientError) as failed:
        getattr(client, botocore.xform_name(operation))()
    told = f"the Python package {package} is not installed; pip install 'moto[{extra}]==5.2.5' installs it"
    error = failed.value.response["Error"]
    assert error["Code"] == "NotImplemented"
    assert error["Message"] == f"The sandbox does not support {operation} of {service} ({told}). See: sandbox services {service}"


def test_each_row_of_the_table_names_operations_that_aws_has() -> None:
    session = botocore.session.get_session()
    known = set(session.get_available_services())
    assert set(entries()) <= known
    for service in entries().values():
        operations = set(session.get_service_model(service.name).operation_names)
        for row in service.refused:
            assert set(row.operations) <= operations, service.name


def test_the_texts_of_the_table_fit_into_their_sentences() -> None:
    for service in entries().values():
        assert service.note.endswith(".") is (service.kind is not Kind.REFUSED), service.name
        for row in service.refused:
            assert row.why[0].islower() or row.why.startswith("AWS"), row.why
            assert not row.why.endswith("."), row.why


def test_refused_is_an_answer_that_sdks_do_not_retry(aws: Aws) -> None:
    status, headers, body = request(
        aws.gateway, "POST", "/", b'{"stateMachineArn": "arn:x"}',
        HTTP_AUTHORIZATION=signed("states"), HTTP_X_AMZ_TARGET="AWSStepFunctions.StartExecution", CONTENT_TYPE="application/x-amz-json-1.0",
    )  # fmt: skip
    error = refused("StartExecution", "stepfunctions", "the sandbox does not run state machines")
    assert (status, json.loads(body)["message"], headers["x-amzn-errortype"]) == (501, error.message, "NotImplemented")


def test_the_list_has_every_service() -> None:
    names = [one.name for one in services(["arc-zonal-shift"])]
    assert {"ec2", "lambda", "s3", "acm-pca", "arc-zonal-shift", "textract"} <= set(names) and len(names) == len(set(names)) > 150
    assert {name for name in ("ec2", "sqs", "s3", "iam") if saved(name)} == {"ec2", "iam", "sqs"}


def test_the_document_is_up_to_date() -> None:
    assert (ROOT / "docs/services.md").read_text() == tools.services.document()


def test_a_refused_call_does_not_load_its_service(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    monkeypatch.setattr("sandbox.aws.http.dispatcher.create_backend_app", loaded.append)
    with pytest.raises(ClientError, match="The sandbox refuses DetectText of rekognition"):
        aws("rekognition").detect_text(Image={"Bytes": b"x"})
    assert loaded == []
