"""Writes the file: the header, then a zip archive with the installer, the manifest, the wheels and the base image. Nothing is compressed
again: wheels are zip files, and the image is compressed already.
"""

import hashlib
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.bundle.installer import manifest as manifests
from sandbox.bundle.installer import whole
from sandbox.bundle.installer.manifest import Manifest

HERE = Path(__file__).resolve().parent
MAIN = """import sys
from pathlib import Path

from installer.command import main

sys.exit(main(Path(sys.argv[0]), sys.argv[1:]))
"""
DIGITS = 12  # of a position in the file


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(file: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """`files`: name in the archive → file. Writes beside `file` and renames, so that a file of that name is complete."""
    part = file.with_name(f"{file.name}.part")
    try:
        start = len(_header(manifest, 0, 0, "0" * 64))
        with part.open("wb") as written:
            written.write(b"\0" * start)
            with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
                _fill(archive, manifest, files)
            end = written.tell()
        with part.open("r+b") as written:
            written.write(_header(manifest, start, end, "0" * 64))
            written.seek(0)
            found = hashlib.file_digest(written, "sha256").hexdigest()  # of the whole file, with zeros in its place
            written.seek(0)
            written.write(_header(manifest, start, end, found))
        part.chmod(0o755)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def _fill(archive: zipfile.ZipFile, manifest: Manifest, files: Mapping[str, Path]) -> None:
    archive.writestr("__main__.py", MAIN)
    for module in sorted((HERE / "installer").glob("*.py")):
        archive.write(module, f"installer/{module.name}")
    archive.writestr(manifests.NAME, manifest.as_json())
    for name, path in files.items():
        archive.write(path, name)


def _header(manifest: Manifest, start: int, end: int, found: str) -> bytes:
    """The same number of bytes for all positions and checksums."""
    source = Path(whole.__file__).read_text()
    values = {"START": f"{start:0{DIGITS}}", "END": f"{end:0{DIGITS}}", "SHA256": found, "PYTHON": manifest.python, "WHOLE": source}
    return re.sub(r"@([A-Z0-9]+)@", lambda each: values[each[1]], (HERE / "header.sh").read_text()).encode()


def least_glibc(wheels: tuple[str, ...]) -> tuple[int, int]:
    """The least version of glibc with which all of these wheels work; (0, 0) when they have no compiled code."""
    return max((_glibc(name) for name in wheels), default=(0, 0))


def _glibc(wheel: str) -> tuple[int, int]:
    older = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
    platforms = wheel.removesuffix(".whl").rsplit("-", 1)[1].split(".")
    found = [(int(tag[1]), int(tag[2])) for each in platforms if (tag := re.match(r"manylinux_(\d+)_(\d+)_", each))]
    found += [version for each in platforms for name, version in older.items() if each.startswith(f"{name}_")]
    return min(found, default=(0, 0))
