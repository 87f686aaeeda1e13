"""S08: with limited retries a service comes back by itself; without limits the overload outlives its cause."""

from tests.support.outage import outcome

BACK, ITSELF = "Time until 95 %", "The service comes back by itself"


def test_clients_with_limits_let_the_service_come_back() -> None:
    found = outcome("thundering_herd", "tuned")
    assert (found.verdict, found.left) == ("SUCCEEDED", ())
    assert found.criterion(ITSELF).passed


def test_the_negative_control_stays_down_when_its_cause_is_gone() -> None:
    found = outcome("thundering_herd", control=True)
    assert (found.verdict, found.control[0], found.left) == ("FAILED", True, ())
    assert found.criterion(ITSELF).measured.startswith("an operator added capacity")
    assert any("retry_budget=10" in advice.command for advice in found.report.advice)


def test_without_a_herd_retries_alone_do_not_keep_it_down() -> None:
    """So it is both together that do: the trigger needs an amplifier."""
    assert outcome("thundering_herd", "tuned", herd="0", retry_budget="0").criterion(BACK).passed
