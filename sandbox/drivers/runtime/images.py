"""Images that are made of instances (CreateImage). `Runtime.images` makes, shows and removes them; its verbs return at once.

Implementations: docker/image_maker.py, simulated.py; the process runtime makes none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class ImageState(Enum):
    PENDING = "pending"
    AVAILABLE = "available"
    FAILED = "failed"  # `error` says why


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineImage:
    """The image of an AMI."""

    image_id: str  # of the AMI
    state: ImageState
    reference: str = ""  # what a LaunchSpec names; "" until it is available
    error: str = ""


class MachineImages(Protocol):
    def cannot_create(self) -> str | None:
        """None when this runtime can make images, else one sentence why not. No I/O."""
        ...

    def create(self, instance_id: str, image_id: str) -> None:
        """Makes an image of the instance's disk as it is now. No effect when it is being made, or exists. A failed one is made again."""
        ...

    def remove(self, image_id: str) -> None:
        """No effect when there is none. One that instances still use stays until it is asked for again."""
        ...

    def made(self) -> Mapping[str, MachineImage]:
        """The latest snapshot, by the AMI's id: also what an earlier control plane made. No I/O."""
        ...

    def on_change(self, callback: Callable[[str], None]) -> None:
        """`callback(image_id)`."""
        ...


class NoImages:
    """Of a runtime that keeps no disk of an instance. `sentence`: why."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def cannot_create(self) -> str | None:
        return self._sentence

    def create(self, instance_id: str, image_id: str) -> None:
        raise AssertionError("ask cannot_create() first")

    def remove(self, image_id: str) -> None:
        """There is none."""

    def made(self) -> Mapping[str, MachineImage]:
        return {}

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Nothing changes."""
