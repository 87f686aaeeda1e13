"""The images that every account has (amis.json), and the public Systems Manager parameters that name the newest of them (EC2-60).

moto's own parameters name images that do not exist here. Of Canonical's it has none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AMIS, Ami

from sandbox.aws.function_seams import wrap_function
from sandbox.core.wildcards import EC2_FILTER, matches

AMAZON, CANONICAL = "137112412989", "099720109477"
LINUX, UBUNTU = "/aws/service/ami-amazon-linux-latest", "/aws/service/canonical"
OF_OTHER_IMAGES = "/aws/service/ecs/optimized-ami"
JAMMY = "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*"
NOBLE = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"


@dataclass(frozen=True, slots=True)
class PublicParameter:
    name: str
    owner: str
    image: str  # pattern of the name of the images of which it names the newest


PARAMETERS = (
    PublicParameter(f"{LINUX}/al2023-ami-kernel-default-x86_64", AMAZON, "al2023-ami-2023.*-x86_64"),
    PublicParameter(f"{LINUX}/al2023-ami-kernel-6.1-x86_64", AMAZON, "al2023-ami-2023.*-kernel-6.1-x86_64"),
    *(
        PublicParameter(f"{UBUNTU}/ubuntu/server/{release}/stable/current/amd64/hvm/{disk}/ami-id", CANONICAL, image)
        for releases, disk, image in ((("22.04", "jammy"), "ebs-gp2", JAMMY), (("24.04", "noble"), "ebs-gp3", NOBLE))
        for release in releases
    ),
)


def missing_images(backend: Any) -> dict[str, Any]:
    """Images of amis.json that the backend lacks and that nobody deregistered: it was saved by a release with fewer."""
    known = {*backend.amis, *backend.deleted_amis}
    return {each["ami_id"]: Ami(backend, **each) for each in AMIS if each["ami_id"] not in known}


@wrap_function("moto.ssm.models", "ParameterDict._check_loading_status", why="EC2-60: public parameters name images that exist here")
def load(theirs: Any, self: Any, key: str) -> None:
    name = str(key or "")
    if name.startswith((LINUX, UBUNTU)):
        if not self.latest_amis_loaded:
            self.latest_amis_loaded = True
            dict.update(self, _parameters(self.account_id, self.region_name))
    elif not name.startswith(OF_OTHER_IMAGES):
        theirs(self, key)


def _parameters(account: str, region: str) -> Mapping[str, list[Any]]:
    from moto.ssm.models import Parameter  # noqa: PLC0415 - this runs when a parameter is first asked for

    backend = ec2_backends[account][region]
    return {
        parameter.name: [
            Parameter(
                account_id="",
                name=parameter.name,
                value=newest.id,
                parameter_type="String",
                description=None,
                allowed_pattern=None,
                keyid=None,
                last_modified_date=newest.creation_date,
                version=1,
                data_type="aws:ec2:image",
            )
        ]
        for parameter in PARAMETERS
        for newest in sorted(_images(backend, parameter), key=lambda image: image.creation_date)[-1:]
    }


def _images(backend: Any, parameter: PublicParameter) -> Iterator[Any]:
    for image in backend.amis.values():
        if image.owner_id == parameter.owner and matches(parameter.image, image.name or "", EC2_FILTER):
            yield image
