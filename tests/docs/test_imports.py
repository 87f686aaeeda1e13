"""Who imports whom: test modules import helpers from tests.support only."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere in it, by their full names."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}


def test_tests_share_only_what_is_in_support() -> None:
    paths = sorted((ROOT / "tests").rglob("*.py"))
    borrowed = {(str(path.relative_to(ROOT)), name) for path in paths for name in imported(path) if name.split(".")[0] in ("tests", "")}
    assert len(borrowed) > 100
    assert {(path, name) for path, name in borrowed if name.split(".")[:2] != ["tests", "support"]} == set()
