"""Which steps of which lesson are green. A step turns green when its conditions are met at one look, and stays so: later steps may break
what an earlier one built.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sandbox.client import SandboxClient
from sandbox.learn.checks.observed import Observed
from sandbox.learn.checks.table import CHECKS
from sandbox.learn.lesson import Lesson, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Of one lesson. `after`: id of the last event before it began."""

    after: str | None
    green: frozenset[int] = frozenset()  # numbers of steps, from 0

    def complete(self, lesson: Lesson) -> bool:
        return len(self.green) == len(lesson.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One step at one look."""

    step: Step
    green: bool
    observed: tuple[str, ...]  # of its conditions; none if it was green before


class Book:
    """The progress of all lessons in one sandbox, which keeps it (/_sandbox/lessons)."""

    def __init__(self, client: SandboxClient) -> None:
        self._client = client

    def begin(self, lesson: Lesson) -> Progress:
        """From the beginning: what happened before does not count."""
        found = self._client.get("events", newest=1)["last"]
        progress = Progress(after=str(found) if found else None)
        self._write(lesson.name, progress)
        return progress

    def progress(self, lesson: Lesson) -> Progress | None:
        """None: it was not begun."""
        return self.all().get(lesson.name)

    def all(self) -> Mapping[str, Progress]:
        """Of each lesson that was begun, by its name."""
        found = self._client.get("lessons")["lessons"]
        return {name: Progress(after=each["after"], green=frozenset(each["green"])) for name, each in found.items()}

    def look(self, lesson: Lesson) -> tuple[Progress, tuple[Look, ...]]:
        """Looks once, and remembers what turned green. A lesson that was not begun begins now."""
        before = self.progress(lesson) or self.begin(lesson)
        looks = tuple(looked(lesson.steps, before, Observed(self._client, before.after)))
        progress = replace(before, green=frozenset(number for number, each in enumerate(looks) if each.green))
        if progress != before:
            self._write(lesson.name, progress)
        return progress, looks

    def _write(self, name: str, progress: Progress) -> None:
        self._client.post("lessons", {"lesson": name, "after": progress.after, "green": sorted(progress.green)})


def looked(steps: Iterable[Step], before: Progress, seen: Observed) -> Iterable[Look]:
    """Steps that are green already are not looked at."""
    for number, step in enumerate(steps):
        if number in before.green:
            yield Look(step=step, green=True, observed=())
            continue
        findings = [CHECKS[each.check].look(seen, each.parameters) for each in step.conditions]
        green = all(finding.met for finding in findings)
        yield Look(step=step, green=green, observed=tuple(finding.observed for finding in findings))
