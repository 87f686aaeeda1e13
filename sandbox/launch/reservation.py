"""Keeps Docker from assigning the address range of a VPC to the sandbox's own networks.

For a network without a range, Docker takes the next one from its pool. 172.31.0.0/16, the default VPC's range, is in that pool: about one
start in fifteen would get it, and no instance could launch. So the range is reserved while Compose creates the networks `ctl` and `edge`.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerEngine
from sandbox.drivers.runtime.docker.errors import DockerApiError
from sandbox.settings import Settings

OWN, OTHERS = "reserved", "reserved-for-others"


@contextmanager
def reserved(engine: DockerEngine, settings: Settings) -> Iterator[None]:
    """Reserves the range of the sandbox's own VPC, and the default range for other sandboxes of this machine. `down` removes them, too.

    Raises UserError when another network already has the sandbox's own range.
    """
    try:
        _reserve(engine, OWN, settings.vpc_cidr)
        with suppress(DockerApiError):  # already in use, so Docker does not assign it
            _reserve(engine, OTHERS, Settings().vpc_cidr)
        yield
    except DockerApiError as error:
        raise UserError(f"Cannot create the network of the default VPC: {error}", "SANDBOX_VPC_CIDR=10.99.0.0/16 sandbox up") from error
    finally:
        for which in (OWN, OTHERS):
            engine.remove_network(labels.network_name(engine.name, which))


def _reserve(engine: DockerEngine, which: str, cidr: str) -> None:
    engine.create_network(which, cidr, str(IPv4Network(cidr)[1]), routed=False)
