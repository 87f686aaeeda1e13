"""What is read later, or once, is what moto and botocore would have read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import moto
import pytest
from moto.ec2.models import instance_types
from moto.utilities.utils import load_resource

from sandbox.aws.hosting import lazy_loading
from sandbox.aws.hosting.lazy_loading import Offerings, SharedLoader, shared_loader

FILES = sorted((Path(moto.__file__).parent / lazy_loading.FOLDER).glob("*/*.json*"))


def test_offerings_are_moto_s_own_in_every_region() -> None:
    assert len(FILES) > 50
    for file in FILES:
        expected = load_resource(f"{lazy_loading.FOLDER}/{file.parent.name}/{file.name}")
        for offering in expected:
            offering["LocationType"] = file.parent.name  # as moto does at import
        assert instance_types.INSTANCE_TYPE_OFFERINGS[file.parent.name][file.name.split(".")[0]] == expected


def test_every_location_type_and_region_is_there() -> None:
    found = {(kind, region) for kind, regions in instance_types.INSTANCE_TYPE_OFFERINGS.items() for region in regions}
    assert found == {(file.parent.name, file.name.split(".")[0]) for file in FILES}


def test_a_region_is_read_when_it_is_asked_for_and_once() -> None:
    read = []

    def load(name: str) -> Any:
        read.append(name)
        return [{"Location": "here", "InstanceType": "t3.medium"}]

    offerings = Offerings("region", FILES[0].parent, load)
    assert len(offerings) == len(list(FILES[0].parent.iterdir()))
    assert read == []
    region = next(iter(offerings))
    assert offerings[region] == offerings.get(region) == [{"Location": "here", "InstanceType": "t3.medium", "LocationType": "region"}]
    assert len(read) == 1
    assert offerings.get("mars-1", []) == []


def test_sessions_share_what_was_parsed() -> None:
    first, second = (botocore.session.Session().get_component("data_loader") for _ in range(2))
    assert first is second
    assert first.load_service_model("ec2", "service-2") is second.load_service_model("ec2", "service-2")


def test_sessions_leave_nothing_behind_in_the_loader() -> None:
    before = shared_loader().search_paths
    boto3.Session(), boto3.Session()
    assert shared_loader().search_paths == before
    assert lazy_loading.BOTO3_DATA in before
    assert boto3.Session().get_available_resources()  # from boto3's own folder


def test_a_users_own_models_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS", str(tmp_path))
    loader = shared_loader(os.pathsep.join(["$MODELS", "~/models"]))
    assert isinstance(loader, SharedLoader)
    assert loader.search_paths[:2] == [str(tmp_path), os.path.expanduser("~/models")]


LOADED_AT_START = {
    *("autoscaling", "cloudwatch", "core", "ec2", "elb", "elbv2", "iam", "moto_api", "moto_server", "secretsmanager", "sns", "sqs", "ssm"),
    "utilities",
}
LATER = ("aws_xray_sdk", "cfnlint", "graphql", "joserfc", "jsonpath_ng", "jsonschema", "openapi_spec_validator", "pyparsing")


def test_the_other_services_and_their_packages_are_loaded_when_they_are_first_called() -> None:
    program = "import json, sys, sandbox.serving, sandbox.wiring; print(json.dumps(list(sys.modules)))"
    modules = json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
    services = {name.split(".")[1] for name in modules if name.startswith("moto.") and f"{name}.models" in modules}
    assert services <= LOADED_AT_START
    assert not {name.partition(".")[0] for name in modules} & {*LATER, "py_partiql_parser"}
