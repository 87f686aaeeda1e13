"""`sandbox learn`, on a sandbox in virtual time where it needs one."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sandbox.cli.scenarios import learn as command
from sandbox.client import NotRunning
from sandbox.core.errors import UserError
from sandbox.learn.library import lessons
from sandbox.settings import Settings
from sandbox.virtual.client import virtual_client

OWN = """---
title: Two instances
steps:
  - text: Launch an instance.
    check: {instances: {at-least: 1}}
    hint: aws ec2 run-instances
    why: They cost money.
---
The text.
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.md"
    path.write_text(OWN)
    return path


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    client = virtual_client(Settings.from_environment({"SANDBOX_STATE_DIR": str(tmp_path / "state")}, runtime="simulated"))
    monkeypatch.setattr(command, "client", lambda: client)
    yield
    client.sandbox.close()


def invoke(*words: object) -> Result:
    return CliRunner().invoke(command.learn, [str(word) for word in words], standalone_mode=False, catch_exceptions=False)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sandbox runs."""

    def client() -> None:
        raise NotRunning("No sandbox is running.", "sandbox up")

    monkeypatch.setattr(command, "client", client)


def test_list_names_every_lesson_with_its_progress(nobody: None) -> None:
    output = invoke("list").output
    assert all(lesson.name in output and f"0 of {len(lesson.steps)}" in output for lesson in lessons())


def test_list_shows_what_the_sandbox_knows(sandbox: None) -> None:
    command.client().post("lessons", {"lesson": "draining", "after": "e000001", "green": [0, 2]})
    found = {each["name"]: each["progress"] for each in json.loads(invoke("list", "--json").output)}
    assert (found["draining"], found["bad_deploy"]) == ("2 of 4", "0 of 5")


def test_a_lesson_has_nothing_to_try_or_an_unknown_knob(sandbox: None) -> None:
    mistakes = {("draining",): "nothing to try", ("retries", "--knob", "speed=9"): "speed", ("retries", "--knob", "x"): "not NAME"}
    for words, said in mistakes.items():
        with pytest.raises(UserError, match=said):
            invoke("try", *words)


def test_show_prints_text_and_steps(own: Path) -> None:
    output = invoke("show", own).output
    assert f"next: sandbox learn start {own}" in output
    assert "The text." in output and "1. Launch an instance." in output


def test_status_says_what_is_missing_then_turns_green(own: Path, sandbox: None) -> None:
    before = invoke("status", own, "--hints")
    assert before.return_value == 1
    assert "0 of 1 steps" in before.output and "now: 0 instances run in 0 zones" in before.output
    assert "hint: aws ec2 run-instances" in before.output
    client = command.client()
    client.aws("ec2").run_instances(ImageId="ami-0c047a86012500412", InstanceType="t3.micro", MinCount=1, MaxCount=1)
    client.wait(timedelta(seconds=30))
    after = invoke("status", own, "--watch")
    assert after.return_value == 0
    assert "✓ 1. Launch an instance." in after.output and "They cost money." in after.output


def test_a_file_is_shown_and_looked_at(own: Path, sandbox: None) -> None:
    output = invoke("--file", own).output
    assert "The text." in output and "0 of 1 steps" in output and "now: 0 instances run in 0 zones" in output
    own.write_text(OWN.replace("instances:", "machines:"))
    with pytest.raises(UserError, match=r"own.md, line 5: there is no check 'machines'"):
        invoke("--file", own)
    with pytest.raises(UserError, match="--file needs no command"):
        invoke("--file", own, "list")


def test_a_file_may_not_have_the_name_of_one_of_our_lessons(own: Path, sandbox: None) -> None:
    other = own.with_name("draining.md")
    other.write_text(OWN)
    with pytest.raises(UserError, match="There is a lesson 'draining' already"):
        invoke("--file", other)


def test_two_lessons_at_once_have_each_their_own_beginning(own: Path, sandbox: None) -> None:
    client, second = command.client(), own.with_name("second.md")
    second.write_text(OWN.replace("{instances: {at-least: 1}}", "{event: {kind: EC2 Instance State-change Notification, text: running}}"))
    invoke("start", own)
    client.aws("ec2").run_instances(ImageId="ami-0c047a86012500412", InstanceType="t3.micro", MinCount=1, MaxCount=1)
    client.wait(timedelta(seconds=30))
    invoke("start", second)
    assert (invoke("status", own).return_value, invoke("status", second).return_value) == (0, 1)
    invoke("start", own)
    assert "0 of 1 steps" in invoke("status", second).output


def test_the_run_decides_whether_an_answer_is_right() -> None:
    right, wrong = invoke("answer", "never_reached", 2), invoke("answer", "never_reached", 1)
    assert (right.return_value, wrong.return_value) == (0, 1)
    assert "instance_terminate, profile tutorial: FAILED." in right.output and "Your answer is right." in right.output
    assert "The run says otherwise. Right: No: nobody registers it." in wrong.output


@pytest.mark.parametrize(("words", "said"), [(("answer", "never_reached", 9), "There are 2 choices."), (("start", "x"), "no lesson 'x'")])
def test_a_mistake_is_one_sentence(words: tuple[object, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        invoke(*words)
