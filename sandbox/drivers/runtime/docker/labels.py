"""Names and labels of containers and networks, the only record of which ones are ours: a restarted control plane and `sandbox down` find
them by these. The socket filter uses NAME too.
"""

import re
from collections.abc import Mapping

from sandbox.drivers.runtime import launch_spec_json
from sandbox.drivers.runtime.base import LaunchSpec

MANAGED = "sandbox.managed"  # "instance" | "subnet" | HELPER | IMAGE
IMAGE = "image"
IMAGE_ID = "sandbox.image-id"  # of the AMI, on an image that was made of an instance
HELPER = "helper"  # a container that never runs, and gives access to the files of its image
NAME = "sandbox.name"  # of the sandbox
INSTANCE_ID = "sandbox.instance-id"
SPEC = "sandbox.spec"  # the LaunchSpec as JSON
SUBNET_ID = "sandbox.subnet-id"
ROLE = "sandbox.role"  # "netns": the container that owns the router's network namespace (docker-compose.yml)
TOPOLOGY = "sandbox.topology"  # the sandbox that the containers of docker-compose.yml belong to

VALID_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


def container_name(name: str, instance_id: str) -> str:
    return f"{name}-{instance_id}"


def network_name(name: str, subnet_id: str) -> str:
    """Sorts after the name of the edge network: Docker takes a container's gateway from the first (docs/decisions/001-topology.md)."""
    return f"{name}-subnet-{subnet_id}"


def of_instance(name: str, spec: LaunchSpec) -> dict[str, str]:
    """The labels of an instance's container. `spec.labels` cannot override ours."""
    return {**spec.labels, MANAGED: "instance", NAME: name, INSTANCE_ID: spec.instance_id, SPEC: launch_spec_json.to_json(spec)}


def of_subnet(name: str, subnet_id: str) -> dict[str, str]:
    return {MANAGED: "subnet", NAME: name, SUBNET_ID: subnet_id}


def of_helper(name: str) -> dict[str, str]:
    return {MANAGED: HELPER, NAME: name}


def of_image(name: str, image_id: str) -> dict[str, str]:
    return {MANAGED: IMAGE, NAME: name, IMAGE_ID: image_id}


def image_repository(name: str) -> str:
    """Of the images that are made of instances; their tag is the AMI's id. The socket filter allows no other."""
    return f"{name}/ami"


def ours(labels: Mapping[str, str] | None, name: str) -> bool:
    return (labels or {}).get(NAME) == name and MANAGED in (labels or {})
