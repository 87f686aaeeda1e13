"""Installs the packages: a virtual environment of its own in the target folder, and links to its commands in `bin/`.

    <target>/bin/sandbox                link, set when everything else is done
    <target>/env-<checksum>/            virtual environment; `installed.json` in it is the manifest, and says that it is complete

So what runs is always one whole installation: the earlier one until the links are set, then the new one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from .manifest import Manifest

Say = Callable[[str], None]
COMMANDS = ("sandbox", "aws", "aws_completer", "pytest")
MARK = "installed.json"


class Failed(Exception):
    """The installation is not possible. `next_command`: what to type."""

    def __init__(self, sentence: str, next_command: str) -> None:
        super().__init__(sentence)
        self.next_command = next_command


def installed(target: Path) -> Manifest | None:
    """The manifest of what the links lead to; None: nothing is installed there."""
    try:
        environment = (target / "bin" / "sandbox").resolve(strict=True).parents[1]
        return Manifest.parse((environment / MARK).read_text())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def folder(target: Path, manifest: Manifest) -> Path:
    return target / f"env-{hashlib.sha256(manifest.as_json().encode()).hexdigest()[:12]}"


def extract(bundle: Path, names: Iterable[str], checksums: dict[str, str], to: Path) -> None:
    """Extracts files of the archive. Raises Failed when one does not have its checksum."""
    with zipfile.ZipFile(bundle) as archive:
        for name in names:
            found = hashlib.sha256()
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, (to / name).open("wb") as copy:
                while block := source.read(1 << 20):
                    found.update(block)
                    copy.write(block)
            if found.hexdigest() != checksums[name]:
                raise Failed(f"{name} in the bundle does not have the checksum of the manifest.", "copy the bundle again")


def create(manifest: Manifest, wheels: Path, environment: Path) -> None:
    """A virtual environment with the wheels of the folder. pip runs from its own wheel, because Debian's Python has no ensurepip."""
    shutil.rmtree(environment, ignore_errors=True)  # of an installation that was killed
    venv.EnvBuilder(symlinks=True).create(environment)
    pip = next(wheels.glob("pip-*.whl"), None)
    if pip is None:
        raise Failed("The bundle has no pip.", "make another one: sandbox bundle FILE")
    python = environment / "bin" / "python"
    options = ["--no-index", "--no-deps", "--no-compile", "--no-cache-dir", "--disable-pip-version-check", "--quiet"]
    _run([str(python), f"{pip}/pip", "install", *options, *(str(wheels / Path(name).name) for name in manifest.install)])
    _run([str(python), f"{pip}/pip", "--disable-pip-version-check", "check"])


def link(manifest: Manifest, target: Path, environment: Path) -> None:
    """From now on, `bin/` leads to this environment. Earlier ones are removed, except the one that this program runs in."""
    (environment / MARK).write_text(manifest.as_json())
    (target / "bin").mkdir(exist_ok=True)
    for name in COMMANDS:
        new = target / "bin" / f".{name}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(environment / "bin" / name)
        os.replace(new, target / "bin" / name)
    for earlier in target.glob("env-*"):
        if earlier != environment and earlier != Path(sys.prefix).resolve():
            shutil.rmtree(earlier, ignore_errors=True)


def _run(words: list[str]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") and name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(words, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"The packages cannot be installed: {(done.stdout.strip().splitlines() or ['no error message'])[-1]}.", "df -h")
