"""What is done from the page: load, runs of scenarios, terminations; refused with a sentence when it cannot be."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from flask.testing import FlaskClient

from sandbox.control.app import control_app
from sandbox.core.errors import UserError
from sandbox.dashboard import blueprint as page
from sandbox.dashboard import load
from sandbox.dashboard.load import PageLoad
from sandbox.dashboard.runs import Offered, Runs
from sandbox.dashboard.shown.runs import ScenarioRun
from sandbox.settings import Settings
from sandbox.traffic.plan import Plan
from tests.support.control import surface
from tests.support.dashboard.observed import instance, service
from tests.support.waiting import until

UI = "/_sandbox/ui"
LISTENER = {"url": "http://127.0.0.1:8081/", "rate": "5", "seconds": "10"}


class Requests:
    """Traffic that ends when the test says so, in place of real requests."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.ended = plan, threading.Event()

    def join(self) -> Any:
        self.ended.wait(10)
        raise UserError("3 requests were sent")

    def stop(self) -> Any:
        self.ended.set()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Requests]:
    found: list[Requests] = []

    def start(plan: Plan) -> Requests:
        found.append(Requests(plan))
        return found[-1]

    monkeypatch.setattr(page, "live", lambda clock: start)
    return found


def client(**changes: Any) -> FlaskClient:
    reachable = {"runtime": "process", "listener_address": lambda arn: ("127.0.0.1", 8081)}
    given = surface(**{"observed": lambda: service(instance(0)), **reachable, **changes})
    return control_app(given, pages=[page.blueprint(given)]).test_client()


def test_load_goes_to_a_listener_of_the_sandbox_bounded_in_rate_and_time_and_is_stopped(sent: list[Requests]) -> None:
    browser = client()
    assert browser.post(f"{UI}/load", json=LISTENER).json == {"done": "5 requests per second go to web for 10 s."}
    assert (sent[0].plan.url, sent[0].plan.max_duration, sent[0].plan.max_requests) == ("http://127.0.0.1:8081/", 10.0, 51)
    second = browser.post(f"{UI}/load", json=LISTENER)
    assert (second.status_code, second.get_json()["error"]) == (400, "The page already sends requests to web: stop them first.")
    browser.post(f"{UI}/load/stop", json={})
    until(lambda: "3 requests were sent" in browser.get(UI).text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://169.254.169.254/"}, "No listener of a load balancer answers at 'http://169.254.169.254/'."),
        ({"rate": "100000"}, "The rate must be above 0 and at most 200 requests per second."),
        ({"rate": "x"}, "Invalid rate 'x': expected a number."),
        ({"seconds": "-1"}, "The time must be above 0 and at most 900 seconds."),
        ({"seconds": "nan"}, "Invalid seconds 'nan': expected a number."),
    ],
)
def test_load_that_may_not_be_is_refused(sent: list[Requests], changes: dict[str, str], sentence: str) -> None:
    answer = client().post(f"{UI}/load", json={**LISTENER, **changes})
    assert (answer.status_code, answer.get_json()["error"], sent) == (400, sentence, [])


def test_load_is_in_the_journal_with_its_end_caused_by_its_begin() -> None:
    given = surface()
    made: list[Requests] = []
    page_load = PageLoad(given.journal, lambda plan: made.append(Requests(plan)) or made[0])  # type: ignore[func-returns-value]
    page_load.begin("web", "http://127.0.0.1:8081/", 5, 10)
    page_load.stop()
    until(lambda: len(given.journal.events()) == 2)
    began, ended = given.journal.events()
    assert (began.detail_type, ended.detail_type, ended.cause) == ("Load Began", "Load Ended", began.id)
    assert began.source == load.SOURCE


def test_an_instance_is_terminated_through_the_api_and_its_refusal_is_shown() -> None:
    terminated: list[str] = []
    done = client(terminate=terminated.append).post(f"{UI}/instances/i-1/terminate", json={})
    assert (done.status_code, terminated) == (200, ["i-1"])

    def refuse(instance_id: str) -> None:
        error = {"Code": "InvalidInstanceID.NotFound", "Message": "The instance ID 'i-1' does not exist"}
        raise ClientError({"Error": error}, "TerminateInstances")

    refused = client(terminate=refuse).post(f"{UI}/instances/i-1/terminate", json={})
    assert refused.status_code == 400
    assert refused.get_json()["error"] == "TerminateInstances: InvalidInstanceID.NotFound: The instance ID 'i-1' does not exist"


# ---- scenarios -------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Whose command line only prints its arguments and waits for its end."""
    made = Runs(Settings(state_dir=tmp_path))
    made._offered = (Offered(name="demo", summary="A demo"),)
    (tmp_path / "cli.py").write_text("import sys, time; print(sys.argv[1:], flush=True); time.sleep(60)")
    monkeypatch.setattr("sandbox.dashboard.runs._sandbox", lambda: ["python3", str(tmp_path / "cli.py")])
    return made


@pytest.mark.process
def test_a_run_is_a_process_of_the_command_line_and_is_stopped_as_by_ctrl_c(runs: Runs, tmp_path: Path) -> None:
    run_id = runs.start("demo", control=True, speed=5, knobs=["size=2"])
    until(lambda: "--knob" in runs.output(run_id), 20)
    assert f"'scenario', 'run', 'demo', '--report', '{tmp_path / 'runs' / run_id}', '--speed', '5'" in runs.output(run_id)
    assert "'--knob', 'size=2', '--control'" in runs.output(run_id)
    with pytest.raises(UserError, match="is running: wait for its end, or stop it"):
        runs.start("demo", control=False, speed=5)
    later = Runs(Settings(state_dir=tmp_path))  # the next control plane
    assert later.completed(told(run_id)).ours
    later.stop(run_id)
    until(lambda: not runs.completed(told(run_id)).ours, 20)
    assert runs.completed(told(run_id)).lost


def test_a_process_with_the_id_of_an_ended_run_is_not_taken_for_it(runs: Runs, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "run-0123abcd"
    folder.mkdir(parents=True)
    (folder / "process.json").write_text(json.dumps({"pid": psutil.Process().pid, "began": 1.0}))
    assert runs.completed(told("run-0123abcd")).lost
    with pytest.raises(UserError, match="is not running"):
        runs.stop("run-0123abcd")


@pytest.mark.parametrize(
    "act",
    [
        lambda runs: runs.start("no_such", control=False, speed=5),
        lambda runs: runs.start("../demo", control=False, speed=5),
        lambda runs: runs.stop("run-../../x"),
    ],
)
def test_what_is_no_scenario_and_no_run_is_refused(runs: Runs, act: Callable[[Runs], object]) -> None:
    with pytest.raises(UserError):
        act(runs)


def test_no_file_outside_the_folder_of_a_run_is_given(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("secret")
    assert (runs.report(".."), runs.report("run-1/.."), runs.output("../..")) == (None, None, "")


@pytest.fixture
def knobs_given(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    given: list[Any] = []
    monkeypatch.setattr(Runs, "start", lambda self, name, **how: given.append(how["knobs"]) or "run-1")
    return given


@pytest.mark.parametrize("knobs", ["size", "--control", "-x=1", "Size=2", "a=b " * 30])
def test_knobs_that_are_no_names_with_values_never_reach_the_command_line(knobs: str, knobs_given: list[Any]) -> None:
    answer = client().post(f"{UI}/runs", json={"name": "demo", "speed": "5", "knobs": knobs})
    assert (answer.status_code, knobs_given) == (400, [])


def test_a_knob_is_one_argument_whatever_its_value_is(knobs_given: list[Any]) -> None:
    client().post(f"{UI}/runs", json={"name": "demo", "speed": "5", "knobs": "size=2;rm load=$(id)"})
    assert knobs_given == [["size=2;rm", "load=$(id)"]]


def told(run_id: str) -> ScenarioRun:
    return ScenarioRun(id=run_id, name="demo", title="A demo", started="12:00:00", phases=(), criteria=())


def test_no_scenario_is_started_where_load_balancers_are_simulated_and_its_requests_would_find_nothing(knobs_given: list[Any]) -> None:
    answer = client(runtime="simulated").post(f"{UI}/runs", json={"name": "demo", "speed": "5"})
    assert (answer.status_code, knobs_given) == (400, [])
    assert answer.json is not None and answer.json["next"] == "sandbox scenario run NAME --virtual"
    assert answer.json["error"].startswith("The load balancers are simulated")
