"""Is a bundle for this machine, and is it newer than what is installed? Sentences, no exceptions."""

import os
import platform
import sys
from dataclasses import dataclass

from .manifest import Images, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    python: str
    implementation: str
    system: str
    machine: str
    glibc: tuple[int, int]  # (0, 0): another C library


def this_machine() -> Machine:
    return Machine(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        implementation=sys.implementation.name,
        system=sys.platform,
        machine=platform.machine(),
        glibc=_glibc(),
    )


def _glibc() -> tuple[int, int]:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""  # such as "glibc 2.36"
        major, minor = text.split()[1].split(".")[:2]
        return int(major), int(minor)
    except (AttributeError, ValueError, IndexError, OSError):
        return 0, 0


def misfit(manifest: Manifest, here: Machine) -> str | None:
    """Why the bundle cannot run on this machine; None when it can."""
    wanted = f"This bundle is for Python {manifest.python} ({manifest.implementation}) on {manifest.system} {manifest.machine}"
    if (manifest.system, manifest.machine) != (here.system, here.machine):
        return f"{wanted}; this machine is {here.system} {here.machine}."
    if (manifest.python, manifest.implementation) != (here.python, here.implementation):
        return f"{wanted}; this is Python {here.python} ({here.implementation})."
    if here.glibc < manifest.glibc:
        has = f"glibc {here.glibc[0]}.{here.glibc[1]}" if here.glibc > (0, 0) else "another C library"
        return f"{wanted} with glibc {manifest.glibc[0]}.{manifest.glibc[1]} or later; this machine has {has}."
    return None


def images_misfit(images: Images, engine: str) -> str | None:
    """`engine`: the architecture of the Docker engine."""
    if images.architecture == engine:
        return None
    return f"The images of this bundle are for {images.architecture}; the Docker engine of this machine is {engine}."


def older(manifest: Manifest, installed: Manifest | None) -> str | None:
    """Why the bundle is not to replace what is installed: it is older. A saved state of a newer release is not readable for it."""
    if installed is None or _age(manifest) >= _age(installed):
        return None
    return (
        f"This bundle is older (release {manifest.version}, made {manifest.made}) than what is installed (release {installed.version}, "
        f"made {installed.made}), and might not read the state that the newer one saved."
    )


def _age(manifest: Manifest) -> tuple[tuple[int, ...], str]:
    numbers = tuple(int(part) for part in manifest.version.split(".") if part.isdigit())
    return numbers, manifest.made
