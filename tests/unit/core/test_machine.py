from enum import Enum

import pytest

from sandbox.core.errors import IllegalTransition
from sandbox.core.machine import mermaid, move


class Door(Enum):
    OPEN = "open"
    SHUT = "shut"


class Push(Enum):
    CLOSE = "close"
    OPEN = "open"


TABLE = {(Door.OPEN, Push.CLOSE): Door.SHUT, (Door.SHUT, Push.OPEN): Door.OPEN}


def test_a_move_in_the_table_gives_the_next_state() -> None:
    assert move(TABLE, "front door", Door.OPEN, Push.CLOSE) is Door.SHUT


def test_a_move_that_is_not_in_the_table_names_subject_state_and_event() -> None:
    with pytest.raises(IllegalTransition, match="front door: no transition from shut by close"):
        move(TABLE, "front door", Door.SHUT, Push.CLOSE)


def test_a_table_draws_itself() -> None:
    assert mermaid(TABLE).splitlines() == [
        "stateDiagram-v2",
        "    open: open",
        "    shut: shut",
        "    open --> shut: close",
        "    shut --> open: open",
    ]
