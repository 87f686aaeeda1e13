"""The tutorial's application: what it answers, and who it says it is."""

import json
import runpy
import socket
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import rule

FOLDER = Path(__file__).parents[3] / "sandbox/images/machine"
FACTS = {"instance_id": "i-0a", "availability_zone": "us-east-1a", "region": "us-east-1", "hostname": "ip-10-0-1-17"}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """app.py is a file that instances run, not a module of a package."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "app", raising=False)
    import app

    return app


@pytest.fixture
def client(module: ModuleType) -> FlaskClient:
    made: FlaskClient = module.create_app(FACTS).test_client()
    return made


@rule("TUT-1", "TUT-3")
def test_page_has_the_tutorials_headings_and_says_who_answers(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "<h1>Coinbase Fault-Tolerant System</h1>" in page
    assert "<p>Running on: i-0a (ip-10-0-1-17)</p>" in page
    assert "<p>Zone: us-east-1a</p>" in page
    assert "<p>Timestamp: " in page


def test_same_facts_as_json_for_who_asks_for_it(client: FlaskClient) -> None:
    before = time.time()
    answer = client.get("/", headers={"Accept": "application/json"}).get_json()
    assert before <= answer.pop("timestamp") <= time.time()
    assert answer == FACTS


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8", ""])
def test_page_is_html_for_everyone_else(client: FlaskClient, accept: str) -> None:
    assert client.get("/", headers={"Accept": accept}).mimetype == "text/html"


@rule("TUT-2")
@pytest.mark.parametrize(("run_name", "served"), [("__main__", [{"host": "0.0.0.0", "port": 80}]), ("app", [])])
def test_run_as_a_script_it_serves_port_80_and_imported_it_waits_for_its_server(
    monkeypatch: pytest.MonkeyPatch, run_name: str, served: list[dict[str, object]]
) -> None:
    runs: list[dict[str, object]] = []
    monkeypatch.setattr(Flask, "run", lambda app, **given: runs.append(given))
    assert isinstance(runpy.run_path(str(FOLDER / "app.py"), run_name=run_name)["app"], Flask)
    assert runs == served


@rule("TUT-4")
def test_health_is_200(client: FlaskClient) -> None:
    assert client.get("/health").status_code == 200


def test_burn_uses_so_much_cpu_time_as_asked(client: FlaskClient) -> None:
    cpu = time.thread_time()
    answer = client.get("/burn?seconds=0.1", headers={"Accept": "application/json"})
    assert answer.get_json()["burned"] == "0.1 s"
    assert 0.1 <= time.thread_time() - cpu < 0.15


def test_sleep_takes_the_time_and_no_cpu(client: FlaskClient) -> None:
    wall, cpu = time.monotonic(), time.thread_time()
    assert "Slept: 0.05 s" in client.get("/sleep?seconds=0.05").text
    assert time.monotonic() - wall >= 0.05
    assert time.thread_time() - cpu < 0.05


@pytest.mark.parametrize("path", ["/burn", "/sleep"])
@pytest.mark.parametrize("seconds", ["-1", "61", "nan", "inf", "soon", ""])
def test_seconds_out_of_range_are_refused_with_a_sentence(client: FlaskClient, path: str, seconds: str) -> None:
    answer = client.get(path, query_string={"seconds": seconds})
    assert answer.status_code == 400
    assert answer.text == f"Invalid seconds={seconds!r}: expected a number from 0 to 60.\n"


def test_facts_come_from_cloud_init(module: ModuleType, tmp_path: Path) -> None:
    instance_data = tmp_path / "instance-data.json"
    instance_data.write_text(json.dumps({"v1": {"instance_id": "i-0b", "availability_zone": "us-east-1b", "region": "us-east-1"}}))
    expected = {"instance_id": "i-0b", "availability_zone": "us-east-1b", "region": "us-east-1", "hostname": socket.gethostname()}
    assert module.instance_facts(instance_data, {"INSTANCE_ID": "i-0other"}) == expected


def test_facts_come_from_the_environment_where_there_is_no_cloud_init(module: ModuleType, tmp_path: Path) -> None:
    environ = {"INSTANCE_ID": "i-0c", "AVAILABILITY_ZONE": "us-east-1c", "AWS_REGION": "us-east-1", "INSTANCE_HOSTNAME": "ip-10-0-3-4"}
    expected = {"instance_id": "i-0c", "availability_zone": "us-east-1c", "region": "us-east-1", "hostname": "ip-10-0-3-4"}
    assert module.instance_facts(tmp_path / "none.json", environ) == expected


@pytest.mark.parametrize("content", ["", "{}", "not json"])
def test_unreadable_cloud_init_data_leaves_the_facts_unknown(module: ModuleType, tmp_path: Path, content: str) -> None:
    instance_data = tmp_path / "instance-data.json"
    instance_data.write_text(content)
    assert module.instance_facts(instance_data, {})["instance_id"] == "unknown"
