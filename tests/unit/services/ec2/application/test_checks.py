"""What the loop does with the application status checks of one instance: probes, thresholds, grace period, restarts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.core.control import Decision
from sandbox.drivers.probe.base import ProbeOutcome, ProbeRequest, ProbeResult, Trouble
from sandbox.services.ec2.application.actions import ForgetProbe, Keep, StartProbe
from sandbox.services.ec2.application.decide.checks import decide
from sandbox.services.ec2.application.model import (
    Aggregation,
    ApplicationExtra,
    AppliedCheck,
    CheckResult,
    CheckSettings,
    CheckState,
    Machine,
    Memory,
    ObservedApplication,
    Protocol,
    Suppression,
)
from tests.support import rule

LAUNCH = datetime(2026, 5, 7, 12, 0, tzinfo=UTC)
CHECK = "asc-0a1"
KEY = "123456789012/us-east-1/i-0a1"
SETTINGS = CheckSettings(protocol=Protocol.HTTP, port=8080, path="/health", grace=timedelta(seconds=30))
ENDPOINTS = {port: ("127.0.0.5", port) for port in (8080, 443)}
MACHINE = Machine(instance_id="i-0a1", address="10.0.0.5", launched_at=LAUNCH, endpoints=ENDPOINTS)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class Loop:
    """decide() again and again, with a prober whose results a test gives."""

    def __init__(self, settings: CheckSettings = SETTINGS) -> None:
        self.now, self.memory = LAUNCH + seconds(30), None
        self.observed = self._of(settings)
        self.decision: Decision[Memory] = Decision(memory=Memory())
        self.events: list[str] = []

    def _of(self, settings: CheckSettings) -> ObservedApplication:
        check = AppliedCheck(check_id=CHECK, settings=settings, updated_at=LAUNCH)
        return ObservedApplication(key=KEY, instance_id="i-0a1", machine=MACHINE, checks=(check,))

    def run(self, after: float = 0) -> "Loop":
        self.now += seconds(after)
        self.decision = decide(self.observed, self.memory, self.now)
        self.memory = self.decision.memory
        self.events += [event.summary for event in self.decision.events]
        for action in self.decision.actions:
            if isinstance(action, Keep):
                check = replace(self.observed.checks[0], result=action.kept.results.get(CHECK))
                self.observed = replace(self.observed, kept=action.kept, checks=(check,))
        return self

    def probed(self, status: int | None = 200, trouble: Trouble | None = None) -> "Loop":
        """The outstanding probe ends."""
        outcome = ProbeOutcome.ANSWERED if status else ProbeOutcome.FAILED
        number = self.decision.memory.histories[CHECK].number
        detail = trouble.value if trouble else ""
        result = ProbeResult(key="k", number=number, at=self.now, outcome=outcome, status_code=status, detail=detail, trouble=trouble)
        self.observed = replace(self.observed, probed={CHECK: result})
        return self.run()

    def rounds(self, *statuses: int) -> "Loop":
        for status in statuses:
            self.run(60).probed(status)
        return self

    @property
    def result(self) -> CheckResult:
        found = self.observed.checks[0].result
        assert found is not None
        return found

    @property
    def probe(self) -> ProbeRequest | None:
        return next((each.request for each in self.decision.actions if isinstance(each, StartProbe)), None)


@rule("EC2-83")
def test_the_first_probe_is_sent_when_the_grace_period_is_over() -> None:
    loop = Loop()
    loop.now = LAUNCH
    assert loop.run(10).probe is None and loop.decision.look_again == seconds(20)
    assert loop.result.state is CheckState.INITIALIZING
    assert loop.run(20).probe is not None


@rule("EC2-83")
def test_a_probe_is_a_request_for_the_path_at_the_private_address() -> None:
    probe = Loop().run().probe
    assert probe is not None
    assert (probe.host, probe.port, probe.host_header, probe.path) == ("127.0.0.5", 8080, "10.0.0.5:8080", "/health")
    assert (probe.timeout, probe.tls, probe.source) == (seconds(6), False, None)


@rule("EC2-83")
def test_https_is_by_tls_and_its_usual_port_is_not_in_the_host_header() -> None:
    probe = Loop(replace(SETTINGS, protocol=Protocol.HTTPS, port=443)).run().probe
    assert probe is not None and (probe.tls, probe.host_header) == (True, "10.0.0.5")


@rule("EC2-81", "EC2-83")
def test_probes_start_a_minute_apart_whenever_their_results_come() -> None:
    loop = Loop().run()
    assert loop.probe and loop.probe.number == 1
    loop.run(4).probed()
    assert loop.probe is None and loop.decision.look_again == seconds(56)
    assert loop.run(56).probe and loop.probe.number == 2
    loop.run(70)  # its result is late
    assert loop.probe is None
    assert loop.probed(503).probe is not None


@rule("EC2-83")
def test_a_check_passes_and_fails_after_its_thresholds_and_not_before() -> None:
    loop = Loop(replace(SETTINGS, success_threshold=2, failure_threshold=3)).run().probed()
    assert loop.result.state is CheckState.INITIALIZING and loop.events == []
    assert loop.rounds(200).result.state is CheckState.PASSED
    its = f"the application status check {CHECK} of i-0a1"
    assert loop.events == [f"{its} passed: 2 probes in a row (answered 200); its application status is ok"]
    since = loop.result.since
    assert loop.rounds(500, 500, 200).result.state is CheckState.PASSED and loop.result.since == since
    assert loop.rounds(500, 500, 500).result.state is CheckState.FAILED and loop.result.since == loop.now
    assert loop.events[1:] == [f"{its} failed: 3 probes in a row (answered 500); its application status is impaired"]


@rule("EC2-84")
def test_an_excluded_check_fails_without_a_change_of_the_application_status() -> None:
    loop = Loop(replace(SETTINGS, aggregation=Aggregation.EXCLUDED)).run().probed(500).rounds(500)
    assert loop.result.state is CheckState.FAILED
    assert loop.events == [f"the application status check {CHECK} of i-0a1 failed: 2 probes in a row (answered 500)"]
    assert [event.detail["application-status"] for event in loop.decision.events] == ["not-applicable"]


@rule("EC2-83")
@pytest.mark.parametrize(
    ("status", "trouble", "code"),
    [
        (200, None, "ResponseCodeMatched"),
        (302, None, "ResponseCodeMismatch"),
        (None, Trouble.NO_CONNECTION, "ConnectionTimeout"),
        (None, Trouble.NO_RESPONSE, "ResponseTimeout"),
        (None, Trouble.REFUSED, "ConnectionRefused"),
        (None, Trouble.RESET, "ConnectionReset"),
        (None, Trouble.OTHER, None),
    ],
)
def test_the_reason_is_that_of_the_last_probe(status: int | None, trouble: Trouble | None, code: str | None) -> None:
    reason = Loop().run().probed(status, trouble).result.reason
    assert (reason and reason.code.value) == code
    answered = (status, Protocol.HTTP) if status else (None, None)
    assert reason is None or (reason.status_code, reason.protocol) == answered


@rule("EC2-81")
def test_a_matcher_has_codes_and_ranges() -> None:
    settings = replace(SETTINGS, matcher="200,202,300-399")
    assert [code for code in (200, 201, 202, 299, 300, 399, 400) if settings.accepts(code)] == [200, 202, 300, 399]


@rule("EC2-83")
def test_after_a_restart_a_recent_result_holds_and_its_threshold_is_counted_anew() -> None:
    loop = Loop().run().probed(500).rounds(500)
    loop.memory = None
    loop.observed = replace(loop.observed, probed={})
    assert loop.run(60).probe and loop.result.state is CheckState.FAILED
    assert loop.probed(200).result.state is CheckState.FAILED
    assert loop.rounds(200).result.state is CheckState.PASSED


@rule("EC2-83")
def test_an_old_result_says_nothing_until_it_was_probed_again() -> None:
    loop = Loop().run().probed(500).rounds(500)
    loop.memory = None
    loop.observed = replace(loop.observed, probed={})
    assert loop.run(600).result.state is CheckState.INSUFFICIENT_DATA
    assert loop.events[-1].endswith("was not probed lately; its application status is insufficient-data")
    assert loop.probed(500).result.state is CheckState.INSUFFICIENT_DATA
    assert loop.rounds(500).result.state is CheckState.FAILED


@rule("EC2-83")
def test_an_instance_that_does_not_run_is_not_probed_and_nothing_is_known_of_it() -> None:
    loop = Loop().run().probed().rounds(200)
    loop.observed = replace(loop.observed, machine=None)
    loop.run(60)
    assert [type(action) for action in loop.decision.actions] == [Keep, ForgetProbe]
    assert loop.observed.kept == ApplicationExtra()
    assert loop.run().decision.actions == ()


@rule("EC2-82")
def test_a_check_that_no_longer_applies_is_forgotten() -> None:
    loop = Loop().run().probed()
    loop.observed = replace(loop.observed, checks=())
    decision = decide(loop.observed, loop.memory, loop.now)
    assert [type(action) for action in decision.actions] == [Keep, ForgetProbe]
    assert decision.memory == Memory() and decision.look_again is None


@rule("EC2-85")
def test_a_suppression_ends_once_at_its_time() -> None:
    loop = Loop().run().probed(500).rounds(500)
    suppression = Suppression(since=loop.now, until=loop.now + seconds(10))
    loop.observed = replace(loop.observed, kept=replace(loop.observed.kept, suppression=suppression))
    assert loop.run().decision.look_again == seconds(10)
    loop.run(10)
    assert loop.events[-1] == "the suppression of i-0a1's application status checks is over; its application status is impaired"
    assert loop.observed.kept.suppression == replace(suppression, over=True)
    assert loop.run().decision.events == ()
