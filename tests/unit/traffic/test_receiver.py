"""The SNS subscriber: listens on loopback only, records what is posted, responds with 200."""

import socket

import httpx

from sandbox.traffic.receiver import HttpReceiver


def test_it_records_posts_in_order_until_it_is_closed() -> None:
    receiver = HttpReceiver()
    headers = {"X-Amz-Sns-Message-Type": "Notification", "Content-Type": "text/plain; charset=UTF-8"}
    statuses = [httpx.post(receiver.url, content=body, headers=headers, trust_env=False).status_code for body in ('{"n": 1}', "grüße")]
    received = receiver.received()
    receiver.close()

    assert statuses == [200, 200]
    assert [(each.type, each.body) for each in received] == [("Notification", '{"n": 1}'), ("Notification", "grüße")]
    assert received[0].json() == {"n": 1}
    assert received[0].headers["content-type"] == "text/plain; charset=UTF-8"
    address = httpx.URL(receiver.url)
    with socket.socket() as probe:
        assert probe.connect_ex((address.host, address.port or 0)) != 0


def test_it_listens_on_loopback() -> None:
    receiver = HttpReceiver()
    receiver.close()
    assert httpx.URL(receiver.url).host == "127.0.0.1"
