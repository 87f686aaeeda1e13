"""The file for machines without a network: when it is cut, changed, or made for another machine, it is refused, and nothing is changed."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.bundle import contents, making
from sandbox.bundle.installer import command, environment, fits, images
from sandbox.bundle.installer.environment import Failed
from sandbox.bundle.installer.fits import Machine
from sandbox.bundle.installer.manifest import Images, Manifest
from sandbox.bundle.installer.whole import problem
from sandbox.core.errors import UserError

HERE = fits.this_machine()
WHEEL = "wheels/shop-1.0-py3-none-any.whl"


def manifest(**changes: object) -> Manifest:
    made = Manifest(
        version="0.1.0",
        made="2026-05-07T12:00:00Z",
        python=HERE.python,
        implementation=HERE.implementation,
        system=HERE.system,
        machine=HERE.machine,
        glibc=(0, 0),
        install=(WHEEL,),
        checksums={},
        images=None,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write(tmp_path)


def write(folder: Path, **changes: object) -> Path:
    wheel = folder / "shop.whl"
    wheel.write_bytes(bytes(range(256)) * 1000)
    file = folder / "bundle.sh"
    contents.write(file, manifest(**{"checksums": {WHEEL: contents.checksum(wheel)}, **changes}), {WHEEL: wheel})
    return file


def run(bundle: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", str(bundle), *words], env={"PYTHON": sys.executable}, capture_output=True, text=True, check=False)


def test_a_bundle_is_whole_and_its_manifest_can_be_read(bundle: Path) -> None:
    assert problem(str(bundle)) == ""
    assert Manifest.read(bundle).install == (WHEEL,)
    assert '"version": "0.1.0"' in run(bundle, "show").stdout


def cut(bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-1000])


def lengthen(bundle: Path) -> None:
    bundle.write_bytes(bundle.read_bytes() + b"x")


def change(at: int) -> Callable[[Path], None]:
    def changed(bundle: Path) -> None:
        found = bytearray(bundle.read_bytes())
        found[at] ^= 1
        bundle.write_bytes(found)

    return changed


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "bytes instead of"),
        (lengthen, "bytes instead of"),
        (change(-1), "its checksum does not match"),
        (change(100_000), "its checksum does not match"),
        (change(30), "its checksum does not match"),  # a comment of the header
    ],
    ids=["cut", "longer", "last byte", "in a wheel", "in the header"],
)
def test_a_file_that_is_not_as_it_was_made_is_refused_and_nothing_is_installed(
    bundle: Path, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(bundle)
    done = run(bundle, "install", "--into", str(tmp_path / "target"))
    assert done.returncode == 1 and not (tmp_path / "target").exists()
    [error, following] = done.stderr.splitlines()
    assert error.startswith("error: ") and said in error
    assert following == f"  next: copy the bundle again, then: sh {bundle} install"


def test_another_file_is_not_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    assert problem(str(tmp_path / "text")) == f"{tmp_path / 'text'} is not a bundle of the sandbox."
    assert problem(str(tmp_path / "none")) == f"{tmp_path / 'none'} cannot be read: No such file or directory."


LINUX = Machine(python="3.11", implementation="cpython", system="linux", machine="x86_64", glibc=(2, 36))
FOR = "This bundle is for Python 3.11 (cpython) on linux x86_64"


@pytest.mark.parametrize(
    ("here", "sentence"),
    [
        (LINUX, None),
        (replace(LINUX, machine="aarch64"), f"{FOR}; this machine is linux aarch64."),
        (replace(LINUX, system="darwin"), f"{FOR}; this machine is darwin x86_64."),
        (replace(LINUX, python="3.12"), f"{FOR}; this is Python 3.12 (cpython)."),
        (replace(LINUX, implementation="pypy"), f"{FOR}; this is Python 3.11 (pypy)."),
        (replace(LINUX, glibc=(2, 28)), f"{FOR} with glibc 2.34 or later; this machine has glibc 2.28."),
        (replace(LINUX, glibc=(0, 0)), f"{FOR} with glibc 2.34 or later; this machine has another C library."),
    ],
)
def test_a_bundle_for_another_machine_is_refused_with_one_sentence(here: Machine, sentence: str | None) -> None:
    made = manifest(python="3.11", implementation="cpython", system="linux", machine="x86_64", glibc=(2, 34))
    assert fits.misfit(made, here) == sentence


def test_the_installer_refuses_another_architecture_and_changes_nothing(tmp_path: Path) -> None:
    bundle = write(tmp_path, machine="pdp11")
    done = run(bundle, "install", "--into", str(tmp_path / "target"))
    assert done.returncode == 1 and not (tmp_path / "target").exists()
    assert f"on {HERE.system} pdp11; this machine is {HERE.system} {HERE.machine}." in done.stderr


def test_images_for_another_architecture_are_refused_with_the_option_that_leaves_them_out() -> None:
    with pytest.raises(Failed, match=r"The images of this bundle are for arm64; the Docker engine of this machine is amd64\.") as refused:
        images.check(Images(base="sandbox/base:1", file="base", architecture="arm64"), "amd64")
    assert refused.value.next_command == "sh BUNDLE install --without-images"


def test_a_wheel_that_cannot_be_installed_leaves_the_earlier_installation_as_it_was(bundle: Path, tmp_path: Path) -> None:
    earlier = tmp_path / "target/env-earlier"
    (earlier / "bin").mkdir(parents=True)
    (earlier / "bin/sandbox").touch()
    environment.link(manifest(made="2026-05-01T00:00:00Z"), tmp_path / "target", earlier)
    done = run(bundle, "install", "--into", str(tmp_path / "target"))  # its wheel is no wheel, and it has no pip
    assert done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "target/bin/sandbox").resolve() == earlier / "bin/sandbox"
    assert [path.name for path in (tmp_path / "target").iterdir() if path.name.startswith(("env-", ".extracted"))] == ["env-earlier"]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({}, False),
        ({"made": "2026-05-08T00:00:00Z"}, True),
        ({"version": "0.2.0", "made": "2026-05-01T00:00:00Z"}, True),
        ({"version": "0.10.0"}, True),
        ({"version": "0.0.9", "made": "2026-06-01T00:00:00Z"}, False),
    ],
)
def test_an_older_bundle_does_not_replace_a_newer_installation(changes: dict[str, object], refused: bool) -> None:
    sentence = fits.older(manifest(), manifest(**changes))
    assert (sentence is not None) == refused
    if sentence:
        assert "older (release 0.1.0, made 2026-05-07T12:00:00Z)" in sentence and "might not read the state" in sentence


def test_the_older_bundle_is_refused_by_the_command_and_named(bundle: Path, tmp_path: Path) -> None:
    newer = tmp_path / "target/env-newer"
    (newer / "bin").mkdir(parents=True)
    (newer / "bin/sandbox").touch()
    environment.link(manifest(version="9.0.0"), tmp_path / "target", newer)
    done = run(bundle, "install", "--into", str(tmp_path / "target"))
    assert done.returncode == 1
    assert done.stderr.endswith(f"  next: sh {bundle} install --allow-older\n")
    assert environment.installed(tmp_path / "target") == manifest(version="9.0.0")


@pytest.mark.parametrize(
    ("wheels", "glibc"),
    [
        ((), (0, 0)),
        (("wheels/shop-1-py3-none-any.whl",), (0, 0)),
        (("a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", "b-1-py3-none-any.whl"), (2, 17)),
        (("a-1-cp311-cp311-manylinux1_x86_64.manylinux_2_28_x86_64.whl", "b-1-py3-none-manylinux_2_31_x86_64.whl"), (2, 31)),
    ],
)
def test_the_c_library_that_a_bundle_needs_is_read_from_the_names_of_its_wheels(wheels: tuple[str, ...], glibc: tuple[int, int]) -> None:
    assert contents.least_glibc(wheels) == glibc


def test_an_installed_sandbox_says_what_it_needs_to_make_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "SOURCES", tmp_path)
    with pytest.raises(UserError, match=r"An installed sandbox does not have its own wheel\."):
        making.make(tmp_path / "bundle.sh", making.Options(images=False), lambda sentence: None)
    assert not (tmp_path / "bundle.sh").exists()


def test_the_installer_needs_the_standard_library_only() -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import installer.command; print(sorted(m for m in sys.modules if '.' not in m))"
    where = str(Path(command.__file__).parents[1])
    loaded = subprocess.run([sys.executable, "-S", "-E", "-c", code, where], capture_output=True, text=True, check=True, cwd="/").stdout
    assert "'installer'" in loaded
    assert {"sandbox", "click", "requests"}.isdisjoint(eval(loaded))
