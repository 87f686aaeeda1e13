"""The container images: loads the base image, and builds the others from it and the wheels (images.sh), without a network."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from .environment import Failed, Say
from .fits import images_misfit
from .manifest import Images

WITHOUT = "sh BUNDLE install --without-images"


def engine() -> tuple[str, str]:
    """→ the architecture of the Docker engine and "", or "" and why Docker cannot be used."""
    if shutil.which("docker") is None:
        return "", "The docker command was not found."
    words = ["docker", "version", "--format", "{{.Server.Arch}}"]
    asked = subprocess.run(words, capture_output=True, text=True, check=False)
    return (asked.stdout.strip(), "") if asked.returncode == 0 else ("", "No Docker engine responds.")


def check(images: Images, architecture: str) -> None:
    """Raises Failed when the images are for another architecture."""
    if wrong := images_misfit(images, architecture):
        raise Failed(wrong, WITHOUT)


def load(images: Images, extracted: Path) -> None:
    """Loads the base image if this engine does not have it."""
    if subprocess.run(["docker", "image", "inspect", images.base], capture_output=True, check=False).returncode == 0:
        return
    with subprocess.Popen(
        ["docker", "load", "--quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as loading:
        assert loading.stdin is not None and loading.stdout is not None
        try:
            with gzip.open(extracted / images.file) as tar:
                shutil.copyfileobj(tar, loading.stdin, 1 << 20)
            loading.stdin.close()
        except BrokenPipeError:
            pass  # docker says why
        said = loading.stdout.read().decode(errors="replace").strip()
    if loading.returncode != 0:
        raise Failed(f"The base image cannot be loaded: {said}", WITHOUT)


def build(wheels: Path, environment: Path, say: Say) -> None:
    """Builds the images with the scripts of the installed package. Reports each line of their output."""
    python = environment / "bin" / "python"
    where = subprocess.run([str(python), "-c", "import sandbox.images as i; print(i.HERE)"], capture_output=True, text=True, check=True)
    script = Path(where.stdout.strip()) / "images.sh"
    variables = {**os.environ, "PYTHON": str(python), "WHEELS": str(wheels), "NO_REGISTRY": "1"}
    with subprocess.Popen(
        ["bash", str(script)], env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as building:
        assert building.stdout is not None
        for line in building.stdout:
            say(line.rstrip())
    if building.returncode != 0:
        raise Failed("The images cannot be built; the output above shows the reason.", WITHOUT)
