"""Keeps Docker from giving the sandbox's own networks the range that a VPC is to have.

Docker takes the next range of its pool for each network that asks for none, going round; 172.31.0.0/16, the default VPC's, is one of them.
One start in fifteen would get it, and no instance could be launched. So while Compose makes the networks `ctl` and `edge`, the range is
taken; then it is given back.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network

from sandbox.core.errors import UserError
from sandbox.drivers.runtime.docker import labels
from sandbox.drivers.runtime.docker.engine import DockerApiError, DockerEngine
from sandbox.settings import Settings

OWN, OTHERS = "reserved", "reserved-for-others"


@contextmanager
def reserved(engine: DockerEngine, settings: Settings) -> Iterator[None]:
    """Of the sandbox's own VPC, and the default range, which another sandbox of this machine will want. Removed by `down`, too.

    UserError: Docker has given the own range to somebody meanwhile.
    """
    try:
        _take(engine, OWN, settings.vpc_cidr)
        with suppress(DockerApiError):  # somebody has it: then Docker gives it to nobody else
            _take(engine, OTHERS, Settings().vpc_cidr)
        yield
    except DockerApiError as refused:
        raise UserError(f"The default VPC has no network: {refused}", "SANDBOX_VPC_CIDR=10.99.0.0/16 sandbox up") from refused
    finally:
        for which in (OWN, OTHERS):
            engine.remove_network(labels.network_name(engine.name, which))


def _take(engine: DockerEngine, which: str, cidr: str) -> None:
    engine.create_network(which, cidr, str(IPv4Network(cidr)[1]), routed=False)
