"""`sh BUNDLE install`: checks, installs, says what to type next. One sentence for each error, and nothing half installed."""

import argparse
import fcntl
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import environment, fits, images
from .environment import Failed
from .manifest import Images, Manifest
from .whole import problem

DEFAULT = Path.home() / ".local" / "share" / "fault-tolerance-sandbox"


def main(bundle: Path, arguments: Sequence[str]) -> int:
    """→ the exit code."""
    parser = argparse.ArgumentParser(prog=f"sh {bundle}", description="Installs the fault-tolerance sandbox without a network.")
    parser.add_argument("action", choices=["install", "show"], help="install, or show what the bundle contains")
    parser.add_argument("--into", type=Path, default=DEFAULT, help="folder to install into (default: %(default)s)")
    parser.add_argument("--without-images", action="store_true", help="do not load container images, even if Docker responds")
    parser.add_argument("--allow-older", action="store_true", help="replace a newer installation")
    asked = parser.parse_args(arguments)
    try:
        if wrong := problem(str(bundle)):
            raise Failed(wrong, f"copy the bundle again, then: sh {bundle} install")
        manifest = Manifest.read(bundle)
        if asked.action == "show":
            print(manifest.as_json())
            return 0
        install(bundle, manifest, asked)
    except Failed as error:
        return _refuse(str(error), error.next_command.replace("BUNDLE", str(bundle)))
    except ValueError as error:
        return _refuse(f"The bundle cannot be read: {error}.", "make another one: sandbox bundle FILE")
    except OSError as error:
        return _refuse(f"{error.filename or asked.into}: {error.strerror}.", f"sh {bundle} install --into /another/folder")
    return 0


def install(bundle: Path, manifest: Manifest, asked: argparse.Namespace) -> None:
    """Raises Failed; then what was installed before is as it was."""
    target: Path = asked.into.resolve()
    _check(manifest, target, allow_older=asked.allow_older)
    wanted, why_not = (None, "") if asked.without_images or manifest.images is None else _wanted(manifest)
    if why_not:
        _say(f"{why_not} Instances will be local processes. With Docker, run this again: sh {bundle} install")
    target.mkdir(parents=True, exist_ok=True)
    with _alone(target), tempfile.TemporaryDirectory(prefix=".extracted-", dir=target) as folder:
        _say(f"Checking and unpacking {len(manifest.checksums)} files.")
        names = [name for name in manifest.checksums if wanted or name in manifest.install]
        environment.extract(bundle, names, manifest.checksums, Path(folder))
        _install(manifest, target, Path(folder), wanted)
    _say(f"Installed release {manifest.version} in {target}.")
    print(f'  next: export PATH="{target}/bin:$PATH"; sandbox up' + ("" if wanted else " --runtime process"))


def _install(manifest: Manifest, target: Path, extracted: Path, wanted: Images | None) -> None:
    new = environment.folder(target, manifest)
    complete = (new / environment.MARK).exists()
    try:
        if not complete:
            _say(f"Installing {len(manifest.install)} packages.")
            environment.create(manifest, extracted / "wheels", new)
        if wanted:
            _say("Loading the base image and building the others.")
            images.load(wanted, extracted)
            images.build(extracted / "wheels", new, _say)
        environment.link(manifest, target, new)
    except BaseException:
        if not complete:
            shutil.rmtree(new, ignore_errors=True)
        raise


def _check(manifest: Manifest, target: Path, *, allow_older: bool) -> None:
    if wrong := fits.misfit(manifest, fits.this_machine()):
        raise Failed(
            wrong, f"PYTHON=/path/to/python{manifest.python} sh BUNDLE install, or make a bundle on such a machine: sandbox bundle"
        )
    if not allow_older and (wrong := fits.older(manifest, environment.installed(target))):
        raise Failed(wrong, "sh BUNDLE install --allow-older")


def _wanted(manifest: Manifest) -> tuple[Images | None, str]:
    """→ the images to load, or why none are. Raises Failed when they are for another architecture."""
    assert manifest.images is not None
    architecture, why_not = images.engine()
    if why_not:
        return None, why_not
    images.check(manifest.images, architecture)
    return manifest.images, ""


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Only one installation at a time. Raises Failed."""
    with (target / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"Another installation into {target} is running.", "sh BUNDLE install, when it has ended") from None
        yield


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _refuse(sentence: str, next_command: str) -> int:
    print(f"error: {sentence}\n  next: {next_command}", file=sys.stderr)
    return 1
