"""How the connections to a load balancer's name are divided between its nodes: each node is a filter chain of the listener, and a new
connection gets one by the hash of the client's port. A connection stays with its chain, whatever DNS says later: a change of the shares
changes the matcher only, and Envoy keeps the chains that are the same.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from sandbox.drivers.proxy.base import Forward, ListenerConfig, Node, ProxyConfig
from sandbox.drivers.proxy.envoy.config.conditions import Json

_NETWORK_INPUTS = "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3"
_HASH = "type.googleapis.com/envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing"
_STRING = "type.googleapis.com/google.protobuf.StringValue"


def chain_matcher(shares: Mapping[str, int]) -> Json:
    """Envoy's matcher that gives each filter chain its share of connections."""
    names = [name for name, share in shares.items() if share > 0] or list(shares)[:1]
    total = sum(shares[name] for name in names) or 1
    floors = [total - passed for passed in accumulate(shares[name] for name in names)]
    *first, last = names
    matchers = [_matcher(name, floor, total) for name, floor in zip(first, floors, strict=False)]
    return {**({"matcher_list": {"matchers": matchers}} if matchers else {}), "on_no_match": _chain(last)}


def _matcher(chain: str, at_least: int, modulo: int) -> Json:
    port = {"name": "port", "typed_config": {"@type": f"{_NETWORK_INPUTS}.SourcePortInput"}}
    share = {"name": "share", "typed_config": {"@type": _HASH, "threshold": at_least, "modulo": modulo}}
    return {"predicate": {"single_predicate": {"input": port, "custom_match": share}}, "on_match": _chain(chain)}


def _chain(name: str) -> Json:
    return {"action": {"name": name, "typed_config": {"@type": _STRING, "value": name}}}


def zones_of(listeners: Sequence[ListenerConfig]) -> tuple[str, ...]:
    """The zones in which any of the load balancers has a node."""
    return tuple(sorted({node.zone for listener in listeners for node in listener.nodes}))


Sources = Mapping[tuple[str, str], str]
"""(target group ARN, zone) → the private address of the load balancer's node in that zone, from which it connects to the targets."""


def sources(config: ProxyConfig) -> Sources:
    """A target group belongs to one load balancer (ALB-9)."""
    found: dict[tuple[str, str], str] = {}
    for listener in config.listeners:
        actions = [rule.action for rule in listener.rules]
        groups = {arn for action in actions if isinstance(action, Forward) for arn, _ in action.target_groups}
        found |= {(arn, node.zone): node.private_address for arn in groups for node in listener.nodes if node.private_address}
    return found


def near(known: Sources, group: str, zone: str) -> str | None:
    """Of the node in that zone; of another one when the load balancer has none there."""
    own = known.get((group, zone))
    return own or next((address for (arn, _), address in sorted(known.items()) if arn == group), None)


def node_for(listener: ListenerConfig, zone: str) -> Node | None:
    """The node that has the connections of one filter chain of a shared port, which is for a zone: the load balancer's own one there, or
    another while most clients know that it is not in DNS. None: it has no nodes."""
    if not listener.nodes:
        return None
    most = max(node.weight for node in listener.nodes)
    known = [node for node in listener.nodes if node.weight * 2 >= most]
    own = next((node for node in known if node.zone == zone), None)
    return own or known[ord(zone[-1]) % len(known)]
