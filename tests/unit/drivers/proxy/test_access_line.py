"""AWS's sample entry (LBM-7), from its record."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.drivers.proxy.access_line import line
from sandbox.drivers.proxy.base import AccessRecord
from tests.support import rule

GROUP = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067"
SAMPLE = AccessRecord(
    time=datetime(2018, 7, 2, 22, 23, 0, 186641, tzinfo=UTC),
    listener="arn:l",
    load_balancer="app/my-loadbalancer/50dc6c495c0c9188",
    client="192.168.131.39:2817",
    target="10.0.0.1:80",
    target_group=GROUP,
    rule_priority=0,
    elb_status_code=200,
    target_status_code=200,
    request_processing_time=0.0,
    target_processing_time=0.001,
    response_processing_time=0.0,
    received_bytes=34,
    sent_bytes=366,
    request="GET http://www.example.com:80/ HTTP/1.1",
    user_agent="curl/7.46.0",
    trace_id="Root=1-58337262-36d228ad5d99923122bbe354",
    request_creation_time=datetime(2018, 7, 2, 22, 22, 48, 364000, tzinfo=UTC),
    actions_executed="forward",
    error_reason="-",
)


@rule("LBM-6", "LBM-7")
def test_aws_sample() -> None:
    made = line(SAMPLE)
    connection = made.split("TID_")[1].split()[0]
    assert made == (
        "http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 "
        '34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - '
        f'{GROUP} "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" '
        f'"-" "-" TID_{connection} "-" "-" "-"'
    )
    assert len(connection) == 16 and len(shlex.split(made)) == 33


@rule("LBM-6")
def test_missing_values_are_dashes_and_times_of_undispatched_requests_are_minus_one() -> None:
    undispatched = replace(
        SAMPLE,
        target=None,
        target_status_code=None,
        request_processing_time=-1.0,
        target_processing_time=-1.0,
        response_processing_time=-1.0,
        elb_status_code=503,
    )
    fields = shlex.split(line(undispatched))
    assert fields[4:10] == ["-", "-1", "-1", "-1", "503", "-"]
    assert (fields[25], fields[26]) == ("-", "-")


def test_quotes_in_a_user_agent_do_not_break_the_line() -> None:
    made = line(replace(SAMPLE, user_agent='a "quoted" agent\n'))
    assert r'"a \x22quoted\x22 agent\x0A"' in made and len(shlex.split(made)) == 33
