"""The thread that asks instances for the result of their user data."""

import threading
from collections.abc import Callable, Iterator

import pytest

from sandbox.drivers.runtime.base import UserDataResult, UserDataState
from sandbox.drivers.runtime.user_data import watch
from sandbox.drivers.runtime.user_data.results import BootResult
from sandbox.drivers.runtime.user_data.watch import ResultWatch

FINISHED = UserDataResult(state=UserDataState.FINISHED)
DONE = BootResult(finished=1.0, user_data=FINISHED)
PATIENCE = 10.0
Read = Callable[[str], BootResult | None]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FIRST", 0.01)


class Told:
    """What a watch tells, and a watch that reads by a function."""

    def __init__(self, read: Read) -> None:
        self.told: list[tuple[str, UserDataResult | None]] = []
        self.some = threading.Event()
        self.watch = ResultWatch(read, self._found)

    def _found(self, instance_id: str, result: UserDataResult | None) -> None:
        self.told.append((instance_id, result))
        self.some.set()


@pytest.fixture
def made() -> Iterator[Callable[[Read], Told]]:
    all_made: list[Told] = []

    def make(read: Read) -> Told:
        all_made.append(Told(read))
        return all_made[-1]

    yield make
    for each in all_made:
        each.watch.close()


def test_an_instance_is_asked_until_it_has_a_result_which_is_told_once(made: Callable[[Read], Told]) -> None:
    answers: list[BootResult | Exception | None] = [None, OSError("the engine does not answer"), None, DONE, DONE]

    def read(instance_id: str) -> BootResult | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    told = made(read)
    told.watch.expect("i-1")
    assert told.some.wait(PATIENCE)
    assert (told.told, answers) == ([("i-1", FINISHED)], [DONE])


def test_an_instance_without_a_result_to_come_is_not_asked_again(made: Callable[[Read], Told]) -> None:
    asked: list[str] = []

    def read(instance_id: str) -> BootResult | None:
        asked.append(instance_id)
        if instance_id == "gone":
            raise KeyError(instance_id)
        return DONE if len(asked) > 3 else None

    told = made(read)
    told.watch.expect("gone")
    told.watch.expect("i-1")
    assert told.some.wait(PATIENCE)
    assert asked.count("gone") == 1


def test_a_forgotten_instance_is_not_told(made: Callable[[Read], Told]) -> None:
    reading, forgotten = threading.Event(), threading.Event()

    def read(instance_id: str) -> BootResult | None:
        if instance_id == "i-1":
            reading.set()
            forgotten.wait(PATIENCE)
        return DONE

    told = made(read)
    told.watch.expect("i-1")
    assert reading.wait(PATIENCE)
    told.watch.forget("i-1")
    forgotten.set()
    told.watch.expect("i-2")
    assert told.some.wait(PATIENCE)
    assert told.told == [("i-2", FINISHED)]
