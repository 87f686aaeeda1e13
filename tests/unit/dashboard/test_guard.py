"""Who gets nothing of the page: other origins, pages of other ports, frames, instances; and what is loaded from elsewhere: nothing."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import sandbox.dashboard
from sandbox.control.app import control_app
from sandbox.dashboard.blueprint import blueprint
from tests.support.control import surface

UI = "/_sandbox/ui"
OWN = Path(sandbox.dashboard.__file__).parent
VENDORED = {"idiomorph-0.7.3/idiomorph.min.js": "8a7733fadfa0d3dae533fd80483c640885221c93458c1711c940797508f46662"}


def client() -> FlaskClient:
    given = surface(in_a_vpc=lambda address: address.startswith("172.31."))
    return control_app(given, pages=[blueprint(given)]).test_client()


@pytest.mark.parametrize("path", ["", ".json", "/stream", "/events", "/static/page.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:8081"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_origin_gets_nothing(path: str, headers: dict[str, str]) -> None:
    answer = client().get(UI + path, headers=headers)
    assert answer.status_code == 403
    assert set(answer.get_json()) == {"error", "next"}


def test_an_instance_gets_nothing() -> None:
    answer = client().get(UI, environ_base={"REMOTE_ADDR": "172.31.0.5"})
    assert answer.get_json()["error"] == "Instances have no access to the sandbox's page."


def test_its_own_fetches_and_a_typed_address_are_answered() -> None:
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}, {}):
        assert client().get(UI, headers=headers).status_code == 200


def test_no_other_page_may_frame_it_and_no_script_from_elsewhere_runs() -> None:
    policy = client().get(UI).headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy


def test_the_only_style_sheet_that_counts_is_the_one_in_the_page() -> None:
    answer = client().get(UI)
    sheet = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert sheet is not None
    digest = base64.b64encode(hashlib.sha256(sheet.group(1).encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_nothing_is_loaded_from_another_address() -> None:
    loads = re.compile(r"""(?:src|href)="(?!\{\{ (?:ui|url) \}\}|#|data:,)[^"]*"|@import|url\(""")
    for file in [*OWN.glob("templates/**/*.html"), *OWN.glob("static/*.css")]:
        assert loads.findall(file.read_text()) == [], file


def test_scripts_of_others_are_unmodified_and_have_their_licence() -> None:
    found = {str(file.relative_to(OWN / "static/vendor")): file for file in OWN.glob("static/vendor/*/*.js")}
    assert {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in found.items()} == VENDORED
    assert all((file.parent / "LICENSE").is_file() for file in found.values())
