"""A lesson's file: what it may contain, and what a mistake in it says."""

from pathlib import Path

import pytest

from sandbox.core.errors import UserError
from sandbox.learn.checks.table import CHECKS
from sandbox.learn.lesson import Condition, Question, Step, Trial
from sandbox.learn.library import OURS, find, lessons
from sandbox.learn.parsing import parse

WHOLE = """---
number: 3
title: A title
minutes: 5
rules: [TUT-30]
steps:
  - text: Do it.
    check: {targets-healthy: {at-least: 2}, no-fault: }
    hint: sandbox status
    why: Because.
question:
  text: What happens?
  choices: {SUCCEEDED: Nothing., FAILED: Something.}
  scenario: instance_terminate
  profile: tuned
  knobs: {graceful: "no"}
try: {scenario: zone_outage, profile: tutorial, own: true, demand: 105}
---
The **text**.
"""
HERE = Path("own.md")
TWICE = "check: [{event: {kind: A}}, {event: {kind: B}}]"


def test_a_lesson_is_its_front_matter_and_its_text() -> None:
    lesson = parse(WHOLE, HERE)
    assert (lesson.name, lesson.number, lesson.title, lesson.minutes, lesson.rules) == ("own", 3, "A title", 5, ("TUT-30",))
    conditions = (Condition(check="targets-healthy", parameters={"at-least": 2}), Condition(check="no-fault"))
    assert lesson.steps == (Step(text="Do it.", conditions=conditions, hint="sandbox status", why="Because."),)
    choices = (("Nothing.", "SUCCEEDED"), ("Something.", "FAILED"))
    knobs = {"graceful": "no"}
    assert lesson.question == Question(text="What happens?", choices=choices, scenario="instance_terminate", profile="tuned", knobs=knobs)
    assert lesson.trial == Trial(scenario="zone_outage", profile="tutorial", own=True, demand=105)
    assert lesson.body == "The **text**."


def test_a_step_asks_one_check_twice_with_a_list() -> None:
    lesson = parse(WHOLE.replace("check: {targets-healthy: {at-least: 2}, no-fault: }", TWICE), HERE)
    assert [each.parameters["kind"] for each in lesson.steps[0].conditions] == ["A", "B"]


MISTAKES = [
    ("", "line 1: a lesson begins with a line ---"),
    ("---\ntitle: x\n", "line 2: the front matter has no end"),
    ("---\n- a\n---\n", "line 2: the front matter is a mapping"),
    ("---\ntitle: [\n---\n", "line 3: this is no YAML"),
    (WHOLE.replace("title: A title\n", ""), "line 2: title is missing."),
    (WHOLE.replace("minutes: 5", "minutes: five"), "line 2: minutes is 'five': expected a whole number."),
    (WHOLE.replace("rules:", "rule:"), "line 2: the front matter has no 'rule'."),
    (WHOLE.replace("targets-healthy", "targets-alive"), "line 8: there is no check 'targets-alive'. There are alarm, answers,"),
    (WHOLE.replace("at-least: 2", "at-most: 2"), "line 8: targets-healthy has no parameter 'at-most'. It has at-least, all."),
    (WHOLE.replace("at-least: 2", "at-least: two"), "line 8: at-least of targets-healthy is 'two': expected a whole number."),
    (WHOLE.replace("no-fault: ", "no-fault: 3"), "line 8: the parameters of no-fault are a mapping"),
    (WHOLE.replace("no-fault: ", "event: {text: x}"), "line 8: event needs kind."),
    (WHOLE.replace("FAILED: Something.", "EXPLODED: Something."), "line 13: choices has two or more of SUCCEEDED, FAILED,"),
    (WHOLE.replace("  profile: tuned\n", ""), "line 12: profile is missing."),
    (WHOLE.replace(", demand: 105", ""), "line 17: try with own: true needs demand"),
    (WHOLE.replace("try: {", "try: {speed: 2, "), "line 17: try has no 'speed'. It has demand, own, profile, scenario."),
    (WHOLE.replace("check: {targets-healthy: {at-least: 2}, no-fault: }", "check: {}"), "line 8: check is empty."),
    (WHOLE.replace("check: {targets-healthy: {at-least: 2}, no-fault: }", "check: [no-fault]"), "line 7: a check is 'no-fault'"),
    (WHOLE.replace("check: {targets-healthy: {at-least: 2}, no-fault: }", "check: 1"), "line 7: check is 1: expected a mapping."),
    (WHOLE.replace("    hint:", "    hints:"), "line 7: a step has no 'hints'."),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_names_its_line_and_what_is_expected(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        parse(text, HERE)
    assert error.value.message.startswith(f"own.md, {said}")
    assert error.value.next_command == "sandbox learn checks"


def test_our_lessons_are_numbered_from_one_and_found_by_name_number_and_path() -> None:
    ours = lessons()
    assert [lesson.number for lesson in ours] == list(range(1, len(ours) + 1))
    for lesson in ours:
        assert find(lesson.name) == find(str(lesson.number)) == find(str(OURS / f"{lesson.name}.md")) == lesson


@pytest.mark.parametrize("name", ["unknown", "99", "/no/such/lesson.md"])
def test_a_lesson_that_does_not_exist_is_one_sentence(name: str) -> None:
    with pytest.raises(UserError):
        find(name)


def test_every_check_says_what_it_asks() -> None:
    assert all(check.asks.endswith(".") and set(check.required) <= set(check.parameters) for check in CHECKS.values())
