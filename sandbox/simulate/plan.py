"""The runs of a simulation: every layout with every seed. Pure."""

from collections.abc import Sequence
from itertools import product

from sandbox.core.errors import UserError
from sandbox.simulate.model import Layout, Run, Setting

MOST_RUNS = 1_000_000
EXAMPLE = "sandbox simulate zone_outage --runs 100 --vary zones=2,3"


def layouts(profiles: Sequence[str], varied: Sequence[str]) -> tuple[Layout, ...]:
    """Every combination of the profiles and of the values of each `name=value,value`. Raises UserError."""
    axes = [_axis(text) for text in varied]
    names = [axis[0][0] for axis in axes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(f"--vary {twice} was given twice; list its values together: {twice}=1,2.", EXAMPLE)
    return tuple(
        Layout(profile=profile, settings=tuple(combination)) for profile in (tuple(profiles) or (None,)) for combination in product(*axes)
    )


def _axis(text: str) -> tuple[Setting, ...]:
    name, mark, values = text.partition("=")
    found = [value.strip() for value in values.split(",") if value.strip()]
    if not mark or not name.strip() or not found:
        raise UserError(f"Invalid --vary {text!r}: expected name=value,value.", EXAMPLE)
    return tuple((name.strip(), value) for value in dict.fromkeys(found))


def pairs(knobs: Sequence[str]) -> tuple[Setting, ...]:
    """Each `name=value`. Raises UserError."""
    found = [knob.partition("=") for knob in knobs]
    if wrong := next((name + mark for name, mark, value in found if not (mark and name.strip() and value.strip())), None):
        raise UserError(f"Invalid --knob {wrong!r}: expected name=value.", EXAMPLE)
    return tuple((name.strip(), value.strip()) for name, _, value in found)


def runs(scenario: str, found: Sequence[Layout], count: int, first_seed: int, settings: Sequence[Setting] = ()) -> tuple[Run, ...]:
    """`count` runs of each layout, with the seeds from `first_seed`. The same seeds for each layout, so that they meet the same chance."""
    if not 1 <= count * len(found) <= MOST_RUNS:
        raise UserError(f"{count} runs of {len(found)} layouts: expected 1 to {MOST_RUNS:,} runs in all.", EXAMPLE)
    return tuple(
        Run(scenario=scenario, layout=layout, seed=seed, settings=tuple(settings))
        for layout in found
        for seed in range(first_seed, first_seed + count)
    )
