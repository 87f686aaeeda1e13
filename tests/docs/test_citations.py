"""Files that comments, docstrings and documents cite exist.

A citation is a file name with or without folders: `guard.py`, `http/guard.py`, `docs/decisions/001-topology.md`. It is valid if the path of
a file of the repository ends with it, or, for one that begins with a dot, if it leads there from the citing file. A citation of another
project starts with its package: `moto/sns/models.py` must exist in the installed version. ARCHITECTURE.md marks files that do not exist yet
with "(new)".
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("bench", "docs", "examples", "sandbox", "scenarios", "tests", "tools")
CITATION = re.compile(r"(?<![\w./<>{~*-])((?:[\w.-]+/)*[\w.-]*\w\.(?:py|md|sh|toml|yml|lua))(?![\w/*]| \(new\))")
PACKAGES = ("moto", "botocore", "boto3", "docker", "httpcore", "uvicorn")
"""Other projects whose files our comments cite."""
OTHERS = frozenset({"cc_scripts_user.py", "./half_the_fleet.py", "./mine.md", "mine.md"})
"""Files of others: cloud-init logs the name of the first, docs/scenarios.md and docs/lessons.md show how a user writes
the others."""


def files() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted([*found, *(path for path in ROOT.iterdir() if path.is_file())])


PATHS = {path.relative_to(ROOT).as_posix() for path in files()}
ENDS = {path.split("/", start)[-1] for path in PATHS for start in range(path.count("/") + 1)}


def prose(path: Path) -> str:
    """The comments and docstrings of a Python file, the comments of a shell script, and other files as a whole."""
    text = path.read_text()
    if path.suffix == ".sh":
        return "\n".join(re.findall(r"(?:^|\s)#.*", text))
    if path.suffix != ".py":
        return text
    comments = [token.string for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type == tokenize.COMMENT]
    return "\n".join([*comments, *_strings_of_their_own(ast.parse(text))])


def _strings_of_their_own(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def exists(citation: str) -> bool:
    citation = citation.removeprefix("../").removeprefix("../")  # of a link, which test_documents.py follows
    return citation in ENDS or citation in OTHERS or _exists_in_package(*citation.partition("/")[::2])


def _exists_in_package(package: str, rest: str) -> bool:
    spec = find_spec(package) if package in PACKAGES else None
    return spec is not None and spec.origin is not None and (Path(spec.origin).parent / rest).is_file()


KINDS = (".py", ".md", ".sh", ".yml", ".toml", ".Dockerfile", "")
CITING = [path for path in files() if path.suffix in KINDS and path.name not in ("CHANGELOG.md", "conformance.md")]
"""The changelog may name files of earlier versions; the document of conformance names moto's tests."""


def test_cited_files_exist() -> None:
    cited = [(path, citation) for path in CITING for citation in CITATION.findall(prose(path))]
    assert len(cited) > 300
    missing = {
        (path.relative_to(ROOT).as_posix(), citation)
        for path, citation in cited
        if not exists(citation) and not (citation.startswith(".") and (path.parent / citation).is_file())
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("citation", "is_there"),
    [
        ("guard.py", True),
        ("http/guard.py", True),
        ("aws/guard.py", False),
        ("uard.py", False),
        ("services/ec2/backend.py", False),
        ("moto/sns/models.py", True),
        ("moto/sns/no_such.py", False),
    ],
)
def test_what_counts_as_a_citation(citation: str, is_there: bool) -> None:
    assert (CITATION.findall(f"See {citation}: it"), exists(citation)) == ([citation], is_there)
