"""Client traffic goes to loopback addresses only."""

import pytest

from sandbox.core.errors import UserError
from sandbox.traffic.addresses import loopback


@pytest.mark.parametrize("url", ["http://example.com/", "http://10.0.0.1/", "http://172.31.0.5:80/", "http:///", "http://0.0.0.0/"])
def test_other_addresses_than_loopback_are_refused(url: str) -> None:
    with pytest.raises(UserError, match="only loopback addresses"):
        loopback(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081/", "http://127.9.8.7/", "http://localhost:8081/x", "http://[::1]/"])
def test_loopback_addresses_are_allowed(url: str) -> None:
    assert loopback(url) == url
