"""Who imports what: every package that the code imports is declared and pinned, and test modules import helpers from tests.support only."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("sandbox", "scenarios", "bench", "tools", "tests")
OF_THE_MACHINE = {"app", "boot_status", "cloudinit"}  # what programs of the machine image import there: images/machine/
PRODUCT = ("sandbox", "scenarios")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
APART = [line for line in (ROOT / "tests/clients/requirements.txt").read_text().splitlines() if not line.startswith("#")]
"""Of the clients that have an environment of their own (tools/clients.sh)."""
OPTIONAL = PROJECT["optional-dependencies"]
RUNTIME, DEVELOPMENT = PROJECT["dependencies"], OPTIONAL["dev"]
FEATURES = [each for name, declared in OPTIONAL.items() if name != "dev" for each in declared]
"""What a part of the product needs that most users do not install; it says so where it is missing."""


def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere in it, by their full names; "." for a relative import."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {"." if node.level else str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


@cache
def third_party(folder: str) -> frozenset[str]:
    """Top-level packages that a folder imports, but for ours and the standard library's."""
    found = {name.split(".")[0] for path in (ROOT / folder).rglob("*.py") for name in imported(path) if name != "."}
    return frozenset(found - set(sys.stdlib_module_names) - {*OURS, *OF_THE_MACHINE})


def distribution(requirement: str) -> str:
    """`moto[ec2]==5.2.5` → `moto`."""
    return re.split(r"[\[=<>!~; ]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("folder", OURS)
def test_every_imported_package_is_declared(folder: str) -> None:
    """Else an upgrade of another package may take it away. What the product imports is not among the developers' tools."""
    declared = {distribution(each) for each in (RUNTIME + FEATURES if folder in PRODUCT else RUNTIME + FEATURES + DEVELOPMENT)}
    providers = packages_distributions()
    apart = {distribution(each) for each in APART} if folder == "tests" else set()
    missing = {name for name in third_party(folder) - apart if declared.isdisjoint(each.lower() for each in providers.get(name, ()))}
    assert missing == set()


def test_imports_are_found() -> None:
    assert {"moto", "boto3", "botocore", "cryptography", "requests", "urllib3"} <= third_party("sandbox")
    assert {"pytest", "hypothesis"} <= third_party("tests")


def test_every_declared_package_is_pinned_and_names_its_licence() -> None:
    block = (ROOT / "pyproject.toml").read_text().split("dependencies = [", 1)[1].split("[project.scripts]")[0]
    lines = [line.strip() for line in block.splitlines() if line.strip().startswith('"')]
    assert len(lines) == len(RUNTIME) + len(DEVELOPMENT) + len(FEATURES)
    assert [line for line in APART if not re.fullmatch(r"[\w.-]+==[\w.]+ +# \S.*", line)] == []
    assert [line for line in lines if not re.fullmatch(r'"[\w.-]+(\[[\w,]+\])?==[\w.]+", +# \S.*', line)] == []


def test_tests_share_only_what_is_in_support() -> None:
    paths = sorted((ROOT / "tests").rglob("*.py"))
    borrowed = {(str(path.relative_to(ROOT)), name) for path in paths for name in imported(path) if name.split(".")[0] in ("tests", "")}
    assert len(borrowed) > 100
    assert {(path, name) for path, name in borrowed if name.split(".")[:2] != ["tests", "support"]} == set()
