"""What the documents name exists, and what exists is named: commands, make targets, settings, files, rules."""

import json
import re
from collections import Counter
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sandbox.cli.main import cli
from sandbox.launch import compose, desktop
from sandbox.settings import Settings, table
from tools import rules

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = compose.PROJECT
README, ARCHITECTURE, MAKEFILE = ((ROOT / name).read_text() for name in ("README.md", "ARCHITECTURE.md", "Makefile"))
COMPOSE = COMPOSE_FILE.read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
NOT_SETTINGS = {"SANDBOX_CONTROL_IMAGE", "SANDBOX_REQUIRE_DOCKER", "SANDBOX_TRACEBACK", "SANDBOX_ENDPOINT", "SANDBOX_IN_MINUTES"} | {
    "SANDBOX_NAMES_INSIDE",
    "SANDBOX_NAMES_ON_HOST",
    *desktop.DESKTOP,
}
"""Variables that are no settings of a sandbox: of compose, of the tests, of the command."""


def code(document: str) -> str:
    """The code blocks and the code between backquotes."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", document, flags=re.DOTALL))


# ---- make


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))


def test_make_help_lists_every_target() -> None:
    described = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, flags=re.MULTILINE))
    assert described == targets()


def test_every_target_is_phony_and_every_phony_one_is_a_target() -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert set(phony.split()) == targets()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_that_documents_name_exist(document: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z]+)\b(?!-)", code(document.read_text())))
    assert named <= targets()


# ---- the command


CONTEXT = click.Context(cli)
COMMANDS = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}


def commands() -> set[str]:
    return {name for name, command in COMMANDS.items() if not command.hidden}


def test_the_readme_lists_the_commands() -> None:
    [listed] = re.findall(r"^\| `sandbox --help` \| (.*) \|$", README, flags=re.MULTILINE)
    assert set(listed.split(", ")) == commands()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_documents_name_exist(document: Path) -> None:
    named = set(re.findall(r"(?:^|[`(/])sandbox ([a-z]+(?:-[a-z]+)*)\b", code(document.read_text()), flags=re.MULTILINE))
    assert named <= set(COMMANDS)


def test_commands_that_errors_suggest_exist() -> None:
    """The strings of the code that begin so. An installed sandbox has no Makefile, so none suggests `make`."""
    sources = [
        path.read_text() for path in sorted((ROOT / "sandbox").rglob("*.py")) if path.name != "settings.py"
    ]  # "sandbox seconds per …"
    named = {name for source in sources for name in re.findall(r'(?:"|next: |; )sandbox ([a-z]+(?:-[a-z]+)*)', source)}
    assert named <= set(COMMANDS) and named
    assert {name for source in sources for name in re.findall(r'(?:"|next: |; )make ([a-z]+)', source)} & targets() == set()


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_a_sentence_of_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help and command.help.split("\n")[0].endswith((".", ":"))
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_every_option_has_help() -> None:
    def options(command: click.Command, path: str) -> list[str]:
        inner = COMMANDS.items() if command is cli else command.commands.items() if isinstance(command, click.Group) else ()
        own = [f"{path} {p.opts[0]}" for p in command.params if isinstance(p, click.Option) and not p.help]
        return own + [found for name, sub in inner for found in options(sub, f"{path} {name}")]

    assert options(cli, "sandbox") == []


# ---- settings


def variables(text: str) -> set[str]:
    return set(re.findall(r"\bSANDBOX_[A-Z_]*[A-Z]\b", text))


def settings() -> set[str]:
    return {row.variable for row in table()}


@pytest.mark.parametrize("document", [*DOCUMENTS, COMPOSE_FILE, ROOT / "Makefile"], ids=lambda path: path.name)
def test_variables_that_documents_name_are_settings(document: Path) -> None:
    assert variables(document.read_text()) <= settings() | NOT_SETTINGS


def test_sandbox_settings_lists_the_table() -> None:
    shown = CliRunner().invoke(cli, ["settings", "--json"])
    assert {f"SANDBOX_{name.upper()}" for name in json.loads(shown.output)} == settings()


HOST_ONLY = {"SANDBOX_DOCKER_DESKTOP", "SANDBOX_DOCKER_HOST", "SANDBOX_FRONT_PORT", "SANDBOX_METADATA_PORT", "SANDBOX_TIMING"}
"""The first is for the Compose project only. Within the containers the second is DOCKER_HOST, the filter's; the third is Envoy's own 8080
and is published by compose; the metadata service has port 80 there; instant timing needs the simulated runtime, which has no containers."""


def test_every_setting_reaches_the_control_plane_in_a_container() -> None:
    """Else `SANDBOX_REGION=eu-west-1 make sandbox` would be one thing to the command and another to the control plane."""
    service = COMPOSE[COMPOSE.index("\n  sandbox:") : COMPOSE.index("\nvolumes:")]
    given = set(re.findall(r"^      (SANDBOX_[A-Z_]+):", service, flags=re.MULTILINE))
    assert settings() - given == HOST_ONLY


def test_compose_gets_what_it_asks_for_from_the_command() -> None:
    """Where docker-compose.yml has a default, the settings' own is not to be another."""
    own = {row.variable: row.default for row in table()}
    defaults = dict(re.findall(r"\$\{(SANDBOX_[A-Z_]+):-([^}]*)\}", COMPOSE))
    assert {name: own[name] for name in defaults.keys() & own.keys()} == {name: defaults[name] for name in defaults.keys() & own.keys()}
    given = compose._variables(Settings())
    assert defaults.keys() - given.keys() == {
        "SANDBOX_CONTROL_IMAGE",
        "SANDBOX_MACHINE_IMAGE",
        *desktop.DESKTOP,
    }  # from images.sh and desktop.py


# ---- files


def tree() -> dict[str, str]:
    """Path → what the tree of ARCHITECTURE.md says of it."""
    block = ARCHITECTURE.split("## Tree")[1].split("```")[1]
    found: dict[str, str] = {}
    folders: list[str] = []
    for line in block.strip().splitlines():
        indent, name, said = re.fullmatch(r"( *)(\S+) *(.*)", line).groups()  # type: ignore[union-attr]
        del folders[len(indent) // 2 :]
        found["".join(folders) + name] = said
        folders.append(name)
    return found


def test_every_file_of_the_tree_exists() -> None:
    assert [name for name in tree() if not (ROOT / name).exists()] == []


FOLDERS = ("bench", "docs", "sandbox", "scenarios", "tests", "tools")
MOST_FILES = 16
"""Side by side in one folder, `__init__.py` not counted."""


def test_no_folder_has_too_many_files_side_by_side() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    counts = Counter(str(path.parent.relative_to(ROOT)) for path in files if path.name != "__init__.py")
    assert len(counts) > 20
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_every_part_of_the_product_is_in_the_tree() -> None:
    parts = [p for p in sorted((ROOT / "sandbox").iterdir()) if p.suffix == ".py" or (p / "__init__.py").exists()]
    names = [f"sandbox/{p.name}" + ("/" if p.is_dir() else "") for p in parts if p.name != "__init__.py"]
    named = " ".join(tree()) + " ".join(tree().values())
    assert [name for name in names if name.removeprefix("sandbox/") not in named] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_paths_of_the_project_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    links = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    paths = re.findall(r"\b(?:docs/decisions|tests|sandbox|tools|scenarios|bench)/[\w/.-]*\w\.(?:py|md|sh|yml)\b", text)
    decisions = re.findall(r"\bdocs/decisions/\d{3}\b", text)
    missing = [link for link in links if link and not (document.parent / link).exists()]
    missing += [path for path in paths if not (ROOT / path).exists()]
    missing += [each for each in decisions if not list((ROOT / "docs/decisions").glob(each.rsplit("/", 1)[1] + "-*.md"))]
    assert missing == []


def paths_of(section: str) -> list[tuple[str, bool]]:
    """(path, whether it is marked "(new)") for each path that the tables of a section of ARCHITECTURE.md name."""
    rows = [line for line in ARCHITECTURE.split(f"## {section}")[1].split("\n## ")[0].splitlines() if line.startswith("|")]
    return [(path.rstrip("."), bool(new)) for path, new in re.findall(r"(?<![\w/.<>])([\w<>]+/[\w<>./-]*)( \(new\))?", "\n".join(rows))]


def existing(path: str) -> list[Path]:
    """What a path of those tables stands for; `<svc>` and other names in angle brackets stand for any name."""
    folder = ROOT / "sandbox" if path.startswith("services/") else ROOT
    return list(folder.glob(re.sub(r"<\w+>", "*", path)))


@pytest.mark.parametrize(("section", "least"), [("Where do I ...", 60), ("Glossary", 2), ("What belongs where", 8)])
def test_paths_that_the_tables_name_exist_unless_they_are_new(section: str, least: int) -> None:
    paths = paths_of(section)
    assert len(paths) >= least
    assert [path for path, new in paths if bool(existing(path)) == new] == []


def test_files_of_where_do_i_are_named_with_their_folder() -> None:
    """Else the test above would not see them. `README.md` and `pyproject.toml` have no folder."""
    section = ARCHITECTURE.split("## Where do I ...")[1].split("\n## ")[0]
    assert [name for name in re.findall(r"(?<![\w/.>-])[\w-]+\.(?:py|md|toml)\b", section) if not (ROOT / name).exists()] == []


# ---- rules


def test_rules_that_tests_name_are_documented() -> None:
    known = set(rules.documented((ROOT / "docs/aws-behaviour.md").read_text()))
    named = {(path.name, i) for path in sorted((ROOT / "tests").rglob("test_*.py")) for i in rules.named(path.read_text())}
    assert named
    assert {(file, i) for file, i in named if i not in known} == set()


def test_rules_that_the_code_follows_are_documented() -> None:
    """`# ASG-49` in a comment or docstring, for the prefixes that the document has."""
    known = set(rules.documented((ROOT / "docs/aws-behaviour.md").read_text()))
    prefixes = {i.rsplit("-", 1)[0] for i in known}
    cited = {
        (path.name, f"{prefix}-{number}")
        for path in sorted((ROOT / "sandbox").rglob("*.py"))
        for prefix, number in re.findall(r"\b([A-Z0-9]+)-(\d+)\b", path.read_text())
        if prefix in prefixes
    }
    assert len(cited) > 100
    assert {(file, i) for file, i in cited if i not in known} == set()


def test_every_test_with_containers_clients_or_a_browser_is_marked() -> None:
    """Else it would run, and fail, where there is no Docker engine."""
    of_the_folder = {"clients": "clients", "browser": "browser"}  # marked by their conftest.py
    unmarked = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests/e2e").glob("test_*.py")
        if not re.search(r"^pytestmark = pytest\.mark\.(docker|process)$", path.read_text(), re.MULTILINE)
    ]
    assert unmarked == []
    assert all(f"pytest.mark.{mark}" in (ROOT / f"tests/{folder}/conftest.py").read_text() for folder, mark in of_the_folder.items())
