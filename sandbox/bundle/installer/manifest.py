"""What a bundle contains and for which machines it is: manifest.json of the archive."""

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """The base image of all containers; the others are made from it and the wheels."""

    base: str  # its name with tag
    file: str  # in the archive: the output of `docker save`, compressed with gzip
    architecture: str  # of the Docker engine: amd64 | arm64


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    version: str  # of the sandbox
    made: str  # ISO 8601, UTC
    python: str  # such as 3.11
    implementation: str  # such as cpython
    system: str  # such as linux
    machine: str  # such as x86_64
    glibc: tuple[int, int]  # the least version that the wheels need; (0, 0): none
    install: tuple[str, ...]  # the wheels for this Python
    checksums: dict[str, str]  # file of the archive → SHA-256
    images: Images | None  # None: for machines with Python only
    format: int = FORMAT

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def read(bundle: Path) -> "Manifest":
        """That of a bundle that is whole. Raises ValueError when it was made by another release's format."""
        with zipfile.ZipFile(bundle) as archive:
            return Manifest.parse(archive.read(NAME).decode())

    @staticmethod
    def parse(text: str) -> "Manifest":
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError(f"the bundle has format {found['format']}, and this installer reads format {FORMAT}")
        images = Images(**found["images"]) if found["images"] else None
        major, minor = found["glibc"]
        return Manifest(**{**found, "images": images, "install": tuple(found["install"]), "glibc": (major, minor)})

    @property
    def wheels(self) -> tuple[str, ...]:
        """All wheels of the archive: those to install, and those of the images."""
        return tuple(name for name in self.checksums if name.endswith(".whl"))
