"""The loopback addresses of load balancer nodes: each zone has its own, the same for all load balancers, whose listeners differ by port.
Only Linux has all of 127.0.0.0/8.
"""

_FIRST = 2  # 127.0.0.1 stands for the load balancer's name


def node_host(zone: str) -> str:
    """ "us-east-1a" → "127.0.0.2", "us-east-1b" → "127.0.0.3" …"""
    return f"127.0.0.{_FIRST + ord(zone[-1]) - ord('a')}"
