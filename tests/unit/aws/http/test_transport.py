"""Requests made in process are the same in each replay."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from sandbox.aws import state
from sandbox.aws.http.transport import Transport
from sandbox.core.control import Scope

HERE = Scope("123456789012", "us-east-1")


def token_sent(seed: int, **given: str) -> str:
    """The ClientToken of a RunInstances, after a reset with that seed."""
    sent: list[bytes] = []

    def gateway(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"<RunInstancesResponse/>"]

    state.reset(seed)
    Transport(gateway).client("ec2", HERE).run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, **given)
    return parse_qs(sent[0].decode())["ClientToken"][0]


def test_idempotency_tokens_come_from_the_seed() -> None:
    assert token_sent(3) == token_sent(3) != token_sent(4)


def test_a_callers_own_token_is_kept() -> None:
    assert token_sent(3, ClientToken="mine") == "mine"


def test_clients_of_two_gateways_do_not_share_one() -> None:
    """They are copies of one client."""
    seen: list[str] = []

    def gateway(name: str) -> Callable[..., Iterable[bytes]]:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            seen.append(name)
            start_response("200 OK", [])
            return [b"<DescribeVpcsResponse/>"]

        return answer

    first, second = (Transport(gateway(name)).client("ec2", HERE) for name in ("first", "second"))
    second.describe_vpcs()
    first.describe_vpcs()
    second.describe_vpcs()
    assert seen == ["second", "first", "second"]
