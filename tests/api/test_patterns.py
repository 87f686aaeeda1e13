"""Patterns of callers, wherever moto matches them: they mean what AWS documents, and a hostile one is answered like any other."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.aws import IMAGE, Aws

LONG = "a" * 120
HOSTILE = "*a" * 60 + "b"
EXPRESSION = "(a+)+b"  # hostile where it is taken for a regular expression


def described(answer: Any, collection: str, member: str) -> list[Any]:
    return [each[member] for each in answer[collection]]


# ---- EC2 -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("web servers?", True),  # no character or one
        ("web server??", True),
        ("web*[of] the shop", True),
        ("web servers ?of? the shop", True),
        (r"web servers \[of\] the shop", False),  # nothing but *, ? and a backslash is taken literally by a backslash
        ("web*[a-z]f* the shop", False),
        (".*", False),
        ("WEB*", False),
        (HOSTILE, False),
        (EXPRESSION, False),
    ],
)
def test_filters_of_security_groups(aws: Aws, pattern: str, found: bool) -> None:
    ec2 = aws("ec2")
    texts = ["web servers [of] the shop", "web servers", LONG]
    for number, text in enumerate(texts):
        ec2.create_security_group(GroupName=f"group-{number}", Description=text)
    groups = ec2.describe_security_groups(Filters=[{"Name": "description", "Values": [pattern]}])["SecurityGroups"]
    assert bool(groups) is found


@pytest.fixture
def volumes(aws: Aws) -> Callable[..., list[str]]:
    """volumes(Name, *values): the Name tags of the volumes that such a filter finds."""
    ec2 = aws("ec2")
    for name in ("data-1", "data-*", "data-[1]", LONG):
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": name}]}]
        ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tags)

    def found(name: str, *values: str) -> list[str]:
        answer = ec2.describe_volumes(Filters=[{"Name": name, "Values": list(values)}])
        return sorted(volume["Tags"][0]["Value"] for volume in answer["Volumes"])

    return found


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (["data-1"], ["data-1"]),
        (["data-*"], ["data-*", "data-1", "data-[1]"]),
        ([r"data-\*"], ["data-*"]),
        (["data-[1]"], ["data-[1]"]),
        (["data-?"], ["data-*", "data-1"]),
        (["data-1", "data-[1]", "other"], ["data-1", "data-[1]"]),
        ([HOSTILE, EXPRESSION], []),
        (["*a" * 60], [LONG]),
    ],
)
def test_filters_by_tag(volumes: Callable[..., list[str]], values: list[str], names: list[str]) -> None:
    assert volumes("tag:Name", *values) == volumes("tag-value", *values) == names


def test_other_filters_of_moto(volumes: Callable[..., list[str]], aws: Aws) -> None:
    every = volumes("tag-key", "Na*e", HOSTILE)
    assert len(every) == 4
    assert volumes("tag-key", "name") == volumes("status", HOSTILE) == volumes("size", "2") == volumes("tag:Owner", "*") == []
    assert volumes("status", "avail*") == volumes("size", "1") == volumes("encrypted", "false") == every
    assert volumes("availability-zone", "us-east-1[ab]") == []
    (image,) = aws("ec2").describe_images(Filters=[{"Name": "image-id", "Values": [IMAGE, "ami-none"]}])["Images"]
    assert image["ImageId"] == IMAGE


def test_internet_gateways_by_tag(aws: Aws) -> None:
    ec2 = aws("ec2")
    tags = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "Name", "Value": "[a]"}]}]
    made = ec2.create_internet_gateway(TagSpecifications=tags)["InternetGateway"]["InternetGatewayId"]

    def found(name: str, value: str) -> list[str]:
        answer = ec2.describe_internet_gateways(Filters=[{"Name": name, "Values": [value]}])
        return described(answer, "InternetGateways", "InternetGatewayId")

    assert found("tag:Name", "[a]") == found("tag-key", "Na*") == found("tag-value", "?a]") == [made]
    assert found("tag:Name", HOSTILE) == found("tag:Other", "*") == []


def test_describe_tags(volumes: Callable[..., list[str]], aws: Aws) -> None:
    def found(**filters: str) -> list[str]:
        asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return sorted(described(aws("ec2").describe_tags(Filters=asked), "Tags", "Value"))

    assert found(value=r"data-\*") == ["data-*"]
    assert found(value="data-[1]", key="Name", resource_type="volume") == ["data-[1]"]
    assert found(value="data-*", key="Owner") == found(value="data-*", resource_id="i-*") == found(value=HOSTILE) == []
    assert len(found(resource_id="vol-*", key="N*")) == 4


# ---- services that are moto's alone ----------------------------------------------------------------------------------------------------


def test_a_queue_s_prefix_is_a_prefix(aws: Aws) -> None:
    sqs = aws("sqs")
    for name in ("orders", "orders-dead", "a" * 80):
        sqs.create_queue(QueueName=name)

    def found(prefix: str) -> int:
        return len(sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", []))

    assert [found(prefix) for prefix in ("orders", "orders-", "o.", "orders|a", EXPRESSION)] == [2, 1, 0, 0, 0]
    assert len(sqs.list_queues()["QueueUrls"]) == 3


def test_names_of_event_rules(aws: Aws) -> None:
    events = aws("events")
    names = ["hostile", LONG[:60], "starred"]
    for name in names:
        events.put_rule(Name=name, EventPattern='{"source": ["shop"]}')
    for prefix, found in (("h", ["hostile"]), ("host.", []), (EXPRESSION, [])):
        assert described(events.list_rules(NamePrefix=prefix), "Rules", "Name") == found
    page = events.list_rules(Limit=2)
    pages = [page, events.list_rules(Limit=2, NextToken=page["NextToken"])]
    assert [described(page, "Rules", "Name") for page in pages] == [names[:2], names[2:]]


@pytest.mark.parametrize(
    ("pattern", "source", "passes"),
    [
        ("shop.*", "shop.orders", True),
        (r"\*.shop", "*.shop", True),
        (r"\*.shop", "x.shop", False),
        (HOSTILE, LONG, False),
        ("*a" * 60, LONG, True),
    ],
)
def test_event_patterns(aws: Aws, pattern: str, source: str, passes: bool) -> None:
    """PutEvents needs a package that is not here as soon as a rule has a target, so moto's matcher is asked itself."""
    aws("events").list_rules()
    from moto.events.models import EventPattern

    event: Any = {"source": source}
    assert EventPattern.load(json.dumps({"source": [{"wildcard": pattern}]})).matches_event(event) is passes


def test_bucket_policies(aws: Aws) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="pictures")

    def refused(pattern: str) -> list[str]:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:Del*", "Resource": "arn:aws:s3:::" + pattern}
        s3.put_bucket_policy(Bucket="pictures", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        answer = s3.delete_objects(Bucket="pictures", Delete={"Objects": [{"Key": LONG}]})
        return described(answer, "Errors", "Code") if "Errors" in answer else []

    assert refused("*") == refused("pictures/" + "a?" * 60) == ["AccessDenied"]
    assert refused("pictures/a.*") == refused("pictures/" + HOSTILE) == refused("pictures/" + EXPRESSION) == []


def test_origins_of_buckets(aws: Aws) -> None:
    """Pages of other origins get no answer here, so moto is asked itself."""
    aws("s3").list_buckets()
    from moto.s3 import responses

    allowed = ["https://*.example.com", "http://" + HOSTILE]
    origins = ("https://shop.example.com", "https://shop.example.com.evil.org", "https://shopXexampleXcom", "http://" + LONG)
    assert [responses.cors_matches_origin(origin, allowed) for origin in origins] == [True, False, False, False]


def test_repository_filters(aws: Aws) -> None:
    ecr = aws("ecr")
    names = ["shop/web", "web", LONG]
    for name in names:
        ecr.create_repository(repositoryName=name)

    def scanned(pattern: str) -> list[str]:
        rule = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": pattern, "filterType": "WILDCARD"}]}
        ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[rule])
        found = ecr.batch_get_repository_scanning_configuration(repositoryNames=names)["scanningConfigurations"]
        return [each["repositoryName"] for each in found if each["scanFrequency"] == "SCAN_ON_PUSH"]

    assert scanned("web") == scanned("*web") == ["shop/web", "web"]
    assert scanned("shop*") == ["shop/web"]
    assert scanned("a*" * 40 + "b") == []


@pytest.mark.parametrize(("pattern", "excluded"), [("dev*", True), ("*", True), ("prod*", False), ("d", False), ("d*e*" * 30 + "b", False)])
def test_exclusion_filters_of_tags(aws: Aws, pattern: str, excluded: bool) -> None:
    aws("ecr").describe_repositories()
    from moto.ecr.exceptions import ImageAlreadyExistsException
    from moto.ecr.models import ECRBackend, Image, Repository, ecr_backends

    backend: ECRBackend = ecr_backends["123456789012"]["us-east-1"]
    filters: Any = [{"filterType": "WILDCARD", "filter": pattern}]
    repository = Repository("123456789012", "us-east-1", "r", None, None, None, "MUTABLE_WITH_EXCLUSION", filters)
    repository.images = [Image("123456789012", "development", "{}", "r")]
    try:
        backend._resolve_image_tag_mutability(repository, "development")
        refused = False
    except ImageAlreadyExistsException:
        refused = True
    assert refused is excluded
    assert repository.image_tag_mutability_exclusion_filters == filters


def test_the_index_of_things(aws: Aws) -> None:
    iot = aws("iot")
    for name in ("lamp-1", "lamp-22", LONG):
        iot.create_thing(thingName=name)
    for group in ("hall", "g" * 100):
        iot.create_thing_group(thingGroupName=group)
    iot.add_thing_to_thing_group(thingGroupName="hall", thingName="lamp-1")

    def found(query: str) -> list[str]:
        return described(iot.search_index(queryString=query), "things", "thingName")

    assert found("thingName:lamp-*") == ["lamp-1", "lamp-22"]
    assert found("thingName:lamp-?") == found("thingGroupNames:ha*") == ["lamp-1"]
    assert found("thingTypeName:*") == found("thingGroupNames:h.ll") == found("thingGroupNames:" + "g*" * 40 + "x") == []
    assert found("thingName:" + HOSTILE) == []


def test_tables_and_partitions_of_glue(aws: Aws) -> None:
    glue = aws("glue")
    glue.create_database(DatabaseInput={"Name": "shop"})
    for name in ("orders", "orders_old", LONG):
        column = {"Name": "day", "Type": "string"}
        glue.create_table(DatabaseName="shop", TableInput={"Name": name, "PartitionKeys": [column], "StorageDescriptor": {"Columns": []}})
    for day in ("monday", "sunday", LONG):
        glue.create_partition(DatabaseName="shop", TableName="orders", PartitionInput={"Values": [day]})

    def tables(expression: str) -> list[str]:
        return described(glue.get_tables(DatabaseName="shop", Expression=expression), "TableList", "Name")

    def days(pattern: str) -> list[str]:
        found = glue.get_partitions(DatabaseName="shop", TableName="orders", Expression=f"day LIKE '{pattern}'")["Partitions"]
        return [each["Values"][0] for each in found]

    assert tables("orders") == tables("ord.*") == tables("o*s*") == ["orders", "orders_old"]
    assert tables("*old|b") == ["orders_old"]
    assert tables(HOSTILE) == tables(EXPRESSION) == []
    assert days("%day") == ["monday", "sunday"]
    assert days("_unday") == ["sunday"]
    assert days("*day") == days("%a" * 60 + "b") == []
