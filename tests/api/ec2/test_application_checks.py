"""The API of application status checks: what is accepted, refused and shown. tests/sim/ec2/test_application_status.py has their effect."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import VirtualSandbox, rule
from tests.support.aws import IMAGE

NO_SUCH = "asc-00000000000000000"


class Api:
    def __init__(self, on: VirtualSandbox) -> None:
        self.on, self.ec2 = on, on.client("ec2")

    def create(self, **more: Any) -> dict[str, Any]:
        made = self.ec2.create_application_status_check(**({"Protocol": "http", "Port": 80} | more))
        return dict(made["ApplicationStatusCheck"])

    def id(self, **more: Any) -> str:
        return str(self.create(**more)["ApplicationStatusCheckId"])

    def instances(self, count: int = 1) -> list[str]:
        made = self.ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=count, MaxCount=count)
        return [each["InstanceId"] for each in made["Instances"]]

    def checks(self, **more: Any) -> list[dict[str, Any]]:
        return list(self.ec2.describe_application_status_checks(**more)["ApplicationStatusChecks"])

    def associations(self, **more: Any) -> list[dict[str, Any]]:
        return list(self.ec2.describe_application_status_check_associations(**more)["Associations"])

    def associate(self, check_id: str, **targets: Any) -> tuple[list[str], list[str]]:
        """→ values that were associated, and reasons of those that were not."""
        found = self.ec2.associate_application_status_check(ApplicationStatusCheckId=check_id, **targets)
        done = [each["AssociationValue"] for each in found["SuccessfulResults"]]
        return done, [each["Reason"] for each in found["UnsuccessfulResults"]]

    def refused(self, operation: str, **parameters: Any) -> str:
        with pytest.raises(ClientError) as error:
            getattr(self.ec2, operation)(**parameters)
        return str(error.value.response["Error"]["Code"])


@pytest.fixture
def api(virtual: VirtualSandbox) -> Api:
    return Api(virtual)


def tag(key: str, value: str) -> dict[str, str]:
    return {"Key": key, "Value": value}


# ---- definitions -------------------------------------------------------------------------------------------------------------------------


@rule("EC2-81")
def test_a_check_has_aws_s_defaults(api: Api) -> None:
    made = api.create()
    assert made["ApplicationStatusCheckId"].startswith("asc-") and len(made["ApplicationStatusCheckId"]) == len(NO_SUCH)
    expected = {
        "Aggregation": "included", "Path": "/", "DeviceIndex": 0, "IpVersion": "ipv4", "IpScope": "private", "Interval": 60, "Timeout": 6,
        "FailureThreshold": 2, "SuccessThreshold": 2, "StatusCodeMatcher": "200", "InitializationGracePeriodSeconds": 300,
    }  # fmt: skip
    assert expected.items() <= made.items()
    assert api.checks() == [made] and "ModifyTime" not in made and "DeletionTime" not in made


@rule("EC2-81")
@pytest.mark.parametrize(
    "wrong",
    [
        {"Interval": 30}, {"Timeout": 0}, {"Timeout": 31}, {"FailureThreshold": 0}, {"SuccessThreshold": -1}, {"Path": "health"},
        {"Path": "/a b"}, {"Path": "/" + "a" * 1024}, {"DeviceIndex": -1}, {"InitializationGracePeriodSeconds": 0},
        {"InitializationGracePeriodSeconds": 601}, {"StatusCodeMatcher": ""}, {"StatusCodeMatcher": "200,"},
        {"StatusCodeMatcher": "300-200"},
        {"StatusCodeMatcher": "200-200"}, {"StatusCodeMatcher": "600"}, {"StatusCodeMatcher": ",".join(["200"] * 17)},
        {"Aggregation": "maybe"}, {"Protocol": "tcp"}, {"Port": 65536}, {"IpScope": "public"},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_value_is_refused_and_nothing_is_made_or_changed(api: Api, wrong: dict[str, Any]) -> None:
    before = api.create()
    assert api.refused("create_application_status_check", **({"Protocol": "http", "Port": 80} | wrong)) == "InvalidParameterValue"
    its = {"ApplicationStatusCheckId": before["ApplicationStatusCheckId"]}
    assert api.refused("modify_application_status_check", **its, **wrong) == "InvalidParameterValue"
    assert api.checks() == [before]


@rule("EC2-81")
@pytest.mark.parametrize(
    "unsupported",
    [
        {"HealthCheckPaths": [{"Source": {"SubnetId": "subnet-1"}, "Destinations": [{"SubnetId": "subnet-2"}]}]},
        {"IpVersion": "ipv6"},
        {"DeviceIndex": 1},
    ],
    ids=str,
)
def test_what_the_sandbox_lacks_is_refused_by_its_name(api: Api, unsupported: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=next(iter(unsupported))) as error:
        api.create(**unsupported)
    assert error.value.response["Error"]["Code"] == "UnsupportedOperation"
    assert api.checks() == []


@rule("EC2-81")
def test_a_change_keeps_what_it_does_not_name(api: Api) -> None:
    made = api.create(Path="/health", Timeout=3)
    api.on.run(10)
    its = {"ApplicationStatusCheckId": made["ApplicationStatusCheckId"]}
    changed = api.ec2.modify_application_status_check(**its, Protocol="https", Port=443, Aggregation="excluded")["ApplicationStatusCheck"]
    expected = {**made, "Protocol": "https", "Port": 443, "Aggregation": "excluded"}
    times = {"LastUpdatedAt": changed["LastUpdatedAt"], "ModifyTime": changed["ModifyTime"]}
    assert changed == {**expected, **times} and changed["ModifyTime"] > made["CreationTime"]
    assert api.refused("modify_application_status_check", **its) == "InvalidParameterCombination"


@rule("EC2-81")
def test_an_account_has_at_most_fifty_checks(api: Api) -> None:
    for _ in range(50):
        api.create()
    assert api.refused("create_application_status_check", Protocol="http", Port=80) == "ApplicationStatusCheckLimitExceeded"
    api.ec2.delete_application_status_check(ApplicationStatusCheckId=api.checks()[0]["ApplicationStatusCheckId"])
    api.create()


@rule("EC2-58", "EC2-81")
def test_checks_have_tags_and_are_found_by_them(api: Api) -> None:
    kind = "application-status-check"
    tagged = api.create(TagSpecifications=[{"ResourceType": kind, "Tags": [tag("team", "blue")]}])
    other = api.id()
    assert tagged["Tags"] == [tag("team", "blue")]
    assert api.checks(Filters=[{"Name": "tag:team", "Values": ["blue"]}]) == [tagged]
    api.ec2.create_tags(Resources=[other], Tags=[tag("team", "red")])
    assert [each["Tags"] for each in api.checks(ApplicationStatusCheckIds=[other])] == [[tag("team", "red")]]
    rows = api.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [other]}])["Tags"]
    assert [(row["ResourceType"], row["Value"]) for row in rows] == [(kind, "red")]
    wrong = [{"ResourceType": "instance", "Tags": [tag("a", "b")]}]
    assert api.refused("create_application_status_check", Protocol="http", Port=80, TagSpecifications=wrong) == "InvalidParameterValue"


@rule("EC2-86")
def test_a_deleted_check_is_shown_for_a_while_when_all_are_asked_for(api: Api) -> None:
    check_id = api.id(TagSpecifications=[{"ResourceType": "application-status-check", "Tags": [tag("team", "blue")]}])
    api.associate(check_id, TargetTagAssociations=[tag("role", "web")])
    deleted = api.ec2.delete_application_status_check(ApplicationStatusCheckId=check_id)["ApplicationStatusCheck"]
    assert deleted["DeletionTime"] and deleted["TargetTagAssociations"] == [] and deleted["Tags"] == [tag("team", "blue")]
    assert api.checks() == [] and api.associations() == []
    assert api.checks(IncludeAll=True) == [deleted]
    for operation in ("modify", "delete"):
        assert api.refused(f"{operation}_application_status_check", ApplicationStatusCheckId=check_id).endswith("NotFound")
    api.on.run(3601)
    assert api.checks(IncludeAll=True) == []


@rule("EC2-81")
def test_an_unknown_check_is_refused_by_every_operation(api: Api) -> None:
    code, unknown = "InvalidApplicationStatusCheckId.NotFound", {"ApplicationStatusCheckId": NO_SUCH}
    tags = {"TargetTagAssociations": [tag("a", "b")]}
    assert api.refused("modify_application_status_check", **unknown, Port=81) == code
    assert api.refused("delete_application_status_check", **unknown) == code
    assert api.refused("associate_application_status_check", **unknown, **tags) == code
    assert api.refused("disassociate_application_status_check", **unknown, **tags) == code
    assert api.refused("describe_application_status_checks", ApplicationStatusCheckIds=[NO_SUCH]) == code
    assert api.refused("describe_application_status_check_associations", ApplicationStatusCheckIds=[NO_SUCH]) == code


@rule("EC2-51", "EC2-53")
def test_a_dry_run_makes_nothing_and_a_token_makes_one(api: Api) -> None:
    asked = {"Protocol": "http", "Port": 80}
    assert api.refused("create_application_status_check", **asked, DryRun=True) == "DryRunOperation"
    assert api.refused("create_application_status_check", **asked, Timeout=31, DryRun=True) == "InvalidParameterValue"
    assert api.checks() == []
    assert api.id(ClientToken="once") == api.id(ClientToken="once")
    assert len(api.checks()) == 1


@rule("EC2-63")
@pytest.mark.parametrize("operation", ["checks", "check_associations", ""])
def test_a_filter_that_the_operation_does_not_have_is_refused(api: Api, operation: str) -> None:
    name = f"describe_application_status_{operation}".rstrip("_")
    for unknown in ("included", "tag", "ApplicationStatus", "instance-id"):
        assert api.refused(name, Filters=[{"Name": unknown, "Values": ["a"]}]) == "InvalidParameterValue"


@rule("EC2-50")
def test_answers_have_pages(api: Api) -> None:
    ids = [api.id() for _ in range(7)]
    first = api.ec2.describe_application_status_checks(MaxResults=5)
    second = api.ec2.describe_application_status_checks(MaxResults=5, NextToken=first["NextToken"])
    assert [c["ApplicationStatusCheckId"] for page in (first, second) for c in page["ApplicationStatusChecks"]] == ids
    assert "NextToken" not in second
    started = api.instances(3)
    api.on.run(60)
    first = api.ec2.describe_application_status(MaxResults=2)
    second = api.ec2.describe_application_status(MaxResults=2, NextToken=first["NextToken"])
    found = [each["InstanceId"] for page in (first, second) for each in page["ApplicationStatuses"]["Instances"]]
    assert sorted(found) == sorted(started) and "NextToken" not in second


# ---- associations ------------------------------------------------------------------------------------------------------------------------


@rule("EC2-82")
def test_tags_and_instances_are_associated_one_by_one(api: Api) -> None:
    check_id, (instance,) = api.id(), api.instances()
    assert api.associate(check_id, TargetTagAssociations=[tag("role", "web"), tag("role", "api")]) == (["role=web", "role=api"], [])
    done, reasons = api.associate(check_id, InstanceIds=[instance, "i-00000000000000000"])
    assert (done, reasons) == ([instance], ["The instance ID 'i-00000000000000000' does not exist"])
    assert api.associate(check_id, InstanceIds=[instance]) == ([], ["The application status check is already associated."])
    assert [(a["AssociationType"], a.get("Key"), a["Value"]) for a in api.associations()] == [
        ("tag", "role", "web"),
        ("tag", "role", "api"),
        ("instance-id", None, instance),
    ]
    only = api.associations(Filters=[{"Name": "association-type", "Values": ["instance-id"]}])
    assert [each["Value"] for each in only] == [instance]
    assert api.checks()[0]["TargetTagAssociations"] == [tag("role", "web"), tag("role", "api")]


@rule("EC2-82")
def test_disassociation_names_what_was_associated(api: Api) -> None:
    check_id, (instance,) = api.id(), api.instances()
    api.associate(check_id, TargetTagAssociations=[tag("role", "web")])
    its = {"ApplicationStatusCheckId": check_id}
    found = api.ec2.disassociate_application_status_check(**its, TargetTagAssociations=[tag("role", "web"), tag("role", "db")])
    assert [(each["AssociationType"], each["AssociationValue"]) for each in found["SuccessfulResults"]] == [("EC2TAG", "role=web")]
    assert [each["Reason"] for each in found["UnsuccessfulResults"]] == ["The application status check is not associated."]
    found = api.ec2.disassociate_application_status_check(**its, InstanceIds=[instance])
    assert [each["AssociationType"] for each in found["UnsuccessfulResults"]] == ["INSTANCE_ID"]
    assert api.associations() == []


@rule("EC2-82")
@pytest.mark.parametrize("operation", ["associate", "disassociate"])
def test_a_request_names_either_tags_or_instances(api: Api, operation: str) -> None:
    name, its = f"{operation}_application_status_check", {"ApplicationStatusCheckId": api.id()}
    both = {"TargetTagAssociations": [tag("a", "b")], "InstanceIds": api.instances()}
    assert api.refused(name, **its, **both) == "InvalidParameterCombination"
    assert api.refused(name, **its) == "MissingParameter"
    assert api.refused(name, **its, TargetTagAssociations=[tag(" ", "b")]) == "InvalidParameterValue"
    assert api.refused(name, **its, InstanceIds=["web-1"]) == "InvalidInstanceID.Malformed"
    assert api.associations() == []


@rule("EC2-82")
def test_a_check_has_at_most_fifty_associations_and_an_account_two_hundred(api: Api) -> None:
    tags = [tag("n", str(number)) for number in range(51)]
    for number in range(4):
        done, reasons = api.associate(api.id(), TargetTagAssociations=tags)
        assert (len(done), len(reasons)) == (50, 1) and "maximum of 50" in reasons[0], number
    done, reasons = api.associate(api.id(), TargetTagAssociations=tags[:1])
    assert done == [] and "maximum of 200" in reasons[0]


@rule("EC2-82")
def test_an_association_goes_with_its_instance(api: Api) -> None:
    check_id, (instance,) = api.id(), api.instances()
    api.on.run(30)
    api.associate(check_id, InstanceIds=[instance])
    api.ec2.terminate_instances(InstanceIds=[instance])
    api.on.run(60)
    assert api.associate(check_id, InstanceIds=[instance]) == ([], ["The instance is terminated."])
    api.on.run(3700)
    assert api.associations() == []


# ---- suppression -------------------------------------------------------------------------------------------------------------------------


@rule("EC2-85")
def test_suppression_has_a_result_for_each_instance(api: Api) -> None:
    (instance,) = api.instances()
    found = api.ec2.enable_application_status_check_suppression(InstanceIds=[instance, "i-00000000000000000"], DurationSeconds=600)
    (done,), (failed,) = found["SuccessfulResults"], found["UnsuccessfulResults"]
    assert (done["ResumeAt"] - done["SuppressAt"]).total_seconds() == 600
    assert failed["Reason"] == "The instance ID 'i-00000000000000000' does not exist"
    found = api.ec2.disable_application_status_check_suppression(InstanceIds=[instance])
    assert [each["InstanceId"] for each in found["SuccessfulResults"]] == [instance]
    found = api.ec2.disable_application_status_check_suppression(InstanceIds=[instance])
    assert [each["Reason"] for each in found["UnsuccessfulResults"]] == ["Application status checks of the instance are not suppressed."]


@rule("EC2-85")
def test_suppression_of_nothing_of_too_many_or_for_no_time_is_refused(api: Api) -> None:
    many, name = [f"i-{number:017x}" for number in range(101)], "enable_application_status_check_suppression"
    (instance,) = api.instances()
    assert api.refused(name) == "MissingParameter"
    assert api.refused(name, InstanceIds=many) == "InvalidParameterValue"
    assert api.refused(name, InstanceIds=[instance], DurationSeconds=0) == "InvalidParameterValue"
    assert api.refused(name, InstanceIds=["web-1"]) == "InvalidInstanceID.Malformed"
    assert api.refused("disable_application_status_check_suppression") == "MissingParameter"
