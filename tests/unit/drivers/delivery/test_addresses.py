"""Which addresses notifications may be sent to."""

import pytest

from sandbox.drivers.delivery.addresses import allowed_address, is_allowed


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("10.1.2.3", True),
        ("172.31.0.5", True),
        ("192.168.1.1", True),
        ("::1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("fe80::1%eth0", False),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("2606:4700::1", False),
        ("169.254.169.254", False),  # metadata services
        ("224.0.0.1", False),
        ("0.0.0.0", False),
    ],
)
def test_only_this_machine_and_private_networks_are_allowed(address: str, expected: bool) -> None:
    assert is_allowed(address) is expected


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [(["127.0.0.1"], "127.0.0.1"), (["10.0.0.1", "8.8.8.8"], None), (["8.8.8.8"], None), ([], None), (["::1", "127.0.0.1"], "::1")],
)
def test_a_name_that_also_has_an_outside_address_is_not_allowed(addresses: list[str], expected: str | None) -> None:
    assert allowed_address(addresses) == expected
