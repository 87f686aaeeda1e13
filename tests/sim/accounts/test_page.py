"""The page and the Learn tab of one account: as JSON, what they show is that account's alone."""

from typing import Any

import pytest
from werkzeug.test import Client as WsgiClient

from sandbox.core.client_header import CLIENT_HEADER
from sandbox.virtual.client import VirtualClient
from tests.support import virtual_sandbox
from tests.support.fleet import Fleet
from tests.support.virtual import VirtualSandbox

ANN, BEN = "111122223333", "444455556666"
HEADERS = {CLIENT_HEADER: "test"}


@pytest.fixture
def sandbox() -> VirtualSandbox:
    made = virtual_sandbox()
    VirtualClient(made.sandbox).post("reset")
    for account in (ANN, BEN):
        Fleet(made.of(account)).make()
    made.run(60)
    return made


def page(sandbox: VirtualSandbox, path: str, account: str) -> Any:
    return WsgiClient(sandbox.sandbox.gateway).get(f"http://localhost/_sandbox/ui{path}?account={account}")


def instances(sandbox: VirtualSandbox, account: str) -> set[str]:
    found = sandbox.of(account).client("ec2").describe_instances()["Reservations"]
    return {each["InstanceId"] for one in found for each in one["Instances"]}


def test_the_page_of_an_account_shows_its_instances_and_no_others(sandbox: VirtualSandbox) -> None:
    ann, ben = instances(sandbox, ANN), instances(sandbox, BEN)
    shown = page(sandbox, "", ANN).get_data(as_text=True)
    assert f"account {ANN}" in shown
    assert all(each in shown for each in ann) and not any(each in shown for each in ben)
    look = page(sandbox, ".json", BEN).get_json()["look"]
    assert {each["instance_id"] for each in look["observed"]["instances"]} == ben
    told = page(sandbox, "/events.json", BEN).get_data(as_text=True)
    assert any(each in told for each in ben) and not any(each in told for each in ann)


def test_the_page_of_an_account_ends_none_of_anothers_instances(sandbox: VirtualSandbox) -> None:
    theirs = min(instances(sandbox, BEN))
    path = f"http://localhost/_sandbox/ui/instances/{theirs}/terminate?account={ANN}"
    refused = WsgiClient(sandbox.sandbox.gateway).post(path, json={}, headers=HEADERS)
    assert refused.status_code == 400 and "InvalidInstanceID.NotFound" in refused.get_json()["error"]


def test_a_scenario_runs_in_the_sandboxs_own_account_and_the_page_of_another_says_so(sandbox: VirtualSandbox) -> None:
    path = f"http://localhost/_sandbox/ui/runs?account={ANN}"
    refused = WsgiClient(sandbox.sandbox.gateway).post(path, json={"name": "zone_outage"}, headers=HEADERS).get_json()
    assert refused["error"] == f"A scenario that the page starts runs in the sandbox's own account, not in {ANN}."
    assert refused["next"] == f"SANDBOX_ACCOUNT={ANN} sandbox scenario run NAME"


@pytest.mark.parametrize("path", ["", ".json", "/learn", "/events.json"])
def test_an_account_that_is_none_is_refused(sandbox: VirtualSandbox, path: str) -> None:
    refused = page(sandbox, path, "12")
    assert refused.status_code == 400 and "expected 12 digits" in refused.get_data(as_text=True)
