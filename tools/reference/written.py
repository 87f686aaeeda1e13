"""Writes generated documents, or checks that they are as they would be written."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def write_or_check(documents: Mapping[str, Callable[[], str]]) -> int:
    """Path from the root of the project → its text. With `--check`, nothing is written, and the result is 1 if a document is stale."""
    if "--check" in sys.argv:
        stale = [name for name, text in documents.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text()]
        for name in stale:
            print(f"{name} is out of date. next: make docs")
        return int(bool(stale))
    for name, text in documents.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text())
    return 0
