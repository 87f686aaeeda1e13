"""What the Learn tab shows, as values: the templates render them, and JSON has the same. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markupsafe import Markup

from sandbox.dashboard.learn.answers import Answer
from sandbox.dashboard.learn.looks import Seen
from sandbox.learn.lesson import Lesson, Question
from sandbox.learn.progress import Progress

_MARKDOWN = MarkdownIt("commonmark", {"html": False})  # HTML in a lesson is text, and links have no scripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A lesson in the list."""

    name: str
    number: int
    title: str
    minutes: int
    begun: bool
    green: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLesson:
    """A lesson in a file of the user's that was begun. The sandbox keeps its progress by its name and has not seen the file: only the
    command line knows its steps."""

    name: str
    green: int  # steps

    @property
    def command(self) -> str:
        """Follows it, in the folder of the file."""
        return f"sandbox learn status {self.name}.md --watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    number: int
    text: str
    green: bool
    observed: Sequence[str]
    hint: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLesson:
    name: str
    number: int
    title: str
    minutes: int
    rules: Sequence[str]
    begun: bool
    problem: str | None
    steps: Sequence[ShownStep]
    done: bool
    question: Question | None
    answer: Answer | None
    right: str | None  # the text of the right choice, once it was run


def rows(lessons: Sequence[Lesson], known: Mapping[str, Progress]) -> Iterator[Row]:
    for each in lessons:
        progress = known.get(each.name)
        yield Row(
            name=each.name,
            number=each.number,
            title=each.title,
            minutes=each.minutes,
            begun=progress is not None,
            green=len(progress.green) if progress else 0,
            steps=len(each.steps),
        )


def own(lessons: Collection[str], known: Mapping[str, Progress]) -> Iterator[OwnLesson]:
    """Those in progress that are not in `lessons`, by name."""
    for name in sorted(known.keys() - set(lessons)):
        yield OwnLesson(name=name, green=len(known[name].green))


def shown(lesson: Lesson, seen: Seen, answer: Answer | None) -> ShownLesson:
    steps = tuple(_steps(lesson, seen))
    return ShownLesson(
        name=lesson.name,
        number=lesson.number,
        title=lesson.title,
        minutes=lesson.minutes,
        rules=lesson.rules,
        begun=seen.begun,
        problem=seen.problem,
        steps=steps,
        done=all(each.green for each in steps),
        question=lesson.question,
        answer=answer,
        right=next((line.partition("Right: ")[2] for line in answer.told if "Right: " in line), None) if answer else None,
    )


def _steps(lesson: Lesson, seen: Seen) -> Iterator[ShownStep]:
    for number, step in enumerate(lesson.steps):
        look = seen.looks[number] if seen.looks else None
        yield ShownStep(
            number=number + 1,
            text=step.text,
            green=look is not None and look.green,
            observed=look.observed if look else (),
            hint=step.hint,
            why=step.why,
        )


def body(lesson: Lesson) -> Markup:
    """Its text as HTML."""
    return Markup(_MARKDOWN.render(lesson.body))
