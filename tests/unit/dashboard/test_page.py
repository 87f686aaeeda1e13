"""The page as it is first given: everything observed is on it, nothing is trusted, and each page is JSON too."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox.control.app import control_app
from sandbox.core.events import Event
from sandbox.core.ports import FaultRequest
from sandbox.dashboard.blueprint import blueprint
from tests.support.control import surface
from tests.support.dashboard.observed import HOSTILE, instance, service, target

UI = "/_sandbox/ui"


def client(**changes: Any) -> FlaskClient:
    given = surface(**changes)
    return control_app(given, pages=[blueprint(given)]).test_client()


def test_instances_are_in_the_lane_of_their_zone_with_the_health_of_their_targets_and_the_reason_of_aws() -> None:
    here, there = instance(0), instance(1)
    sick = target(there, "unhealthy", "Target.Timeout", "Request timed out")
    page = client(observed=lambda: service(here, there, targets=(target(here), sick))).get(UI).text
    first, second = (lane(page, zone) for zone in ("us-east-1a", "us-east-1b"))
    assert here.instance_id in first and there.instance_id not in first
    assert "✖</span> unhealthy" in second and "Target.Timeout: Request timed out" in second


def test_a_lane_is_cut_off_while_a_fault_takes_the_network_of_its_zone() -> None:
    given = surface(observed=lambda: service(instance(0), instance(1)))
    given.inject(FaultRequest(kind="zone-blackhole", targets=("us-east-1a",)))
    page = control_app(given, pages=[blueprint(given)]).test_client().get(UI).text
    assert "cut off" in lane(page, "us-east-1a") and 'class="lane dark"' in lane(page, "us-east-1a")
    assert "dark" not in lane(page, "us-east-1b")


def test_names_and_tags_are_escaped_wherever_they_are_shown() -> None:
    bad = instance(0, name=HOSTILE, group=HOSTILE)
    given = surface(observed=lambda: service(bad, targets=(target(bad, "unhealthy", HOSTILE, HOSTILE),)))
    given.journal.record(Event(source="user.api", detail_type=HOSTILE, summary=HOSTILE, resources=(HOSTILE,)))
    browser = control_app(given, pages=[blueprint(given)]).test_client()
    for path in ("", "/events", "/events/e000001", "/at/e000001"):
        page = browser.get(UI + path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("path", ["", "/events", "/events/e000001", "/at/e000001", "/resources/i-1", "/fault"])
def test_every_page_answers_as_json_by_its_suffix_and_by_the_accept_header(path: str) -> None:
    given = surface()
    given.journal.record(Event(source="aws.ec2", detail_type="Test", summary="something happened", resources=("i-1",)))
    browser = control_app(given, pages=[blueprint(given)]).test_client()
    by_suffix = browser.get(f"{UI}{path}.json")
    by_header = browser.get(UI + path, headers={"Accept": "application/json"})
    assert by_suffix.status_code == by_header.status_code == 200
    assert by_suffix.json is not None and by_header.json is not None and by_suffix.json.keys() == by_header.json.keys()
    assert browser.get(UI + path, headers={"Accept": "text/html"}).mimetype == "text/html"


def test_an_event_opens_its_chain_of_causes() -> None:
    given = surface()
    fault = given.journal.record(Event(source="sandbox", detail_type="Fault", summary="the zone is cut", resources=("fault-1",)))
    given.journal.record(Event(source="aws.elb", detail_type="Health", summary="a target is unhealthy", cause=fault.id))
    page = control_app(given, pages=[blueprint(given)]).test_client().get(f"{UI}/events/e000002").text
    assert page.index("the zone is cut") < page.rindex("a target is unhealthy")


def test_an_event_that_does_not_exist_is_said_to_be_missing() -> None:
    answer = client().get(f"{UI}/events/e999999")
    assert (answer.status_code, answer.json) == (404, {"error": "There is no event about e999999.", "next": "sandbox events"})


def test_the_form_of_a_fault_shows_the_equal_commands_of_sandbox_and_aws() -> None:
    form = client().get(f"{UI}/fault.json?kind=instance-terminate&targets=i-1").json
    assert form is not None
    assert form["sandbox_command"] == "sandbox fault inject instance-terminate i-1"
    assert form["aws_command"] == "aws ec2 terminate-instances --instance-ids i-1"


def lane(page: str, zone: str) -> str:
    found = re.search(rf'<article id="lane-[^>]*data-zone="{zone}".*?</article>', page, re.DOTALL)
    assert found, f"no lane {zone}"
    return found.group()


def test_the_page_of_a_moment_the_journal_does_not_have_is_said_to_be_missing() -> None:
    for event_id in ("e999999", "nonsense"):
        answer = client().get(f"{UI}/at/{event_id}")
        assert (answer.status_code, answer.json) == (
            404,
            {"error": f"The journal does not have the event {event_id}.", "next": "sandbox events"},
        )


def test_the_page_of_an_earlier_moment_offers_nothing_that_acts_on_the_present() -> None:
    given = surface(observed=lambda: service(instance(0)))
    given.journal.record(Event(source="aws.ec2", detail_type="Test", summary="something happened"))
    page = control_app(given, pages=[blueprint(given)]).test_client().get(f"{UI}/at/e000001").text
    assert 'class="past"' in page and "data-stream" not in page and "Back to now" in page
    assert ".past .state form, .past .do, .past .load { display: none; }" in page


def test_a_simulated_load_balancer_has_no_address_to_open_and_says_who_gets_answers() -> None:
    page = client(observed=lambda: service(instance(0)), listener_address=lambda _: None, runtime="simulated").get(UI).text
    assert "http://127.0.0.1:8081" not in page and 'name="url"' not in page
    assert page.count("only simulated clients get answers, and nothing listens on this machine") == 2  # the load balancer, and "Load"
    assert "<code>sandbox scenario run NAME --virtual</code>" in page


def test_a_real_load_balancer_has_an_address_and_is_not_called_simulated() -> None:
    page = client(observed=lambda: service(instance(0)), listener_address=lambda _: ("127.0.0.1", 8081), runtime="process").get(UI).text
    assert 'href="http://127.0.0.1:8081/"' in page and "simulated" not in page


@pytest.mark.parametrize(("cards", "whole"), [(12, False), (13, True)])
def test_a_lane_with_more_cards_than_fit_beside_the_others_takes_the_whole_width(cards: int, whole: bool) -> None:
    here = [instance(number, zone="us-east-1a") for number in range(cards)]
    page = client(observed=lambda: service(*here)).get(UI).text
    assert ('class="lane many"' in lane(page, "us-east-1a")) is whole
