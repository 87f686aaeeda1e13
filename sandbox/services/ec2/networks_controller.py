"""The loop of what VPCs say to the outside of the API: names for the DNS server, and which instances reach the internet. One key for all
accounts and Regions, because there is one server and one router.
"""

from collections.abc import Iterable
from datetime import datetime

from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.drivers.names.base import Names
from sandbox.drivers.network.internet import Internet
from sandbox.services.ec2.actions import LetOut, PublishNames
from sandbox.services.ec2.decide import networks
from sandbox.services.ec2.decide.networks import NetworksMemory, ObservedNetworks
from sandbox.services.ec2.state import networks as state
from sandbox.services.ec2.state import snapshot

KEY = Scope("-", "-").key("networks")
SERVICE = "ec2"


class NetworksController(Shell[ObservedNetworks, NetworksMemory]):
    name = "ec2-networks"

    def __init__(self, journal: Journal, names: Names, internet: Internet) -> None:
        super().__init__(journal)
        self._names, self._internet = names, internet

    def keys(self) -> Iterable[str]:
        return (KEY,) if self._names.wanted else ()

    def observe(self, key: str, now: datetime) -> ObservedNetworks | None:
        """None: the state was lost, so the names that were published last stay."""
        return None if snapshot.state_lost() and not any(snapshot.known()) else state.observe()

    def decide(self, observed: ObservedNetworks, memory: NetworksMemory | None, now: datetime) -> Decision[NetworksMemory]:
        return networks.decide(observed, memory)

    def act(self, key: str, action: Action, now: datetime) -> None:
        match action:
            case PublishNames():
                self._names.publish(SERVICE, action.published)
            case LetOut():
                self._internet.let_out(action.addresses)
