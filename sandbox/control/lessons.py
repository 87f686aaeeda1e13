"""/_sandbox/lessons: how far a learner is in each lesson, kept in a file of the state folder. The CLI and the live page share it, wherever
the control plane runs. Which steps are green is decided by who looks (sandbox/learn/progress.py)."""

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.control.api.shapes import LessonProgress
from sandbox.core.errors import UserError

FILE = "lessons.json"
NAME = re.compile(r"[\w.-]{1,100}")
EVENT = re.compile(r"e\d{1,12}")
MOST_STEPS, MOST_LESSONS = 100, 200
EXAMPLE = '{"lesson": "never_reached", "after": "e000012", "green": [0, 2]}'
_writing = threading.Lock()


def read(folder: Path) -> Mapping[str, LessonProgress]:
    """By the name of the lesson. A file that is damaged is as none: lessons can be begun again."""
    try:
        found = json.loads((folder / FILE).read_text())
    except (OSError, ValueError):
        return {}
    return dict(found) if isinstance(found, dict) else {}


def write(folder: Path, given: Mapping[str, Any]) -> LessonProgress:
    """Raises UserError if the body is not as in EXAMPLE."""
    name, after, green = (given.get(key) for key in ("lesson", "after", "green"))
    known_event = after is None or (isinstance(after, str) and EVENT.fullmatch(after) is not None)
    steps: list[Any] = green if isinstance(green, list) else [None]
    numbers = all(type(each) is int and 0 <= each < MOST_STEPS for each in steps)
    if not (isinstance(name, str) and NAME.fullmatch(name) and known_event and numbers):
        raise UserError(f"Invalid body: expected {EXAMPLE}.", "sandbox learn list")
    with _writing:
        told: LessonProgress = {"after": after, "green": sorted(set(steps))}
        known = {**read(folder), name: told}
        if len(known) > MOST_LESSONS:
            raise UserError(f"There are {MOST_LESSONS} lessons already.", f"rm {folder / FILE}")
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f"{FILE}.new"
        new.write_text(json.dumps(known))
        new.replace(folder / FILE)
    return told
