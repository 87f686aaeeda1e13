"""The lessons of the package, and those of a user by path."""

from functools import cache
from pathlib import Path

from sandbox.core.errors import UserError
from sandbox.learn.lesson import Lesson
from sandbox.learn.parsing import read

OURS = Path(__file__).with_name("lessons")


@cache
def lessons() -> tuple[Lesson, ...]:
    """Ours, in order. They are read once: they belong to the package."""
    return tuple(sorted((read(path) for path in OURS.glob("*.md")), key=lambda lesson: lesson.number))


def find(name: str) -> Lesson:
    """By name, by number, or by the path of a file. Raises UserError.

    Progress is kept by name, so a file with the name of one of ours is refused."""
    if "/" in name or name.endswith(".md"):
        path = Path(name)
        if (OURS / path.name).exists() and path.resolve().parent != OURS.resolve():
            raise UserError(f"There is a lesson {path.stem!r} already. Give the file {path} another name.", "sandbox learn list")
        return read(path)
    for lesson in lessons():
        if name in (lesson.name, str(lesson.number)):
            return lesson
    raise UserError(f"There is no lesson {name!r}.", "sandbox learn list")


def called(lesson: Lesson) -> str:
    """What a command takes for it: its name, or the path of a user's file."""
    return lesson.name if lesson.path.resolve().parent == OURS.resolve() else str(lesson.path)
