"""IPv4 addresses as values, each parsed once: controllers compare the same few addresses at every look."""

from functools import lru_cache
from ipaddress import IPv4Address


@lru_cache(maxsize=65_536)
def ipv4(text: str) -> IPv4Address:
    """Raises AddressValueError. The same value for the same text, so that looking it up in a dict is cheap."""
    return IPv4Address(text)
