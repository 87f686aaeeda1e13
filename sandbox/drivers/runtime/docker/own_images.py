"""How the container of an own image runs. Pure.

Its entrypoint is an init of ours (images/machine/image/own-init), which starts the image's own entrypoint and command. It and the BusyBox
that runs it are in /.sandbox of the machine image, and are copied into the container before its first start: the image needs no shell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.drivers.runtime.base import LaunchSpec

FILES = "/.sandbox"
INIT = (f"{FILES}/busybox", "sh", f"{FILES}/init")
MACHINE_INIT = "/sbin/instance-init"  # the first word of the command of the machine image, and of images made from it
EVERY_ADDRESS = "0.0.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What Docker says of an image: what a container of it runs."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    @property
    def needs_init(self) -> bool:
        """False: it has an init already, as the machine image and the images that CreateImage makes have."""
        return self.entrypoint[:3] != INIT and self.command[:1] != (MACHINE_INIT,)


def image_config(found: Mapping[str, Any]) -> ImageConfig:
    """`found`: Docker's inspection of the image."""
    config = found.get("Config") or {}
    return ImageConfig(entrypoint=_words(config.get("Entrypoint")), command=_words(config.get("Cmd")))


def what_runs(spec: LaunchSpec, config: ImageConfig | None) -> dict[str, Any]:
    """The part of the create call that says what the container runs. `config`: of an own image; None: the machine image."""
    if config is None:
        return {"Cmd": [MACHINE_INIT, *spec.command]} if spec.command else {}
    runs: dict[str, Any] = {"Healthcheck": {"Test": ["NONE"]}}  # the target group checks
    if config.needs_init:
        runs |= {"Entrypoint": list(INIT), "Cmd": [*config.entrypoint, *config.command]}
    return runs


def environment(spec: LaunchSpec) -> list[str]:
    """Variables for a command: where it is asked to listen."""
    return [f"PORT={spec.port}", f"HOST={EVERY_ADDRESS}"] if spec.command else []


def _words(given: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(given or ())
