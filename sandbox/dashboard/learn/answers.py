"""Answers to a lesson's question. The run that decides is the command `sandbox learn answer` in a process of its own, in virtual time: it
needs no sandbox, and takes a minute or less of one core. One at a time."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sandbox.core.errors import UserError
from sandbox.learn.lesson import Lesson

LONGEST = 600.0  # real seconds
Run = Callable[[Sequence[str]], tuple[int, str]]
"""The words of a command line → its exit code and its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    choice: int  # from 1
    right: bool | None = None  # None: the run is in progress, or failed
    running: bool = True
    told: tuple[str, ...] = ()  # what the run said


class Answers:
    """Thread-safe. Kept while the control plane runs."""

    def __init__(self, run: Run, start: Callable[[Callable[[], None]], None]) -> None:
        """`start` starts a function in a thread of its own."""
        self._run, self._start = run, start
        self._lock = threading.Lock()
        self._given: dict[str, Answer] = {}

    def of(self, lesson: Lesson) -> Answer | None:
        return self._given.get(lesson.name)

    def give(self, lesson: Lesson, choice: object) -> None:
        """Raises UserError if there is no such choice, or another answer is being run."""
        choices = lesson.question.choices if lesson.question else ()
        if not isinstance(choice, int) or not 1 <= choice <= len(choices):
            raise UserError(f"There are {len(choices)} choices.", f"sandbox learn show {lesson.name}")
        with self._lock:
            if any(each.running for each in self._given.values()):
                raise UserError("Another answer is being run. Wait for its end.", f"sandbox learn answer {lesson.name} {choice}")
            self._given[lesson.name] = given = Answer(choice=choice)
        self._start(lambda: self._carry_out(lesson, given))

    def _carry_out(self, lesson: Lesson, given: Answer) -> None:
        code, output = self._run(["learn", "answer", lesson.name, str(given.choice)])
        lines = tuple(line for line in output.splitlines() if line.strip())
        right = {0: True, 1: False}.get(code) if lines and lines[0].startswith("It was run") else None
        self._given[lesson.name] = replace(given, running=False, right=right, told=lines)


def command(words: Sequence[str]) -> tuple[int, str]:
    """Runs `sandbox …` with low priority, so that the service of the learner goes on."""
    nice = ["nice", "-n", "10", sys.executable, "-m", "sandbox.cli.main", *words]
    try:
        done = subprocess.run(nice, capture_output=True, text=True, timeout=LONGEST, check=False, stdin=subprocess.DEVNULL)
    except (subprocess.TimeoutExpired, OSError) as error:
        return 2, f"The run did not end: {error}"
    return done.returncode, done.stdout + (done.stderr if done.returncode > 1 else "")
