"""The capacity checks before a practice run and at the end of an autoshift."""

import pytest

from sandbox.services.arc.decide import capacity
from sandbox.services.arc.model import Capacity
from tests.support import rule


@rule("ARC-8")
@pytest.mark.parametrize(
    ("healthy", "passes"),
    [
        ((2, 2, 2), True),
        ((2, 2, 1), True),  # one host is little
        ((3, 3, 1), False),
        ((20, 20, 18), True),  # a tenth of the largest
        ((20, 20, 17), False),
        ((0, 1, 1), True),
        ((0, 2, 2), False),
        ((0, 0, 0), False),
    ],
)
def test_the_healthy_targets_of_a_load_balancer_differ_only_a_little(healthy: tuple[int, ...], passes: bool) -> None:
    found = capacity.shortfall(Capacity(healthy=dict(zip("abc", healthy, strict=True))))
    assert (found is None) is passes


@rule("ARC-8")
@pytest.mark.parametrize(("healthy", "desired", "passes"), [((3, 0, 0), 3, True), ((1, 1, 0), 3, False), ((0, 0, 0), 0, True)])
def test_a_group_has_as_many_healthy_instances_as_desired(healthy: tuple[int, ...], desired: int, passes: bool) -> None:
    found = capacity.shortfall(Capacity(healthy=dict(zip("abc", healthy, strict=True)), desired=desired))
    assert (found is None) is passes


def test_the_sentence_says_what_is_missing() -> None:
    assert capacity.shortfall(Capacity(healthy={"a": 1}, desired=3)) == "1 instances are healthy, and the desired capacity is 3."
    unbalanced = capacity.shortfall(Capacity(healthy={"b": 4, "a": 1}))
    assert unbalanced == "The healthy targets are not balanced across the Availability Zones (a: 1, b: 4)."
