"""What the containers are made of: scripts that build the images, and their content. images.sh builds them, base.sh finds or makes the base
image. machine/ is the image of instances, the tutorial's application in it.

The folder is part of the package, so an installed sandbox needs no clone of the project.
"""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1]
"""Where the packages `sandbox` and `scenarios` are: a clone of the project, or the folder of installed packages."""

MACHINE = HERE / "machine"
APPLICATION = MACHINE / "app.py"


def work_folder() -> Path:
    """Where images.sh keeps wheels and the names of the images: build/ in a clone, else the user's cache."""
    if (SOURCES / "pyproject.toml").exists():
        return SOURCES / "build"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "fault-tolerance-sandbox"
