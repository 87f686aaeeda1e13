"""Which runs a simulation has (sandbox/simulate/plan.py)."""

import pytest

from sandbox.core.errors import UserError
from sandbox.simulate.model import Layout
from sandbox.simulate.plan import layouts, runs


def test_every_combination_of_profiles_and_varied_knobs_is_a_layout() -> None:
    found = layouts(("tutorial", "tuned"), ("zones=2,3", "instances=6"))
    assert [str(layout) for layout in found] == [
        "tutorial zones=2 instances=6",
        "tutorial zones=3 instances=6",
        "tuned zones=2 instances=6",
        "tuned zones=3 instances=6",
    ]


def test_without_variation_there_is_one_layout() -> None:
    assert layouts((), ()) == (Layout(),)
    assert str(Layout()) == "as it is"


def test_every_layout_meets_the_same_seeds() -> None:
    found = runs("zone_outage", layouts((), ("zones=2,3",)), count=3, first_seed=7, settings=[("rps", "60")])
    assert [(dict(run.layout.settings)["zones"], run.seed) for run in found] == [("2", 7), ("2", 8), ("2", 9), ("3", 7), ("3", 8), ("3", 9)]
    assert {run.settings for run in found} == {(("rps", "60"),)}


@pytest.mark.parametrize("text", ["zones", "zones=", "=2", "zones=,"])
def test_a_variation_without_a_name_or_values_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="expected name=value,value"):
        layouts((), (text,))


def test_a_knob_that_is_varied_twice_is_refused() -> None:
    with pytest.raises(UserError, match="--vary zones was given twice"):
        layouts((), ("zones=2", "zones=3"))


def test_too_many_runs_are_refused() -> None:
    with pytest.raises(UserError, match="expected 1 to 1,000,000 runs"):
        runs("zone_outage", layouts((), ()), count=1_000_001, first_seed=1)
