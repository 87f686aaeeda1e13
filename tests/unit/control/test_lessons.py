"""/_sandbox/lessons: how far a learner is, for the CLI and the page alike."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.control.app import control_app
from tests.support.control import surface

FAR = {"lesson": "draining", "after": "e000012", "green": [2, 0]}


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_what_was_written_is_read_again(there: Path) -> None:
    plain = surface()
    client = control_app(replace(plain, learner_dir=there)).test_client()
    assert client.get("/_sandbox/lessons").get_json() == {"lessons": {}}
    assert client.post("/_sandbox/lessons", json=FAR).get_json() == {"after": "e000012", "green": [0, 2]}
    client.post("/_sandbox/lessons", json={"lesson": "own", "after": None, "green": []})
    assert client.get("/_sandbox/lessons").get_json()["lessons"] == {
        "draining": {"after": "e000012", "green": [0, 2]},
        "own": {"after": None, "green": []},
    }
    (there / "lessons.json").write_text("{")
    assert client.get("/_sandbox/lessons").get_json() == {"lessons": {}}


WRONG = [{}, [], {**FAR, "lesson": "../x"}, {**FAR, "after": "x"}, {**FAR, "green": [-1]}, {**FAR, "green": [True]}, {**FAR, "green": 1}]


@pytest.mark.parametrize("given", WRONG)
def test_what_is_no_progress_is_refused_and_changes_nothing(there: Path, given: object) -> None:
    plain = surface()
    client = control_app(replace(plain, learner_dir=there)).test_client()
    answer = client.post("/_sandbox/lessons", json=given)
    assert (answer.status_code, answer.get_json()["next"]) == (400, "sandbox learn list")
    assert not there.exists()
