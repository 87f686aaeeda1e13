"""The commands of documents. A block marked `sh` is run by a test, in the order of the page; every other block is text to read."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in BLOCK.findall(page.read_text()) if language in languages]


def commands(page: Path, *names: str) -> Iterator[list[str]]:
    """The words of each command that begins with one of the names, in blocks of shell and of text, and within `$(…)`."""
    for block in blocks(page, "sh", "text", "", "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"\$\(|&&|\|\||[|;&]\s|<\(", line):
                words = _words(part)
                while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] in ("until", "while", "eval")):
                    words = words[1:]
                if words and words[0].removeprefix(".venv/bin/") in names:
                    yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


def _words(text: str) -> list[str]:
    """Without the comment and what is redirected; empty if it is no command, such as half a quotation."""
    try:
        words = shlex.split(text.split("  #", maxsplit=1)[0].rstrip(" )"), comments=True)
    except ValueError:
        return []
    ends = [at for at, word in enumerate(words) if word.startswith((">", "2>")) or word == "&"]
    return words[: ends[0]] if ends else words
