"""The commands of docs/, as a person types them: every block marked `sh` is run, page by page, against one sandbox of local processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.settings import Settings
from tests.support.documents import PAGES, blocks

pytestmark = pytest.mark.process

FIRST = ("five-minutes.md", "break-something.md")
"""The service that these build and break is what the pages after them look at."""
RUN = {page.name: page for page in PAGES if blocks(page, "sh")}
IN_ORDER = [*(RUN[name] for name in FIRST), *(page for name, page in RUN.items() if name not in FIRST)]
OWN = {
    "SANDBOX_NAME": "pages",
    "SANDBOX_PORT": "4726",
    "SANDBOX_FRONT_PORT": "8480",
    "SANDBOX_NAMES_PORT": "0",
    "SANDBOX_LISTENER_PORTS": "8481-8484",
    "SANDBOX_METADATA_PORT": "1368",
    "SANDBOX_SPEED": "5",
}
SAID = {"127.0.0.1:4566": "127.0.0.1:4726", "127.0.0.1:8081": "127.0.0.1:8481"}
"""What the pages say, with the defaults → where this sandbox is."""
LONGEST = 400  # real seconds for a page


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    made = {**os.environ, **OWN, "PATH": path, "SANDBOX_STATE_DIR": str(tmp_path_factory.mktemp("pages"))}
    came = subprocess.run(["sandbox", "up", "--runtime", "process"], env=made, capture_output=True, text=True, check=False)
    assert came.returncode == 0, came.stdout + came.stderr
    yield made
    subprocess.run(["sandbox", "down"], env=made, check=True, capture_output=True)


def script(page: Path) -> str:
    """Its blocks, one after another; the first command that fails ends it."""
    text = "\n".join(blocks(page, "sh"))
    for said, here in SAID.items():
        text = text.replace(said, here)
    return f'set -eu -o pipefail\neval "$(sandbox env)"\n{text}'


@pytest.mark.parametrize("page", IN_ORDER, ids=lambda page: page.name)
def test_the_commands_of_a_page_succeed(page: Path, environment: dict[str, str], tmp_path: Path) -> None:
    typed = ["bash", "-c", script(page)]
    ran = subprocess.run(typed, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"


def test_the_ports_that_pages_name_are_the_defaults() -> None:
    settings = Settings()
    assert set(SAID) == {f"127.0.0.1:{settings.port}", f"127.0.0.1:{settings.listener_ports.start}"}
