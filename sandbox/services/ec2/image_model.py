"""The nouns of own images: what an AMI boots, and the observed state of one that CreateImage makes. Frozen values only."""

from dataclasses import dataclass

from sandbox.core.persisted import persisted
from sandbox.drivers.runtime.images import MachineImage
from sandbox.services.ec2.model import InstanceState


@persisted("ec2.ImageContent")
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContent:
    """What the machine of an AMI boots: the content of its root snapshot. The default is the machine image, as for the images of amis.json.

    An own application (`own_application`) starts at each boot after user data, as a service of an AMI does; the machine image's starts only
    if there is no user data.
    """

    image: str | None = None  # container image: "my/service:1"; None: the machine image
    command: str | None = None  # a shell's command line, which runs instead of the machine image's application
    own_application: bool = False


MACHINE_IMAGE = ImageContent()


@persisted("ec2.ImageCreation")
@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCreation:
    """What CreateImage asked for an AMI that is still pending."""

    instance_id: str
    content: ImageContent  # of the instance: the new image has its command


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedImage:
    """An AMI of CreateImage, or an image of the runtime that no AMI needs any more."""

    image_id: str
    creation: ImageCreation | None  # None: it is not pending
    made: MachineImage | None  # what the runtime has of it
    needed: bool = False  # an AMI, or a snapshot, boots it
    rebooting: bool = False  # the instance has to come back first
    instance_state: InstanceState | None = None  # None: it is gone
    unavailable: str | None = None  # why the runtime cannot be asked
    cause: str | None = None  # id of the newest event about the AMI
