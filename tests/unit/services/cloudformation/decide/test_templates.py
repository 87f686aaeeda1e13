"""The text of a template: what it becomes, and what is refused before anything starts."""

from typing import Any

import pytest

from sandbox.core.errors import ApiError
from sandbox.services.cloudformation.decide.template import documents, parameters, references, templates
from sandbox.services.cloudformation.decide.template.parameters import Given
from tests.support import rule

A = {"Type": "AWS::SNS::Topic"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        ("a: !Ref b", {"a": {"Ref": "b"}}),
        ("a: !GetAtt b.c.d", {"a": {"Fn::GetAtt": ["b", "c.d"]}}),
        ("a: !GetAtt [b, c]", {"a": {"Fn::GetAtt": ["b", "c"]}}),
        ("a: !Sub '${b}'", {"a": {"Fn::Sub": "${b}"}}),
        ("a: !Join [',', [1, !Ref b]]", {"a": {"Fn::Join": [",", [1, {"Ref": "b"}]]}}),
        ("a: !Equals [x, y]", {"a": {"Fn::Equals": ["x", "y"]}}),
        ("a: 2012-10-17", {"a": "2012-10-17"}),
        ("a: {b: true, c: '80', d: 80, e: 1.5}", {"a": {"b": True, "c": "80", "d": 80, "e": 1.5}}),
        ("a: |\n  #!/bin/sh\n  echo\n", {"a": "#!/bin/sh\necho\n"}),
        ("8080: yes please", {"8080": "yes please"}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
    ],
)
def test_json_and_yaml_are_one_value(text: str, expected: Any) -> None:
    assert documents.read(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "Template format error: YAML not well-formed. (line 2, column 1)"),
        ('{"a": 1', "Template format error: JSON not well-formed. (line 1, column 8)"),
        ("a: b: c", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ("a: \x07", "Template format error: YAML not well-formed. (line 1, column 1)"),
        ("just text", "Template format error: unsupported structure."),
        ("- a", "Template format error: unsupported structure."),
        ("", "Template format error: unsupported structure."),
        ("a: 1\n---\nb: 2", "Template format error: unsupported structure."),
        ("[" * 200 + "]" * 200, "Template format error: unsupported structure."),
        ('{"a":' * 150 + "1" + "}" * 150, "Template format error: unsupported structure."),
        ("a: &x [1]\nb: *x", "Template error: YAML aliases are not allowed in CloudFormation templates"),
        ("a:\n  b:", "[/a/b] 'null' values are not allowed in templates"),
        ('{"a": [1, null]}', "[/a/1] 'null' values are not allowed in templates"),
        ("a: !python/object:os.system x", "Template format error: YAML tag !python/object:os.system is not one of CloudFormation's"),
        ("a: !!python/object/apply:os.system [ls]", None),
    ],
)
@rule("CFN-1", "CFN-2")
def test_a_broken_text_is_refused_with_its_place(text: str, message: str | None) -> None:
    if message is None:  # a tag of YAML itself makes no object
        assert documents.read(text) == {"a": ["ls"]}
        return
    with pytest.raises(ApiError) as caught:
        documents.read(text)
    assert (caught.value.code, caught.value.message) == ("ValidationError", message)


def refusal(document: dict[str, Any]) -> str:
    with pytest.raises(ApiError) as caught:
        references.check(templates.of(document))
    assert caught.value.code == "ValidationError"
    return caught.value.message


def topic(**properties: Any) -> dict[str, Any]:
    return {**A, "Properties": properties}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "Template format error: At least one Resources member must be defined."),
        ({"Resources": {"A": A}, "Foo": 1}, "Invalid template property or properties [Foo]"),
        ({"Resources": {"a-b": A}}, "Template format error: Resource name a-b is non alphanumeric."),
        ({"Resources": {"A": {}}}, "Template format error: [/Resources/A] Every Resources object must contain a Type member."),
        ({"Resources": {"A": {**A, "Propertys": {}}}}, "Invalid template resource property 'Propertys'"),
        ({"Resources": {"A": A}, "Outputs": {"O": {}}}, "Template format error: Every Outputs member must contain a Value object"),
        (
            {"Resources": {"A": A}, "Parameters": {"P": {}}},
            "Template format error: Every Parameters object must contain a Type member.",
        ),
        (
            {"Resources": {"A": A}, "Parameters": {"P": {"Type": "Strin"}}},
            "Template format error: Unrecognized parameter type: Strin",
        ),
        (
            {"Resources": {"A": topic(TopicName={"Ref": "B"})}},
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": {**A, "DependsOn": ["C"]}}},
            "Template format error: Unresolved resource dependencies [C] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": topic(TopicName={"Fn::Sub": "${B}-x"})}},
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            {"Resources": {"A": A}, "Outputs": {"O": {"Value": {"Ref": "Z"}}}},
            "Template format error: Unresolved resource dependencies [Z] in the Outputs block of the template",
        ),
        (
            {"Resources": {"A": topic(TopicName={"Fn::GetAtt": ["B", "Arn"]})}},
            "Template error: instance of Fn::GetAtt references undefined resource B",
        ),
        (
            {"Resources": {"A": {**A, "Condition": "No"}}},
            "Template format error: Unresolved condition dependency No in the Resources block of the template",
        ),
        (
            {"Resources": {"A": topic(TopicName={"Ref": "B"}), "B": topic(TopicName={"Ref": "A"}), "C": topic(TopicName={"Ref": "A"})}},
            "Circular dependency between resources: [A, B]",
        ),
        ({"Resources": {"A": topic(TopicName={"Ref": "A"})}}, "Circular dependency between resources: [A]"),
        ({"Resources": {"A": {**A, "DeletionPolicy": "Keep"}}}, "Template format error: Unrecognized DeletionPolicy Keep for resource A"),
    ],
)
@rule("CFN-4", "CFN-5")
def test_a_template_that_cannot_work_is_refused(document: dict[str, Any], message: str) -> None:
    assert refusal(document) == message


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"Resources": {"A": A}, "Transform": "AWS::Serverless-2016-10-31"}, "the section Transform of a template"),
        ({"Resources": {"A": topic(TopicName={"Fn::Transform": {"Name": "AWS::Include"}})}}, "the function Fn::Transform"),
        ({"Resources": {"A": topic(TopicName={"Fn::ToJsonString": {}})}}, "the function Fn::ToJsonString"),
    ],
)
def test_what_the_sandbox_lacks_is_refused_by_name(document: dict[str, Any], what: str) -> None:
    with pytest.raises(NotImplementedError, match=what):
        references.check(templates.of(document))


def test_a_resource_may_have_a_description() -> None:
    made = templates.of({"Resources": {"A": {**A, "Description": "what it is for"}}})
    assert made.resources["A"].properties == {}


def test_resources_are_ordered_by_what_they_need() -> None:
    made = templates.of({"Resources": {"A": topic(TopicName={"Ref": "B"}), "B": {**A, "DependsOn": "C"}, "C": A}})
    needs = references.dependencies(made, made.resources)
    assert references.ordered(needs) == ["C", "B", "A"]
    assert references.dependencies(made, ["A", "B"])["B"] == ()  # what is not there is not waited for


# ---- parameters --------------------------------------------------------------------------------------------------------------------------


def with_parameter(**declared: Any) -> Any:
    return templates.of({"Resources": {"A": A}, "Parameters": {"P": {"Type": "String", **declared}}})


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues [a, b]"),
        ({"AllowedPattern": "[a-z]+"}, "A1", "Parameter 'P' must match pattern [a-z]+"),
        ({"AllowedPattern": "[a-z]+"}, "ok", None),
        ({"MinLength": 3}, "ab", "Parameter 'P' must contain at least 3 characters"),
        ({"MaxLength": "3"}, "abcd", "Parameter 'P' must contain at most 3 characters"),
        ({"Type": "Number"}, "x", "Parameter 'P' must be a number."),
        ({"Type": "Number"}, "nan", "Parameter 'P' must be a number."),
        ({"Type": "Number", "MinValue": 2}, "1", "Parameter 'P' must be a number not less than 2"),
        ({"Type": "Number", "MaxValue": 2}, "2.5", "Parameter 'P' must be a number not greater than 2"),
        ({"Type": "List<Number>"}, "1, 2,x", "Parameter 'P' must be a number."),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,b", None),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "small letters only"},
            "A",
            "Parameter 'P' failed to satisfy constraint: small letters only",
        ),
    ],
)
@rule("CFN-8")
def test_a_value_keeps_the_constraints(declared: dict[str, Any], value: str, message: str | None) -> None:
    template = with_parameter(**declared)
    if message is None:
        parameters.check(template, {"P": value})
        return
    with pytest.raises(ApiError) as caught:
        parameters.check(template, {"P": value})
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("declared", "given", "previous", "expected"),
    [
        ({}, [], None, "Parameters: [P] must have values"),
        ({"Default": 7}, [], None, {"P": "7"}),
        ({"Default": "a"}, [Given(name="P", value="b")], None, {"P": "b"}),
        ({"Default": "a"}, [Given(name="P", use_previous=True)], {"P": "old"}, {"P": "old"}),
        ({"Default": "a"}, [], {"P": "old"}, {"P": "a"}),
        ({"Default": "a"}, [Given(name="Q", value="b")], None, "Parameters: [Q] do not exist in the template"),
    ],
)
@rule("CFN-7")
def test_each_parameter_gets_a_value(declared: Any, given: list[Given], previous: Any, expected: Any) -> None:
    template = with_parameter(**declared)
    if isinstance(expected, str):
        with pytest.raises(ApiError) as caught:
            parameters.values(template, given, previous)
        assert caught.value.message == expected
        return
    assert parameters.values(template, given, previous) == expected


def test_a_pattern_that_could_take_for_ever_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="a repetition inside a repetition"):
        parameters.matches("(a+)+b", "a" * 40)
    assert parameters.matches(r"(\d{1,3}\.){3}\d{1,3}", "10.0.0.1")


def test_lists_and_hidden_values() -> None:
    template = with_parameter(Type="CommaDelimitedList", NoEcho="true", Default="a, b")
    assert parameters.typed(template, {"P": "a, b"}) == {"P": ["a", "b"]}
    assert parameters.shown(template, "P", "a, b") == "****"
