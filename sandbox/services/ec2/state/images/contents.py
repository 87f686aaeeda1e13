"""What AMIs boot. A content belongs to the root snapshot of an AMI, as on AWS: it outlives DeregisterImage, and another AMI of the same
snapshot boots the same. An instance keeps the content that it was launched from.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.aws.context import context
from sandbox.services.ec2.image_model import MACHINE_IMAGE, ImageContent

DEFAULT_PORT = 80
PORT_TAG = "sandbox:port"
"""Tag of an AMI: the port at which its command is asked to listen (PORT)."""


def content_of(backend: Any, image: Any) -> ImageContent:
    """`image`: moto's. The content of its root snapshot."""
    kept: Mapping[str, ImageContent] = backend.sandbox_contents
    return kept.get(image.ebs_snapshot.id, MACHINE_IMAGE)


def keep(backend: Any, image: Any, content: ImageContent) -> None:
    if content != MACHINE_IMAGE:
        backend.sandbox_contents[image.ebs_snapshot.id] = content


def command_of(content: ImageContent) -> tuple[str, ...] | None:
    """The command of a machine, as words. The setting SANDBOX_COMMAND replaces the application of the machine image."""
    text = content.command or (context().settings.command if content.image is None else None)
    return ("/bin/sh", "-c", text) if text else None


def port_of(backend: Any, image_id: str) -> int:
    """By the AMI's tag, if it is a port number."""
    text = str(backend.tags.get(image_id, {}).get(PORT_TAG, ""))
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else DEFAULT_PORT
