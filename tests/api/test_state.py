"""The state file: what comes back, what is refused, and that a reset leaves nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import moto
import pytest
from moto.core.base_backend import BackendDict

from sandbox.aws import context as aws_context
from sandbox.aws import pickling, state, state_file
from sandbox.core.clock import VirtualClock
from sandbox.core.control import Scope
from sandbox.core.errors import SandboxError
from tests.support.aws import IMAGE, Aws

WEST = Scope("123456789012", "eu-west-1")


def fill(aws: Aws) -> None:
    ec2, elbv2 = aws("ec2"), aws("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.1.0/24", AvailabilityZone="us-east-1a")
    ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    elbv2.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)
    aws("sns").create_topic(Name="alerts")
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    aws("sqs").send_message(QueueUrl=queue, MessageBody="kept")
    aws("ec2", WEST).create_vpc(CidrBlock="10.43.0.0/16")


def views(aws: Aws) -> dict[str, Any]:
    return {
        "instances": aws("ec2").describe_instances()["Reservations"],
        "vpcs": aws("ec2").describe_vpcs()["Vpcs"],
        "subnets": aws("ec2").describe_subnets()["Subnets"],
        "target groups": aws("elbv2").describe_target_groups()["TargetGroups"],
        "topics": aws("sns").list_topics()["Topics"],
        "queues": aws("sqs").list_queues()["QueueUrls"],
        "west": aws("ec2", WEST).describe_vpcs()["Vpcs"],
    }


def test_a_saved_state_comes_back_whole(aws: Aws, tmp_path: Path) -> None:
    fill(aws)
    before = views(aws)
    state.save(tmp_path / "deep" / "state")
    state.reset()
    state.load(tmp_path / "deep" / "state")
    assert views(aws) == before
    assert aws("sqs").receive_message(QueueUrl=before["queues"][0])["Messages"][0]["Body"] == "kept"


def test_an_instance_profile_can_be_used_after_a_restart(aws: Aws, tmp_path: Path) -> None:
    """A group whose template names one would otherwise replace nothing any more."""
    iam = aws("iam")
    iam.create_role(RoleName="app", AssumeRolePolicyDocument="{}", Tags=[{"Key": "team", "Value": "web"}])
    iam.create_instance_profile(InstanceProfileName="app")
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    before = iam.get_instance_profile(InstanceProfileName="app")["InstanceProfile"]
    state.save(tmp_path / "state")
    state.reset()
    state.load(tmp_path / "state")
    assert iam.get_instance_profile(InstanceProfileName="app")["InstanceProfile"] == before
    [instance] = aws("ec2").run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "app"})["Instances"]
    assert instance["IamInstanceProfile"]["Arn"] == before["Arn"]


def test_ids_given_out_before_a_restart_are_not_given_out_again(aws: Aws, tmp_path: Path) -> None:
    """A control plane begins with its seed each time, and what was made after the last save has ids, too."""

    def launch() -> str:
        return str(aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])

    def restart() -> None:
        aws.clock.advance_to(aws.clock.now() + timedelta(seconds=1))
        state.reset(seed=7)
        state.load(tmp_path / "state")

    state.save(tmp_path / "state")
    ids = []
    for _ in range(3):
        restart()
        ids += [launch(), launch()]
    assert len(set(ids)) == 6
    again = []
    aws.clock = VirtualClock()
    aws_context.use(replace(aws_context.context(), clock=aws.clock))
    for _ in range(3):
        restart()
        again += [launch(), launch()]
    assert again == ids, "and they are the same in each replay"


def test_services_hold_the_same_objects_after_loading(aws: Aws, tmp_path: Path) -> None:
    from moto.autoscaling.models import autoscaling_backends
    from moto.ec2.models import ec2_backends

    aws("autoscaling").describe_auto_scaling_groups()
    state.save(tmp_path / "state")
    state.load(tmp_path / "state")
    assert autoscaling_backends["123456789012"]["us-east-1"].ec2_backend is ec2_backends["123456789012"]["us-east-1"]


def test_a_subnet_keeps_its_reserved_addresses_after_loading(aws: Aws, tmp_path: Path) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.1.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    state.save(tmp_path / "state")
    from moto.ec2.models.subnets import Subnet

    Subnet._base_avail_ip_iterator.cache_clear()  # as in a new process
    state.load(tmp_path / "state")
    started = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
    assert started["Instances"][0]["PrivateIpAddress"] == "10.42.1.4"


REFUSED = [
    (b"hello\n", "is not a state file of the sandbox"),
    (b"", "is not a state file of the sandbox"),
    (b"[1]\n", "is not a state file of the sandbox"),
    ({"moto": "4.0.0"}, "was written with moto 4.0.0; this release has moto 5"),
    ({"schema": 99}, "was written with schema 99; this release reads schemas 3 to 4"),
    ({"schema": 2}, "was written with schema 2; this release reads schemas 3 to 4"),
    ({"schema": "x"}, "is not a state file of the sandbox"),
    ({"clock": {"at": "noon"}}, "is not a state file of the sandbox"),
    ({}, "cannot be read: it is damaged"),
    ({"schema": 3}, "cannot be read: it is damaged"),
    ({"crc32": 1}, "is damaged: its checksum is wrong"),
]


@pytest.mark.parametrize(("content", "why"), REFUSED)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(aws: Aws, tmp_path: Path, content: Any, why: str) -> None:
    aws("sqs").create_queue(QueueName="q")
    path = tmp_path / "state"
    header = {"magic": state_file.MAGIC, "schema": state_file.SCHEMA, "moto": moto.__version__}
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(header | content).encode() + b"\nno pickle")
    with pytest.raises(state_file.Unreadable, match=why):
        state.load(path)
    assert path.exists()
    assert len(aws("sqs").list_queues()["QueueUrls"]) == 1


def test_a_save_that_fails_leaves_the_old_file(aws: Aws, tmp_path: Path) -> None:
    from moto.ec2.models import ec2_backends

    path = tmp_path / "state"
    state.save(path)
    old = path.read_bytes()
    ec2_backends["123456789012"]["us-east-1"].stray = aws  # nothing that could be read back
    with pytest.raises(SandboxError, match=r"tests\.support\.aws\.Aws has no name in the saved state"):
        state.save(path)
    assert (path.read_bytes(), [p.name for p in tmp_path.iterdir()]) == (old, ["state"])


def test_a_file_that_holds_something_else_is_refused(aws: Aws, tmp_path: Path) -> None:
    path = tmp_path / "state"
    for objects in ([1], {"ec2": 5}, {"billing": {}}, {"ec2": {"123456789012": {"us-east-1": "no backend"}}}):
        state_file.write(path, state_file.Header(), pickling.dumps(objects))
        with pytest.raises(state_file.Unreadable, match="has invalid content"):
            state.load(path)


def test_records_that_moto_kept_of_fis_are_dropped(aws: Aws, tmp_path: Path) -> None:
    """Before FIS acted, its templates were moto's records."""
    from moto.fis.models import FISBackend

    path = tmp_path / "state"
    records = FISBackend("us-east-1", "123456789012")
    state_file.write(path, state_file.Header(), pickling.dumps({"fis": {"123456789012": {"us-east-1": records}}}))
    state.load(path)
    assert aws("fis").list_experiment_templates()["experimentTemplates"] == []


def test_files_are_set_aside_under_new_names_and_kept_when_the_state_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "state.bin"
    for number in (1, 2):
        path.write_text(str(number))
        assert state_file.set_aside(path).name == f"state.bin.set-aside-{number}"
    assert [file.read_text() for file in state_file.those_set_aside(path)] == ["1", "2"]
    (tmp_path / "state.binx1y2.new").touch()
    (tmp_path / "journal.jsonl").touch()
    path.touch()
    assert [file.name for file in state_file.remove(path)] == ["state.bin.kept-1", "state.bin.kept-2"]
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "journal.jsonl": "",
        "state.bin.kept-1": "1",
        "state.bin.kept-2": "2",
    }
    assert state_file.those_set_aside(path) == ()  # the next sandbox does not report them


def test_the_clock_is_part_of_the_state(aws: Aws, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    state.save(tmp_path / "state", configured=2.0)
    clock = state_file.read_header(tmp_path / "state").clock
    assert clock is not None
    assert (clock.at, clock.speed, clock.configured) == (aws.clock.now(), 1.0, 2.0)
    assert before <= clock.wall <= datetime.now(UTC)


def test_after_a_reset_nothing_is_left(aws: Aws) -> None:
    fill(aws)
    state.reset()
    assert BackendDict._instances == []
    assert aws("ec2").describe_instances()["Reservations"] == []
    assert aws("sqs").list_queues().get("QueueUrls", []) == []


def test_the_same_seed_gives_the_same_ids(aws: Aws) -> None:
    def ids() -> tuple[str, str]:
        state.reset(seed=42)
        vpc = aws("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        topic = aws("sns").create_topic(Name="t")["TopicArn"]
        return vpc, topic

    assert ids() == ids()


def test_a_reset_lets_old_backends_go(aws: Aws) -> None:
    import gc
    import weakref

    from moto.ec2.models import ec2_backends

    aws("ec2").run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    old = weakref.ref(ec2_backends["123456789012"]["us-east-1"])
    state.reset()
    gc.collect()
    assert old() is None
