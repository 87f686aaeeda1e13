"""The pages of docs/: their commands are accepted, the site builds without a network, and messages are those of the code."""

import re
import socket
from pathlib import Path
from typing import Any

import click
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from sandbox.cli.main import cli
from tests.support.documents import PAGES, ROOT, blocks, commands
from tools.reference import messages

TROUBLESHOOTING = ROOT / "docs/how-to/troubleshooting.md"
EXTERNAL = re.compile(r"""(?:src|<link[^>]*href)=["']https?://[^"']*["']|url\(['"]?https?:[^)]*\)""")


# ---- commands


def leaf(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and its arguments."""
    found: click.Command = cli
    rest = words[1:]
    while isinstance(found, click.Group) and rest and not rest[0].startswith("-"):
        name, inner, rest = found.resolve_command(click.Context(found), rest)
        assert inner is not None, name
        found = inner
    return found, rest


def accepted(words: list[str]) -> str:
    """Empty, or what the real parser of the command says. Nothing is carried out."""
    try:
        command, rest = leaf(words)
        command.make_context(" ".join(words), list(rest))
    except click.exceptions.Exit:  # --help
        return ""
    except click.UsageError as error:
        return f"{' '.join(words)}: {error.format_message()}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_the_sandbox_are_accepted_by_its_parser(page: Path) -> None:
    asked = [words for words in commands(page, "sandbox") if "[OPTIONS]" not in words]  # a line of usage
    assert [problem for words in asked if (problem := accepted(words))] == []


def test_a_wrong_option_is_found() -> None:
    assert "No such option" in accepted(["sandbox", "fault", "inject", "latency", "web", "--percent", "3"])
    assert "No such command" in accepted(["sandbox", "breaks"])


@pytest.fixture(scope="module")
def aws() -> Any:
    """The AWS CLI's own parser: words → its exit code. It sends nothing."""
    from awscli.clidriver import create_clidriver
    from botocore.awsrequest import AWSResponse

    driver = create_clidriver()
    driver.session.set_credentials("test", "test")
    driver.session.register("before-call", lambda **_: (AWSResponse("", 200, {}, None), {}))

    def parsed(words: list[str]) -> int:
        try:
            return int(driver.main([*words[1:], "--region", "us-east-1", "--output", "json"]))
        except SystemExit as error:  # of argparse
            return int(str(error.code))

    return parsed


VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+")
OWN_FILES = ("file://", "--template-file")
"""A command with one of these reads a file that the reader has: it is only checked that its operation exists."""


@pytest.mark.parametrize("page", [page for page in PAGES if list(commands(page, "aws"))], ids=lambda page: page.name)
def test_commands_of_the_aws_cli_are_accepted_by_its_parser(page: Path, aws: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(page, "aws"):
        if "wait" in words or words[-1] == "help" or len(words) < 3:
            continue
        reads_files = any(word.startswith(OWN_FILES) for word in words)
        code = aws(words[:3] if reads_files else [VARIABLE.sub("subnet-1", word) for word in words])
        said = capsys.readouterr().err
        assert "invalid choice" not in said if reads_files else code == 0, f"{words}: {said}"


# ---- the site


def test_the_site_builds_without_a_network_and_asks_for_nothing_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strict: a link that leads nowhere, or a page that is missing, is an error."""

    def refused(*_: object) -> None:
        raise OSError("the network is off")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path)))
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 25
    loaded = {found for path in [*pages, *tmp_path.rglob("*.css")] for found in EXTERNAL.findall(path.read_text())}
    assert loaded == set()


def test_every_page_is_in_the_navigation() -> None:
    """Decisions are, by tools/site.py."""
    listed = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), flags=re.MULTILINE))
    assert {name for page in PAGES if not (name := str(page.relative_to(ROOT / "docs"))).startswith("decisions/")} - listed == set()


# ---- messages


def headings() -> list[str]:
    """Those of Troubleshooting that are a message: a sentence."""
    found = re.findall(r"^### (.*)$", TROUBLESHOOTING.read_text(), flags=re.MULTILINE)
    return [each for each in found if "‹" in each or each.endswith(".")]


@pytest.mark.parametrize("heading", headings())
def test_a_message_of_troubleshooting_is_one_of_the_code(heading: str) -> None:
    assert heading in {each.text for each in messages.messages()}


def test_messages_are_found_with_the_command_that_follows() -> None:
    found = {each.text: each.next_command for each in messages.messages()}
    assert len(found) > 150
    assert found["No sandbox is running at ‹endpoint› (‹name›)."] == "sandbox up"
    assert found["The parameter ‹name› is required."] == "‹example›"


def test_blocks_that_are_run_are_marked() -> None:
    """`sh` is run by tests/e2e/test_docs.py; `bash` or `shell` would be run by nothing and look as if it were."""
    assert [page.name for page in PAGES if blocks(page, "bash", "shell", "console")] == []
