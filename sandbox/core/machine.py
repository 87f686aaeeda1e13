"""State machines as tables: {(state, event): next state}. A transition that is not in the table raises an error with the state and event.

ARCHITECTURE.md's diagrams are generated from these tables by tools/diagrams.py.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from sandbox.core.errors import IllegalTransition

S = TypeVar("S", bound=Enum)
E = TypeVar("E", bound=Enum)


def move(table: Mapping[tuple[S, E], S], subject: str, state: S, event: E) -> S:
    """The state after `event`; IllegalTransition if the table has none. `subject` identifies the resource in the message."""
    try:
        return table[state, event]
    except KeyError:
        raise IllegalTransition(subject, state.value, event.value) from None


def mermaid(table: Mapping[tuple[S, E], S]) -> str:
    """The table as a Mermaid state diagram."""
    names = {state: state.name.lower() for (start, _), end in table.items() for state in (start, end)}
    lines = [f"    {names[s]}: {s.value}" for s in names]
    lines += [f"    {names[start]} --> {names[end]}: {event.value}" for (start, event), end in table.items()]
    return "\n".join(["stateDiagram-v2", *lines])
