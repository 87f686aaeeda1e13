"""The package as a user installs it: a wheel, in a folder of its own, without this checkout. examples/pytest runs from it, in the process
runtime."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel is installed. What it depends on comes from this environment."""
    target = tmp_path_factory.mktemp("installed") / "site"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


@pytest.fixture
def environment(installed: Path) -> Mapping[str, str]:
    """With no variable of a sandbox, and nothing of this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANDBOX_", "AWS_", "PYTEST_"))}
    return {**kept, "PYTHONPATH": str(installed), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run(words: list[str], environment: Mapping[str, str], where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], env=dict(environment), cwd=where, capture_output=True, text=True, check=False, timeout=300
    )


def test_the_wheel_has_what_images_and_every_runtime_need(installed: Path, environment: Mapping[str, str], tmp_path: Path) -> None:
    for folder in ("sandbox/images", "sandbox/launch", "sandbox/report", "scenarios"):
        here = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        there = {path.relative_to(installed) for path in (installed / folder).rglob("*") if path.is_file()}
        assert here - there == set()
    listed = run(["-m", "sandbox.cli.main", "scenario", "list"], environment, tmp_path)
    assert listed.returncode == 0 and "zone_outage" in listed.stdout
    code = "import sandbox, sys; print(sandbox.__file__)"
    assert run(["-c", code], environment, tmp_path).stdout.startswith(str(installed))


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples/pytest", tmp_path / "shop"))


def test_the_example_passes_and_its_control_fails_with_a_report(environment: Mapping[str, str], example: Path) -> None:
    words = ["-m", "pytest", "-p", "sandbox.testing.plugin", "-p", "no:cacheprovider"]
    passed = run(words, environment, example)
    assert passed.returncode == 0, passed.stdout
    assert "1 passed, 1 deselected" in passed.stdout
    assert not (example / "reports").exists()
    control = run([*words, "-m", "control"], environment, example)
    assert control.returncode == 1, control.stdout
    assert "1 failed" in control.stdout
    [report] = (example / "reports").rglob("report.html")
    assert "us-east-1" in report.read_text()
