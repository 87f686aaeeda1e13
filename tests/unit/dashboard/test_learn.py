"""The Learn tab without a browser: what it shows, escapes, refuses, and how often it looks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.client import NotRunning
from sandbox.dashboard.learn.answers import Answers
from sandbox.dashboard.learn.blueprint import LearnTab, routes
from sandbox.dashboard.learn.looks import Looks
from sandbox.learn.lesson import Question
from sandbox.learn.library import find, lessons
from sandbox.learn.parsing import parse
from tests.support.dashboard.observed import HOSTILE

UI = "/_sandbox/ui/learn"
FAULT = {"id": "e000009", "detail-type": "Fault Injected", "summary": "", "detail": {"kind": "process-kill"}}
OWN = """---
title: T
steps:
  - {text: Break it., check: {fault: {kind: process-kill}}, hint: break it, why: Because it breaks.}
  - {text: Repair it., check: {no-fault: {}, fault: {}}}
---
T
"""


class Known:
    """A sandbox of which only the journal, the faults and the progress are asked."""

    def __init__(self) -> None:
        self.lessons: dict[str, Any] = {}
        self.events: list[Any] = []
        self.asked = 0
        self.gone = False

    def get(self, path: str, **parameters: object) -> Any:
        if self.gone:
            raise NotRunning("No sandbox is running.", "sandbox up")
        self.asked += 1
        if path == "events" and "newest" in parameters:
            return {"events": [], "last": "e000008"}
        after = str(parameters.get("after"))
        found = [each for each in self.events if each["id"] > after]
        answers: dict[str, Any] = {
            "lessons": {"lessons": self.lessons},
            "events": {"events": found, "last": found[-1]["id"] if found else after},
            "faults": {"faults": [{}]},
        }
        return answers[path]

    def post(self, path: str, json: Any = None) -> Any:
        self.lessons[json["lesson"]] = {"after": json["after"], "green": json["green"]}


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def tab(known: Known, monkeypatch: pytest.MonkeyPatch) -> LearnTab:
    monkeypatch.setattr("sandbox.dashboard.learn.looks.SHORTEST", 0.0)
    monkeypatch.setattr("sandbox.dashboard.learn.looks.SHARE", 0.0)
    made = LearnTab(Looks(lambda: known), Answers(ran(0, "It was run: x: FAILED.\nYour answer is right."), lambda work: work()))  # type: ignore[arg-type,return-value]
    made.lessons["own"] = parse(OWN, Path("own.md"))
    return made


def ran(code: int, output: str) -> Callable[[Sequence[str]], tuple[int, str]]:
    return lambda words: (code, output)


def browser(tab: LearnTab) -> FlaskClient:
    app = Flask("test", static_folder=None)
    app.register_blueprint(routes(tab, lambda address: address.startswith("172.31.")))
    return app.test_client()


def test_all_lessons_are_listed_with_how_far_one_is(tab: LearnTab, known: Known) -> None:
    known.lessons["draining"] = {"after": None, "green": [0, 2]}
    page, told = browser(tab).get(UI).text, browser(tab).get(f"{UI}.json").get_json()["lessons"]
    assert all(each.title in page for each in lessons()) and "2 of 4 steps" in page
    assert [(each["name"], each["begun"], each["green"]) for each in told if each["begun"]] == [("draining", True, 2)]


def test_to_look_at_a_lesson_does_not_begin_it(tab: LearnTab, known: Known) -> None:
    assert ">Begin<" in browser(tab).get(f"{UI}/own").text
    assert known.lessons == {}


def test_a_step_is_green_from_what_is_observed_and_only_the_steps_are_sent_again(tab: LearnTab, known: Known) -> None:
    client = browser(tab)
    assert client.post(f"{UI}/own/start").status_code == 200
    before = client.get(f"{UI}/own", headers={"X-Fragment": "1"}).text
    assert before.startswith('<div id="steps"') and "Because it breaks." not in before and "break it" in before
    known.events.append(FAULT)
    after = client.get(f"{UI}/own.json").get_json()
    assert [each["green"] for each in after["steps"]] == [True, False] and not after["done"]
    assert after["steps"][1]["observed"][0] == "1 faults are in force"
    page = client.get(f"{UI}/own").text
    assert "Because it breaks." in page and known.lessons["own"]["green"] == [0]


def test_when_the_api_does_not_answer_the_steps_stay_and_the_page_says_so(tab: LearnTab, known: Known) -> None:
    client = browser(tab)
    client.post(f"{UI}/own/start")
    known.events.append(FAULT)
    assert client.get(f"{UI}/own.json").get_json()["steps"][0]["green"]
    known.gone = True
    told = client.get(f"{UI}/own.json").get_json()
    assert told["problem"] == "No sandbox is running." and told["steps"][0]["green"]


def test_many_pages_cost_one_look(known: Known) -> None:
    looks = Looks(lambda: known)  # type: ignore[arg-type,return-value]
    lesson = parse(OWN, Path("own.md"))
    looks.begin(lesson)
    looks.seen(lesson)
    asked = known.asked
    for _ in range(20):
        looks.seen(lesson)
    assert known.asked == asked


def test_whatever_a_lesson_contains_is_only_text(tab: LearnTab) -> None:
    own = tab.lessons["own"]
    steps = tuple(replace(each, text=HOSTILE, hint=HOSTILE, why=HOSTILE) for each in own.steps)
    body = f"{HOSTILE}\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))"
    question = Question(text=HOSTILE, choices=((HOSTILE, "FAILED"), ("b", "SUCCEEDED")), scenario=HOSTILE, profile=HOSTILE)
    tab.lessons["own"] = replace(own, title=HOSTILE, rules=(HOSTILE,), steps=steps, body=body, question=question)
    for path in ("", "/own"):
        page = browser(tab).get(UI + path).text
        assert "<script>alert" not in page and "<img" not in page and 'href="javascript' not in page


def test_an_answer_is_what_the_run_says(tab: LearnTab) -> None:
    client = browser(tab)
    client.post(f"{UI}/never_reached/answer", json={"choice": 2})
    told = client.get(f"{UI}/never_reached.json").get_json()["answer"]
    assert told == {"choice": 2, "right": True, "running": False, "told": ["It was run: x: FAILED.", "Your answer is right."]}
    assert "Your answer is right." in client.get(f"{UI}/never_reached").text


@pytest.mark.parametrize(
    ("code", "output", "right"), [(1, "It was run: x.\nRight: No.", False), (2, "Error: no", None), (1, "Traceback", None)]
)
def test_a_run_that_fails_is_no_answer(code: int, output: str, right: bool | None) -> None:
    answers = Answers(ran(code, output), lambda work: work())
    answers.give(find("never_reached"), 1)
    given = answers.of(find("never_reached"))
    assert given is not None and given.right is right and not given.running


def test_a_second_answer_waits_for_the_first(tab: LearnTab) -> None:
    tab.given = Answers(ran(0, ""), lambda work: None)
    client = browser(tab)
    assert client.post(f"{UI}/never_reached/answer", json={"choice": 1}).status_code == 200
    second = client.post(f"{UI}/draining/answer", json={"choice": 1})
    assert (second.status_code, second.get_json()["error"]) == (400, "Another answer is being run. Wait for its end.")


@pytest.mark.parametrize("choice", [0, 3, "1", None])
def test_a_choice_that_is_none_is_refused(tab: LearnTab, choice: object) -> None:
    assert browser(tab).post(f"{UI}/never_reached/answer", json={"choice": choice}).get_json()["error"] == "There are 2 choices."


def test_an_unknown_lesson_another_origin_and_an_instance_get_a_sentence(tab: LearnTab) -> None:
    client = browser(tab)
    assert client.get(f"{UI}/unknown").status_code == 404
    assert client.get(UI, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get(UI, environ_base={"REMOTE_ADDR": "172.31.0.5"}).status_code == 403
    assert "frame-ancestors 'none'" in client.get(UI).headers["Content-Security-Policy"]


def test_lessons_in_files_are_listed_with_what_is_known_of_them_and_the_command_that_follows_them(tab: LearnTab, known: Known) -> None:
    known.lessons |= {"my": {"after": None, "green": [0, 2]}, HOSTILE: {"after": None, "green": [1]}}
    page, told = browser(tab).get(UI).text, browser(tab).get(f"{UI}.json").get_json()
    assert "2 steps are green" in page and "<code>sandbox learn status my.md --watch</code>" in page
    assert "1 step is green" in page and "<script>alert" not in page
    assert {each["name"]: each["green"] for each in told["own"]} == {"my": 2, HOSTILE: 1}
    assert {each["name"] for each in told["lessons"]} == {*tab.lessons}


def test_without_a_lesson_in_a_file_the_page_says_how_to_do_one(tab: LearnTab) -> None:
    assert "<code>sandbox learn --file my.md</code>" in browser(tab).get(UI).text


def test_the_page_of_a_lesson_in_a_file_says_where_its_steps_are_followed(tab: LearnTab, known: Known) -> None:
    known.lessons["my"] = {"after": None, "green": []}
    answer = browser(tab).get(f"{UI}/my")
    assert answer.status_code == 404 and answer.json is not None
    assert answer.json["next"] == "sandbox learn status my.md --watch"
    assert browser(tab).get(f"{UI}/other").get_json()["next"] == "sandbox learn list"
