"""What may happen, as values: steps and plans of them, which a seed makes up or Hypothesis makes up, shrinks and prints.

An operation picks its resources by the step's number among those that are there, so every plan can be carried out in every state, and a
plan without one of its steps is a plan, too.
"""

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.exploration.operations import OPERATIONS

WAITS = (0, 0.3, 2, 9, 40, 150, 600)  # virtual seconds
LENGTHS = (10, 45)  # steps of a plan, the least and the most
FEWEST_OPERATIONS = 6


@dataclass(frozen=True)
class Step:
    operation: str
    which: int  # seed of what the operation picks
    then_wait: float  # virtual seconds

    def __str__(self) -> str:
        return f"{self.operation}({self.which}), {self.then_wait:g} s"


Plan = tuple[Step, ...]


def plan_of(seed: int) -> Plan:
    """The plan that belongs to a seed. Each plan has only some of the operations, so that these meet more often."""
    chance = random.Random(seed)
    names = chance.sample(sorted(OPERATIONS), chance.randint(FEWEST_OPERATIONS, len(OPERATIONS)))
    return tuple(Step(chance.choice(names), chance.randrange(10_000), chance.choice(WAITS)) for _ in range(chance.randint(*LENGTHS)))


def plans(longest: int) -> st.SearchStrategy[list[Step]]:
    one = st.builds(Step, st.sampled_from(sorted(OPERATIONS)), st.integers(0, 99), st.sampled_from(WAITS))
    return st.lists(one, min_size=1, max_size=longest)
