"""`sandbox install-bundle FILE`: runs the installer of a bundle, as `sh FILE install` does."""

import subprocess
import sys
from pathlib import Path

import click

from sandbox.bundle.installer.whole import problem
from sandbox.core.errors import UserError


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Folder to install into.")
@click.option("--without-images", is_flag=True, help="Do not load container images, even if Docker responds.")
@click.option("--allow-older", is_flag=True, help="Replace a newer installation.")
def install_bundle(file: Path, into: Path | None, without_images: bool, allow_older: bool) -> int:
    """Install the sandbox of the bundle FILE, without a network.

    The same as sh FILE install, which needs only Python. A file that is not whole, or is for another Python or architecture, is refused,
    and nothing is changed.
    """
    if wrong := problem(str(file)):
        raise UserError(wrong, f"copy the bundle again, then: sandbox install-bundle {file}")
    words = [sys.executable, str(file), "install", *(["--into", str(into)] if into else [])]
    words += [option for option, wanted in (("--without-images", without_images), ("--allow-older", allow_older)) if wanted]
    return subprocess.run(words, check=False).returncode
