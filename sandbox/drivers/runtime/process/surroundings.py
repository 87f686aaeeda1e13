"""What a program in an instance finds around it in the process runtime: its environment variables."""

from dataclasses import dataclass

from sandbox.drivers.runtime.base import LaunchSpec
from sandbox.drivers.runtime.process.loopback import loopback_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`metadata_port`: of the metadata service at each instance's loopback address; None: there is none. `api`: the URL of the AWS API."""

    metadata_port: int | None = None
    api: str | None = None

    def environment(self, spec: LaunchSpec) -> dict[str, str]:
        """The AWS SDKs read the last two. The others stand for instance-data.json of a container (images/machine/app.py)."""
        found = {
            "INSTANCE_ID": spec.instance_id,
            "AVAILABILITY_ZONE": spec.availability_zone,
            "AWS_REGION": spec.region,
            "INSTANCE_HOSTNAME": spec.private_dns_name.split(".")[0],
        }
        if self.metadata_port is not None:
            found["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"http://{loopback_of(spec.private_ip_address)}:{self.metadata_port}/"
        if self.api is not None:
            found["AWS_ENDPOINT_URL"] = self.api
        return found


NOTHING_AROUND = Surroundings()
