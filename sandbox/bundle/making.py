"""Makes a bundle for this machine's Python and architecture: the sandbox's wheel, the packages that it depends on, the base image.

Downloaded wheels are kept in the work folder of sandbox/images/, so a second bundle needs no network.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox import __version__
from sandbox.bundle import contents
from sandbox.bundle.installer import fits
from sandbox.bundle.installer.manifest import Images, Manifest
from sandbox.core.errors import UserError
from sandbox.images import HERE, SOURCES, work_folder

Say = Callable[[str], None]
EXTRA = "offline"
"""Of pyproject.toml: what a bundle has beside the sandbox and what it depends on."""
CLONE = "sandbox bundle FILE, in a clone of the project; or: sandbox bundle FILE --wheel WHEEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    images: bool = True  # False: for machines with Python only
    wheel: Path | None = None  # of the sandbox; None: it is built from the clone


def make(file: Path, options: Options, say: Say) -> Manifest:
    """Raises UserError when something that belongs into the bundle cannot be had. Then there is no file."""
    if not file.parent.is_dir():
        raise UserError(f"The folder {file.parent} does not exist.", f"mkdir -p {file.parent}")
    with tempfile.TemporaryDirectory(prefix="sandbox-bundle-") as name:
        folder = Path(name)
        own = options.wheel or _build_wheel(folder, say)
        packages = _packages(own, say)
        files = {f"wheels/{wheel.name}": wheel for wheel in packages}
        images = None
        if options.images:
            for found in _wheels_of_images():
                files.setdefault(f"wheels/{found.name}", found)
            images = _save_base_image(folder, say)
            files[images.file] = folder / "base.tar.gz"
        manifest = _manifest(tuple(f"wheels/{wheel.name}" for wheel in packages), files, images)
        say("Writing the bundle.")
        contents.write(file, manifest, files)
    return manifest


def _manifest(install: tuple[str, ...], files: Mapping[str, Path], images: Images | None) -> Manifest:
    here = fits.this_machine()
    return Manifest(
        version=__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        python=here.python,
        implementation=here.implementation,
        system=here.system,
        machine=here.machine,
        glibc=contents.least_glibc(install),
        install=install,
        checksums={name: contents.checksum(path) for name, path in files.items()},
        images=images,
    )


# ---- wheels ----------------------------------------------------------------------------------------------------------------------------


def _build_wheel(folder: Path, say: Say) -> Path:
    if not (SOURCES / "pyproject.toml").exists():
        raise UserError("An installed sandbox does not have its own wheel.", CLONE)
    say("Building the wheel of the sandbox.")
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(SOURCES)], "python3 -m pip install -e '.[dev]'")
    [wheel] = folder.glob("*.whl")
    return wheel


def _packages(own: Path, say: Say) -> list[Path]:
    """The sandbox's wheel and those of everything that it depends on, for this Python."""
    requirement = f"fault-tolerance-sandbox[{EXTRA}] @ {own.resolve().as_uri()}"
    folder = work_folder() / "wheelhouse" / f"offline-{_digest(own)}"
    if not (folder / ".complete").exists():
        say("Downloading the packages.")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
        known = [option for each in (work_folder() / "wheelhouse").iterdir() for option in ("--find-links", str(each))]
        _run([*command, *known, "--dest", str(folder), requirement], "sandbox bundle FILE, with a network")
        (folder / own.name).unlink(missing_ok=True)
        (folder / ".complete").touch()
    return [own, *sorted(folder.glob("*.whl"))]


def _digest(own: Path) -> str:
    """Of what decides which packages are needed: the requirements of the wheel, this Python and this machine."""
    with zipfile.ZipFile(own) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        needs = [line for line in archive.read(metadata).splitlines() if line.startswith(b"Requires-Dist:")]
    return hashlib.sha256(b"\n".join(needs) + repr(fits.this_machine()).encode()).hexdigest()[:12]


def _wheels_of_images() -> list[Path]:
    """For the base image's Python, which may be another than this one. images.sh downloads what is missing."""
    folders = _run(["bash", str(HERE / "images.sh"), "wheels"], "docker info", PYTHON=sys.executable).split()
    return [wheel for folder in folders for wheel in sorted(Path(folder).glob("*.whl"))]


# ---- images ----------------------------------------------------------------------------------------------------------------------------


def _save_base_image(folder: Path, say: Say) -> Images:
    if os.environ.get("BASE_IMAGE"):
        raise UserError("A bundle has the sandbox's own base image, and BASE_IMAGE names another.", "env -u BASE_IMAGE sandbox bundle FILE")
    base = _run(["bash", str(HERE / "base.sh")], "docker info").split()[-1]
    architecture = _run(["docker", "version", "--format", "{{.Server.Arch}}"], "docker info").strip()
    say(f"Saving {base}.")
    with subprocess.Popen(["docker", "save", base], stdout=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        with gzip.open(folder / "base.tar.gz", "wb", compresslevel=6) as tar:
            shutil.copyfileobj(saving.stdout, tar, 1 << 20)
    if saving.returncode != 0:
        raise UserError(f"Docker cannot save {base}.", "docker image ls")
    return Images(base=base, file="images/base.tar.gz", architecture=architecture)


def _run(words: list[str], next_command: str, **variables: str) -> str:
    """→ what it prints. Raises UserError with the last line of its errors."""
    done = subprocess.run(words, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or ["no error message"])[-1]
        raise UserError(f"{Path(words[0]).name} {words[1]} {words[2] if len(words) > 2 else ''} failed: {last}", next_command)
    return done.stdout
