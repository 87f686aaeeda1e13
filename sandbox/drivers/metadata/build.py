"""Which metadata service a live sandbox has."""

from sandbox.drivers.metadata.base import IMDS_ADDRESS, Metadata
from sandbox.drivers.metadata.served import Place, ServedMetadata
from sandbox.drivers.metadata.server_process import ServerProcess
from sandbox.drivers.metadata.unsupported import UnsupportedMetadata
from sandbox.drivers.runtime.process.loopback import PER_ADDRESS, loopback_of
from sandbox.settings import Settings

METADATA = "metadata"  # its folder, in the state folder


def metadata_service(settings: Settings) -> Metadata:
    """In Compose a service beside the control plane; in the process runtime a process that this one starts."""
    folder = settings.state_dir / METADATA
    if settings.topology == "compose":
        everywhere = Place(url=lambda address: f"http://{IMDS_ADDRESS}/", known_by=lambda address: address)
        return ServedMetadata(folder, everywhere, None)
    if settings.runtime == "docker" or not PER_ADDRESS:
        where = f"the {settings.runtime} runtime has no address for it here"
        return UnsupportedMetadata(f"Instances cannot read their metadata: {where}. next: sandbox up")
    port = settings.metadata_port
    own = Place(url=lambda address: f"http://{loopback_of(address)}:{port}/", known_by=loopback_of)
    return ServedMetadata(folder, own, ServerProcess(folder, ["--port", str(port)]))
