import pytest

from sandbox.core.errors import ApiError
from sandbox.services.elbv2.api.validation import listeners as listener_validation
from tests.support import rule

GROUPS = [{"TargetGroupArn": f"tg-{n}", "Weight": n} for n in range(6)]


def path(*values):
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


@rule("ALB-23", "ALB-24")
def test_both_forms_of_a_forward_action_are_equivalent():
    by_arn = listener_validation.actions([{"Type": "forward", "TargetGroupArn": "tg-1"}])
    by_config = listener_validation.actions([{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg-1"}]}}])
    assert by_arn == by_config
    assert by_arn[0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": "tg-1", "Weight": 1}]


@rule("ALB-23", "ALB-25", "ALB-26")
@pytest.mark.parametrize(
    "action",
    [
        {"Type": "forward", "ForwardConfig": {"TargetGroups": GROUPS}},  # six
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg-1", "Weight": 1000}]}},
        {"Type": "forward", "TargetGroupArn": "tg-9", "ForwardConfig": {"TargetGroups": GROUPS[:2]}},
        {"Type": "forward"},
        {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_307", "Port": "443"}},
        {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Query": "only=this"}},  # a loop
        {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Path": "x"}},
        {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "0"}},
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}},
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "x" * 1025}},
        {"Type": "teleport"},
    ],
)
def test_actions_outside_the_limits_are_refused(action):
    with pytest.raises(ApiError):
        listener_validation.actions([action])


@rule("ALB-9", "ALB-22")
@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ([], "at least one condition"),
        (
            [path("/a", "/b"), {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": str(n)} for n in range(4)]}}],
            "'5' condition",
        ),
        ([path("/*/*/*"), {"Field": "host-header", "Values": ["*.?*"]}], "'5' wildcards"),
        ([{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x" * 41, "Values": ["1"]}}], "too long; the limit is '40'"),
        ([{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X Y", "Values": ["1"]}}], "'X Y' contains characters"),
        ([{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "Größe", "Values": ["1"]}}], "'Größe' contains characters"),
        ([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}], "allowed characters are A-Z"),
        ([{"Field": "http-request-method", "Values": ["GET"]}], "not compatible"),
        ([{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k"}]}}], "A 'Value' must be specified"),
        ([path("/" + "x" * 128)], "too long; the limit is '128'"),
        ([path()], "A condition value must be specified"),
        ([{"Values": ["/x"]}], "A condition field must be specified"),
    ],
)
def test_conditions_outside_the_limits_are_refused(conditions, text):
    with pytest.raises(ApiError, match=text):
        listener_validation.conditions(conditions)


@rule("ALB-22")
def test_several_conditions_on_headers_and_queries_are_allowed():
    conditions = [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "A", "Values": ["1"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "B", "Values": ["2"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k", "Value": "*"}]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "*"}]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    ]
    assert listener_validation.conditions(conditions) == conditions
