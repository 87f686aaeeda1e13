"""vCPU quotas: which one a type counts against, and what room there is."""

import pytest

from sandbox.services.ec2.decide.quotas import Held, Limits, Room, bucket, fit_in_memory, room
from tests.support import rule


@rule("EC2-15")
@pytest.mark.parametrize(
    ("instance_type", "counts_against"),
    [
        *[(name, "Standard") for name in ("t3.micro", "m1.small", "c7gn.large", "i7ie.xlarge", "im4gn.large", "z1d.large", "a1.medium")],
        ("g5.xlarge", "G and VT"),
        ("gr6.4xlarge", "G and VT"),
        ("vt1.3xlarge", "G and VT"),
        ("p5.48xlarge", "P"),
        ("f2.12xlarge", "F"),
        ("x2gd.medium", "X"),
        ("inf2.xlarge", "INF"),
        ("trn1.2xlarge", "TRN"),
        ("u-6tb1.112xlarge", "High Memory"),
    ],
)
def test_a_type_counts_against_the_quota_of_its_family(instance_type: str, counts_against: str) -> None:
    assert bucket(instance_type) == counts_against


def held(instance_type: str, vcpus: int, *, here: bool = True) -> Held:
    return Held(instance_type=instance_type, vcpus=vcpus, here=here)


@rule("EC2-15")
@pytest.mark.parametrize(
    ("wanted", "present", "limits", "expected"),
    [
        ("t3.micro", [], Limits(quota=8, machine=100), Room(vcpus=8, limit=8)),
        ("t3.micro", [held("m5.large", 2), held("t3.micro", 2)], Limits(quota=8, machine=100), Room(vcpus=4, limit=8)),
        ("t3.micro", [held("p5.48xlarge", 6)], Limits(quota=8, machine=100), Room(vcpus=8, limit=8)),  # another bucket
        ("t3.micro", [held("t3.micro", 6, here=False)], Limits(quota=8, machine=100), Room(vcpus=8, limit=8)),  # another Region
        ("t3.micro", [held("t3.micro", 6, here=False)], Limits(quota=8, machine=10), Room(vcpus=4, limit=10)),  # on the same machine
        ("t3.micro", [held("t3.micro", 12)], Limits(quota=8, machine=100), Room(vcpus=0, limit=8)),  # the limit was lowered
        ("t3.micro", [held("t3.micro", 12)], Limits(), None),
    ],
)
def test_room_is_what_the_tighter_limit_leaves(wanted: str, present: list[Held], limits: Limits, expected: Room | None) -> None:
    assert room(wanted, present, limits) == expected


@rule("EC2-15")
@pytest.mark.parametrize(("machine", "count"), [(None, None), (1024, 2), (1023, 1), (512, 0), (100, 0)])
def test_memory_limits_fit_besides_those_that_there_are(machine: int | None, count: int | None) -> None:
    present = [Held(instance_type="t3.micro", vcpus=2, here=here, memory_mib=256) for here in (True, False)]
    assert fit_in_memory(256, present, machine) == count
