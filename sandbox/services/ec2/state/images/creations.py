"""AMIs that CreateImage makes: which are pending, what is observed of them, and what only AWS writes when they are complete or failed."""

from collections.abc import Iterator
from dataclasses import replace

import sandbox.aws.environment  # noqa: F401 - before moto

# isort: split
from moto.ec2.models import ec2_backends

from sandbox.aws import backends
from sandbox.core.control import Scope
from sandbox.drivers.runtime.images import MachineImage
from sandbox.services.ec2.image_model import ImageCreation, ObservedImage
from sandbox.services.ec2.model import Reason


def pending() -> Iterator[tuple[Scope, str]]:
    for scope, backend in backends.walk(ec2_backends):
        for image_id in list(backend.sandbox_creations):
            yield scope, image_id


def needed(image_id: str, made: MachineImage | None) -> bool:
    """Whether an AMI waits for the runtime's image, or a snapshot boots it."""
    reference = made.reference if made else ""
    return any(
        image_id in backend.sandbox_creations or any(content.image == reference for content in backend.sandbox_contents.values())
        for _, backend in backends.walk(ec2_backends)
    )


def read(scope: Scope, image_id: str, made: MachineImage | None, unavailable: str | None, cause: str | None) -> ObservedImage | None:
    backend = backends.find(ec2_backends, scope)
    creation: ImageCreation | None = backend.sandbox_creations.get(image_id) if backend else None
    if creation is None:
        return None
    instance = backends.find_instance(backend, creation.instance_id)
    return ObservedImage(
        image_id=image_id,
        creation=creation,
        made=made,
        rebooting=instance is not None and (instance.sandbox.reboot_asked or instance.sandbox.reboot is not None),
        instance_state=instance.lifecycle_state if instance else None,
        unavailable=unavailable,
        cause=cause,
    )


def complete(scope: Scope, image_id: str, reference: str) -> None:
    """The AMI boots that image from now on."""
    backend = backends.find(ec2_backends, scope)
    assert backend is not None, "the AMI was observed in it"
    creation = backend.sandbox_creations.pop(image_id)
    image = backend.amis[image_id]
    backend.sandbox_contents[image.ebs_snapshot.id] = replace(creation.content, image=reference)
    image.state, image.ebs_snapshot.status = "available", "completed"


def fail(scope: Scope, image_id: str, reason: Reason) -> None:
    backend = backends.find(ec2_backends, scope)
    assert backend is not None, "the AMI was observed in it"
    del backend.sandbox_creations[image_id]
    image = backend.amis[image_id]
    image.state, image.ebs_snapshot.status = "failed", "error"
    image.state_reason = {"Code": reason.code, "Message": reason.message}
