"""Which keys are due, and when (sandbox/agenda.py)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sandbox.agenda import Agenda, Loop

NOON = datetime(2026, 5, 7, 12, tzinfo=UTC)


def agenda(*keys: str) -> Agenda:
    made = Agenda()
    made.controllers(["first", "second"])
    made.found("first", keys, NOON, everything=False)
    return made


def done(made: Agenda, loops: list[Loop]) -> list[str]:
    """As the engine does before it runs a loop."""
    for loop in loops:
        made.put(loop, None)
        loop.runs += 1
    return [loop.key for loop in loops]


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_new_key_is_due_once() -> None:
    made = agenda("a", "b")
    assert done(made, made.due(NOON)) == ["a", "b"]
    assert made.due(later(1000)) == []
    assert made.next_due() is None


def test_the_newest_due_time_counts() -> None:
    made = agenda("a")
    (loop,) = made.due(NOON)
    made.put(loop, later(10))
    made.put(loop, later(20))
    assert made.next_due() == later(20)
    assert made.due(later(10)) == []
    assert made.due(later(20)) == [loop]


def test_a_key_that_was_put_twice_at_one_time_is_due_once() -> None:
    made = agenda("a")
    (loop,) = made.due(NOON)
    made.put(loop, later(10))
    made.put(loop, later(10))
    assert made.due(later(10)) == [loop]


def test_controllers_run_in_their_order_and_keys_in_the_order_in_which_they_were_found() -> None:
    made = Agenda()
    made.controllers(["first", "second"])
    made.found("second", ["z"], NOON, everything=False)
    made.found("first", ["b", "a"], NOON, everything=False)
    assert [loop.key for loop in made.due(NOON)] == ["b", "a", "z"]


def test_waking_says_which_keys_are_known() -> None:
    made = agenda("a")
    done(made, made.due(NOON))
    assert made.wake("first", ["a", "unknown"], later(5)) == {"a"}
    assert done(made, made.due(later(5))) == ["a"]


def test_a_key_that_is_gone_is_due_once_more() -> None:
    made = agenda("a", "b")
    done(made, made.due(NOON))
    made.found("first", ["b"], later(5), everything=False)
    assert done(made, made.due(later(5))) == ["a"]


def test_a_dropped_key_is_never_due() -> None:
    made = agenda("a")
    (loop,) = made.due(NOON)
    made.put(loop, later(5))
    made.drop(loop)
    assert made.due(later(5)) == []
    assert made.loops() == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50)), max_size=40), st.integers(0, 60))
def test_due_is_what_a_search_of_all_keys_would_find(changes: list[tuple[str, int]], when: int) -> None:
    made = agenda("a", "b", "c")
    done(made, made.due(NOON))
    loops = {loop.key: loop for loop in made.loops()}
    for key, seconds in changes:
        made.put(loops[key], later(seconds))
    expected = [loop for loop in made.loops() if loop.due is not None and loop.due <= later(when)]
    following = min((loop.due for loop in made.loops() if loop.due is not None), default=None)
    assert made.next_due() == following
    assert made.due(later(when)) == expected
