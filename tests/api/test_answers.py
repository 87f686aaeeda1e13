"""The shape of answers: error XML of each query service and of EC2, and the content type of JSON services, as AWS gives them."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.support.aws import signed

Call = Callable[..., tuple[int, dict[str, str], bytes]]
FORM = "application/x-www-form-urlencoded"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/b/c"

QUERY = {  # signing name, form: namespace, code. Of each service: an error of moto's, one of ours, and one from before its code
    "elbv2": ("elasticloadbalancing", "DescribeRules&RuleArns.member.1=x", "2015-12-01", "ValidationError"),
    "elbv2: not found": ("elasticloadbalancing", f"DescribeListeners&ListenerArns.member.1={LISTENER}", "2015-12-01", "ListenerNotFound"),
    "elbv2: unknown": ("elasticloadbalancing", "Nope", "2015-12-01", "InvalidAction"),
    "autoscaling": ("autoscaling", "DescribePolicies&AutoScalingGroupName=none", "2011-01-01", "ValidationError"),
    "autoscaling: not supported": ("autoscaling", "PutWarmPool&AutoScalingGroupName=a", "2011-01-01", "NotImplemented"),
    "cloudwatch": ("monitoring", "GetDashboard&DashboardName=none", "2010-08-01", "ResourceNotFound"),
    "sns": ("sns", "GetTopicAttributes&TopicArn=arn:aws:sns:us-east-1:123456789012:none", "2010-03-31", "NotFound"),
    "sqs": ("sqs", "GetQueueUrl&QueueName=none", "2012-11-05", "AWS.SimpleQueueService.NonExistentQueue"),
    "iam": ("iam", "GetRole&RoleName=none", "2010-05-08", "NoSuchEntity"),
    "sts": ("sts", "AssumeRole", "2011-06-15", "ValidationError"),
}
NAMESPACES = {
    "elasticloadbalancing": "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    "autoscaling": "http://autoscaling.amazonaws.com/doc/2011-01-01/",
    "monitoring": "http://monitoring.amazonaws.com/doc/2010-08-01/",
    "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
    "sqs": "http://queue.amazonaws.com/doc/2012-11-05/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}


@pytest.mark.parametrize("case", QUERY)
def test_an_error_of_a_query_service_has_a_namespace_a_type_a_code_and_one_message(call: Call, case: str) -> None:
    service, action, version, code = QUERY[case]
    body = f"Action={action}&Version={version}".encode()
    status, headers, answer = call(body=body, CONTENT_TYPE=FORM, HTTP_AUTHORIZATION=signed(service))
    error = rf"<Error><Type>(Sender|Receiver)</Type><Code>{code}</Code><Message>[^<]+</Message></Error>"
    form = rf'<ErrorResponse xmlns="{NAMESPACES[service]}">{error}<RequestId>[\w-]+</RequestId></ErrorResponse>'
    assert status >= 400 and re.fullmatch(form, answer.decode()), answer
    assert headers["content-type"] == "text/xml" and int(headers["content-length"]) == len(answer)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("DescribeInstances&InstanceId.1=i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
        ("DescribeVpcs&VpcId.1=vpc-0123456789abcdef0", "InvalidVpcID.NotFound"),
        ("RunInstances", "MissingParameter"),
        ("Nope", "InvalidAction"),
    ],
)
def test_an_error_of_ec2_has_no_namespace_and_a_request_id(call: Call, action: str, code: str) -> None:
    body = f"Action={action}&Version=2016-11-15".encode()
    _, headers, answer = call(body=body, CONTENT_TYPE=FORM, HTTP_AUTHORIZATION=signed("ec2"))
    text = answer.decode().partition("?>")[2].strip()
    error = rf"<Error><Code>{code}</Code><Message>[^<]+</Message></Error>"
    found = re.fullmatch(rf"<Response><Errors>{error}</Errors><RequestID>(.+)</RequestID></Response>", text)
    assert found and UUID(found[1]) and int(headers["content-length"]) == len(answer), answer


JSON = {
    "sqs": ("AmazonSQS.ListQueues", "1.0"),
    "monitoring": ("GraniteServiceVersion20100801.DescribeAlarms", "1.0"),
    "dynamodb": ("DynamoDB_20120810.ListTables", "1.0"),
    "ssm": ("AmazonSSM.DescribeParameters", "1.1"),
    "secretsmanager": ("secretsmanager.ListSecrets", "1.1"),
    "kms": ("TrentService.ListKeys", "1.1"),
    "events": ("AWSEvents.ListRules", "1.1"),
    "logs": ("Logs_20140328.DescribeLogGroups", "1.1"),
}


@pytest.mark.parametrize("service", JSON)
def test_a_json_service_says_its_version_in_the_content_type(call: Call, service: str) -> None:
    target, version = JSON[service]
    kind = f"application/x-amz-json-{version}"
    for operation in (target, f"{target.partition('.')[0]}.Nope"):
        _, headers, _ = call(body=b"{}", CONTENT_TYPE=kind, HTTP_X_AMZ_TARGET=operation, HTTP_AUTHORIZATION=signed(service))
        assert headers["content-type"] == kind
