"""Where each load balancer is reached from this machine: what `GET /_sandbox/endpoints` and `sandbox endpoints` show."""

from typing import Any

from sandbox.aws.context import context
from sandbox.drivers.proxy.base import Proxy
from sandbox.services.elbv2 import backend


def endpoints(proxy: Proxy) -> dict[str, Any]:
    """{"load_balancers": {name: {"dns_name", "state", "listeners": {"80": url}, "front": url}}, "problems": [sentence, ...]}."""
    unreachable = proxy.problems()
    found: dict[str, Any] = {}
    problems = [reason for reason in [proxy.available()] if reason]
    for scope, elbv2 in backend.backends():
        for balancer in elbv2.load_balancers.values():
            told = f"{scope.region}/{balancer.name}" if balancer.name in found else balancer.name  # one name in two Regions
            found[told] = _load_balancer(proxy, balancer)
            problems += [f"{told}:{x.port}: {unreachable[x.arn]}" for x in balancer.listeners.values() if x.arn in unreachable]
            problems += _not_there(told, balancer)
    return {"load_balancers": found, "problems": problems}


def _load_balancer(proxy: Proxy, balancer: Any) -> dict[str, Any]:
    addresses = {listener.port: proxy.local_address(listener.arn) for listener in balancer.listeners.values()}
    settings = context().settings
    return {
        "dns_name": balancer.dns_name,
        "state": balancer.state,
        "listeners": {str(port): f"http://{at[0]}:{at[1]}" for port, at in sorted(addresses.items()) if at},
        "front": f"http://{balancer.dns_name}:{settings.published_front_port or settings.front_port}",
    }


def _not_there(name: str, balancer: Any) -> list[str]:
    if balancer.state != "active":
        return [f"{name} is still {balancer.state}"]
    if not balancer.listeners:
        return [f"{name} has no listener, so it accepts no connection: aws elbv2 create-listener"]  # TUT-30
    return []
