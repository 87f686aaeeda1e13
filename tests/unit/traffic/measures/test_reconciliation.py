"""The clients' counts against the load balancer's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.traffic.measures.reconciliation import ClientCounts, by_family, client_counts, reconcile, together
from tests.support.traffic.runs import OUTCOMES, traffic


def test_attempts_are_counted_by_the_hundreds_of_their_status_and_by_how_far_they_came() -> None:
    found = client_counts(traffic([".", ",", "23.", "4", "5", "r", "c", "t", "x", "n", "r2"]))
    assert found == ClientCounts(responses={2: 3, 3: 0, 4: 1, 5: 4}, gave_up=2, no_connection=3, not_sent=1)
    assert found.reached == 10


def test_equal_counts_agree() -> None:
    found = reconcile(client_counts(traffic("...4522")), {2: 3, 4: 1, 5: 3})
    assert (found.agrees, found.percent) == (True, 0)
    assert found.sentence == "The counts differ by 0.00 %; at most 0.1 % is accepted."
    assert [(row.what, row.clients, row.load_balancer) for row in found.rows] == [
        ("HTTP 2xx", 3, 3),
        ("HTTP 3xx", 0, 0),
        ("HTTP 4xx", 1, 1),
        ("HTTP 5xx", 3, 3),
    ]


@pytest.mark.parametrize(("missing", "agrees"), [(0, True), (1, True), (2, False)])
def test_a_tenth_of_a_percent_is_accepted(missing: int, agrees: bool) -> None:
    clients = ClientCounts(responses={2: 1000}, gave_up=0, no_connection=0, not_sent=0)
    assert reconcile(clients, {2: 1000 - missing}).agrees == agrees
    assert reconcile(clients, {2: 1000 + missing}).agrees == agrees


def test_connections_that_were_refused_do_not_reach_the_load_balancer() -> None:
    found = reconcile(client_counts(traffic("...rrrc")), {2: 3})
    assert found.agrees
    assert "4 connections were refused or never made, so that they did not reach the load balancer." in found.sentence


@pytest.mark.parametrize("counted", [{2: 3}, {2: 3, 4: 2}, {2: 4, 5: 1}])
def test_what_the_client_gave_up_may_be_counted_or_not(counted: dict[int, int]) -> None:
    found = reconcile(client_counts(traffic("...tx")), counted)
    assert found.agrees
    assert "2 requests got no complete response" in found.sentence


def test_more_than_the_client_sent_does_not_agree() -> None:
    found = reconcile(client_counts(traffic("...tx")), {2: 6})
    assert not found.agrees
    assert "HTTP 2xx: 3 at the clients, 6 at the load balancer." in found.sentence


def test_a_generator_at_its_limits_measured_nothing_of_the_service() -> None:
    found = reconcile(client_counts(traffic("...n")), {2: 3})
    assert not found.agrees
    assert "1 requests could not be sent" in found.sentence


def test_metrics_are_summed_by_the_hundreds_of_their_status() -> None:
    metrics = {"HTTPCode_Target_2XX_Count": 7, "HTTPCode_Target_5XX_Count": 2, "HTTPCode_ELB_5XX_Count": 3, "RequestCount": 9}
    assert by_family(metrics) == {2: 7, 3: 0, 4: 0, 5: 5}


@given(letters=st.text(alphabet=[letter for letter in OUTCOMES if letter != "n"], max_size=50), extra=st.integers(0, 3))
def test_a_load_balancer_that_counted_each_response_agrees_with_any_count_of_the_rest(letters: str, extra: int) -> None:
    clients = client_counts(traffic(letters))
    counted = dict(clients.responses) | {4: clients.responses[4] + min(extra, clients.gave_up)}
    assert reconcile(clients, counted).agrees


def test_counts_of_streams_are_added() -> None:
    one = ClientCounts(responses={2: 5, 5: 1}, gave_up=1, no_connection=2, not_sent=0)
    other = ClientCounts(responses={2: 3}, gave_up=0, no_connection=0, not_sent=4)
    assert together([one, other]) == ClientCounts(responses={2: 8, 3: 0, 4: 0, 5: 1}, gave_up=1, no_connection=2, not_sent=4)
