"""moto's test suites: fetched as a source distribution, run by pytest against a server, and read back from its report."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

PACKAGES = ("freezegun==1.5.5", "pyotp==2.12.1", "pytest-order==1.5.0")  # what the suites import and the sandbox does not
LONGEST = 3600.0  # seconds of one suite
PLUGINS = Path(__file__).parent / "plugin"


@dataclass(frozen=True, slots=True)
class FailedTest:
    """One test that failed. `message`: the first line of its error, and more."""

    name: str  # folder, file and test, as pytest names them
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    passed: int
    skipped: int
    failures: tuple[FailedTest, ...]


def prepare(folder: Path) -> Path:
    """Fetches and unpacks the suites and what they import, unless an earlier run has. → the folder that has `tests`."""
    moto = version("moto")
    unpacked = folder / f"moto-{moto}"
    if not (unpacked / "complete").exists():
        unpacked.mkdir(parents=True, exist_ok=True)
        _pip("download", "--no-deps", "--no-binary", "moto", "--dest", str(folder), f"moto=={moto}")
        with tarfile.open(folder / f"moto-{moto}.tar.gz") as archive:
            archive.extractall(unpacked, _only_tests(archive, f"moto-{moto}/"), filter="data")
        _pip("install", "--no-deps", "--target", str(unpacked / "packages"), *PACKAGES)
        (unpacked / "complete").touch()
    return (unpacked / f"moto-{moto}").resolve()


def _only_tests(archive: tarfile.TarFile, root: str) -> list[tarfile.TarInfo]:
    wanted = (f"{root}tests/", f"{root}pyproject.toml", f"{root}setup.cfg")
    return [member for member in archive.getmembers() if member.name.startswith(wanted)]


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def run(tests: Path, name: str, server: str, url: str) -> Result:
    """Runs one suite against the server at `url`. Tests that need the backend in their own process skip themselves. The report is kept."""
    report = _report(tests, name, server)
    report.unlink(missing_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SANDBOX_", "PYTEST_"))}
    environment = kept | {
        "AWS_ACCESS_KEY_ID": "FOOBARKEY",
        "AWS_SECRET_ACCESS_KEY": "FOOBARSECRET",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": os.pathsep.join([str(tests.parent / "packages"), str(PLUGINS)]),
        "TEST_SERVER_MODE": "true",
        "TEST_SERVER_MODE_ENDPOINT": url,
    }
    options = ["-q", "-p", "no:cacheprovider", "-p", "names_its_client", "--color=no", f"--junit-xml={report}", "--tb=line"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"tests/test_{name}"],
        cwd=tests,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=LONGEST,
    )
    return read(ElementTree.parse(report).getroot())


def last(tests: Path, name: str, server: str) -> Result | None:
    """The result of the last run; None if there is none."""
    report = _report(tests, name, server)
    return read(ElementTree.parse(report).getroot()) if report.exists() else None


def _report(tests: Path, name: str, server: str) -> Path:
    return tests.parent / f"{name}-{server}.xml"


def read(root: ElementTree.Element) -> Result:
    """A report in JUnit's format."""
    cases = list(root.iter("testcase"))
    failures = [FailedTest(_name(case), _message(bad)) for case in cases for bad in (*case.findall("failure"), *case.findall("error"))]
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = {failure.name for failure in failures}
    return Result(len(cases) - skipped - len(failed), skipped, tuple(sorted(_once(failures), key=lambda test: test.name)))


def _once(failures: Sequence[FailedTest]) -> list[FailedTest]:
    return list({failure.name: failure for failure in failures}.values())


def _name(case: ElementTree.Element) -> str:
    """`tests.test_a.test_b.TestX` + `test_y` → the file test_b of the folder test_a, `::TestX::test_y`."""
    parts = case.get("classname", "").split(".")[1:]
    classes = [part for part in parts if part[:1].isupper()]
    modules = parts[: len(parts) - len(classes)]
    return "::".join(["/".join(modules) + ".py", *classes, case.get("name", "")])


def _message(bad: ElementTree.Element) -> str:
    return (bad.get("message") or "").strip()
