"""A hook of MkDocs (mkdocs.yml): the documents beside docs/ are pages too, decisions are listed, and links out of docs/ name the file."""

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("ARCHITECTURE.md", "CHANGELOG.md")
LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)+([^)]+)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    decisions = sorted(path.relative_to(config.docs_dir).as_posix() for path in Path(config.docs_dir, "decisions").glob("*.md"))
    config.nav = [*(config.nav or []), {"Decisions": decisions}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name in BESIDE:
        files.append(File.generated(config, name, content=(ROOT / name).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Links are written for a reader of the clone: `../../examples/pytest/README.md` has no page, so its path stands there as text."""
    here = ROOT / "docs" / page.file.src_uri if page.file.src_uri not in BESIDE else ROOT / page.file.src_uri

    def led(link: re.Match[str]) -> str:
        text, (path, _, anchor) = link[1], link[0].rsplit("](", 1)[1].rstrip(")").partition("#")
        target = (here.parent / path).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return link[0]
        name = str(target.relative_to(ROOT))
        up = "../" * page.file.src_uri.count("/")
        return f"[{text}]({up}{name}{f'#{anchor}' if anchor else ''})" if name in BESIDE else f"{text} (`{name}` in the clone)"

    return LINK.sub(led, markdown)
