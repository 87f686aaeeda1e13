"""Whether the firewall has the policy that the API says, and which dropped connections are told."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sandbox.drivers.firewall.policy import Connection
from sandbox.services.ec2.actions import ApplyPolicy
from sandbox.services.ec2.decide.firewall import CONNECTION_DROPPED, MOST, QUIET, ObservedFirewall, decide
from tests.support import rule
from tests.support.drivers.firewalls import NODE, PORT, TARGET, from_node, policy

NOW = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
NOTHING, ADMITTING = policy(), policy(from_node())


def dropped(*ports: int) -> tuple[Connection, ...]:
    return tuple(Connection(source=NODE, destination=TARGET, port=port) for port in ports)


def titles(events: Iterable[object]) -> list[str]:
    return [event.detail_type for event in events]  # type: ignore[attr-defined]


@rule("SG-6")
def test_a_policy_that_is_not_in_force_is_applied_also_after_a_restart_and_when_it_failed() -> None:
    for in_force in (None, NOTHING):
        decision = decide(ObservedFirewall(wanted=ADMITTING, in_force=in_force), None, NOW)
        assert decision.actions == (ApplyPolicy(policy=ADMITTING),)
    assert decide(ObservedFirewall(wanted=ADMITTING, in_force=policy(from_node())), None, NOW).actions == ()


def test_a_filter_that_cannot_be_loaded_is_told_once() -> None:
    observed = ObservedFirewall(wanted=ADMITTING, in_force=NOTHING, unavailable="nft is not installed here.")
    first = decide(observed, None, NOW)
    assert titles(first.events) == ["Security Groups Not Enforced"]
    assert decide(observed, first.memory, NOW).events == ()


@rule("SG-10")
def test_a_dropped_connection_is_told_with_its_explanation_and_the_change_that_caused_it() -> None:
    observed = ObservedFirewall(wanted=NOTHING, in_force=NOTHING, dropped=dropped(PORT), causes={"sg-web": "e000012", "sg-lb": "e000099"})
    [event] = decide(observed, None, NOW).events
    assert (event.detail_type, event.cause) == (CONNECTION_DROPPED, "e000012")
    assert f"tcp port {PORT} from {NODE} to {TARGET} was dropped: ENI_SG_RULES_MISMATCH" in event.summary
    assert {"eni-0", "sg-web"} <= set(event.resources)


def test_the_same_connection_is_told_again_only_after_a_while_and_many_at_once_are_not() -> None:
    observed = ObservedFirewall(wanted=NOTHING, in_force=NOTHING, dropped=dropped(PORT))
    first = decide(observed, None, NOW)
    assert decide(observed, first.memory, NOW + QUIET / 2).events == ()
    assert len(decide(observed, first.memory, NOW + QUIET + timedelta(seconds=1)).events) == 1
    scanned = ObservedFirewall(wanted=NOTHING, in_force=NOTHING, dropped=dropped(*range(1, 500)))
    assert len(decide(scanned, None, NOW).events) == MOST


def test_a_connection_that_is_admitted_by_now_is_not_told() -> None:
    observed = ObservedFirewall(wanted=ADMITTING, in_force=ADMITTING, dropped=dropped(PORT))
    assert decide(observed, None, NOW).events == ()
