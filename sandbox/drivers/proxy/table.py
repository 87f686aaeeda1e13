"""The simulated proxy's configuration, prepared for the look-ups of each request. Pure."""

from sandbox.drivers.proxy.base import Endpoint, ListenerConfig, ProxyConfig, TargetGroupConfig


class Table:
    def __init__(self, config: ProxyConfig) -> None:
        self.listeners = {listener.arn: listener for listener in config.listeners}
        self.groups = {group.arn: group for group in config.target_groups}
        self._named: dict[str, ListenerConfig] = {}  # "<DNS name>:<port>", and the name alone
        for listener in sorted(config.listeners, key=lambda x: (x.port != 80, x.port)):
            self._named[f"{listener.dns_name}:{listener.port}"] = listener
            self._named.setdefault(listener.dns_name, listener)
        self._eligible: dict[tuple[str, str], tuple[Endpoint, ...]] = {}
        self._varies: dict[tuple[str, str], bool] = {}

    def listener(self, where: str) -> ListenerConfig:
        """`where`: the ARN of a listener, or a load balancer's DNS name with or without a port. Raises KeyError when there is none."""
        found = self.listeners.get(where) or self._named.get(where)
        if found is None:
            raise KeyError(f"no listener {where}; there are {list(self.listeners)}")
        return found

    def eligible(self, group: TargetGroupConfig, zone: str) -> tuple[Endpoint, ...]:
        """The targets of the group that the node in the zone chooses from: the healthy ones, or all when none is healthy (TG-35)."""
        key = (group.arn, zone)
        if key not in self._eligible:
            known = group.for_node(zone)
            self._eligible[key] = tuple(each for each in known if each.healthy) or known
        return self._eligible[key]

    def varies(self, group: TargetGroupConfig, zone: str) -> bool:
        """Whether a fault of one of these targets lets chance decide what happens to a request."""
        key = (group.arn, zone)
        if key not in self._varies:
            self._varies[key] = any(each.fault is not None and each.fault.varies for each in self.eligible(group, zone))
        return self._varies[key]
