"""Which loopback address an instance has in the process runtime."""

import sys

PER_ADDRESS = sys.platform == "linux"
"""Every address of 127.0.0.0/8 can be used without being configured."""


def loopback_of(private_ip_address: str) -> str:
    """127.b.c.d for the instance with the private address a.b.c.d."""
    return "127." + private_ip_address.partition(".")[2]
