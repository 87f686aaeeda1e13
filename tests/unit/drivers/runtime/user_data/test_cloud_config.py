"""What the keys of a cloud-config mean (UD-9)."""

import base64
import gzip

import pytest

from sandbox.drivers.runtime.user_data.cloud_config import CloudConfig, File, read
from tests.support import rule


def config(text: str) -> CloudConfig:
    return read([f"#cloud-config\n{text}".encode()])


@rule("UD-9")
def test_commands_are_strings_for_the_shell_or_lists_of_arguments_in_their_order() -> None:
    found = config("runcmd:\n- echo $HOME\n- [ls, -l, 'a b']\n- null\nbootcmd: ['true']\n")
    assert found.runcmd == "#!/bin/sh\necho $HOME\nls -l 'a b'\n"
    assert found.bootcmd == "#!/bin/sh\ntrue\n"
    assert (found.keys, found.problems) == ({"runcmd", "bootcmd"}, ())


PACKED = base64.b64encode(gzip.compress(b"hello", mtime=0)).decode()
FILES = {
    "content": ("content: hello", File(path="a", content=b"hello")),
    "empty": ("owner: null", File(path="a", content=b"")),
    "base64": ("{encoding: b64, content: aGVsbG8=}", File(path="a", content=b"hello")),
    "gzip in base64": (f"{{encoding: gz+b64, content: {PACKED}}}", File(path="a", content=b"hello")),
    "permissions": ("{permissions: '0755', content: hello}", File(path="a", content=b"hello", mode=0o755)),
    "permissions as YAML reads an octal number": ("{permissions: 0755, content: hello}", File(path="a", content=b"hello", mode=0o755)),
    "append and owner": ("{append: true, owner: 'web:web'}", File(path="a", content=b"", append=True, owner="web:web")),
}


@rule("UD-9")
@pytest.mark.parametrize("name", FILES)
def test_entries_of_write_files(name: str) -> None:
    entry, expected = FILES[name]
    fields = entry.strip("{}")
    found = config(f"write_files: [{{path: a, {fields}}}]")
    assert (found.files, found.problems) == ((expected,), ())


PROBLEMS = {
    "no YAML": ("foo: [", "Failed loading yaml blob."),
    "no mapping": ("- a\n", "root types, but got list instead"),
    "commands that are no list": ("runcmd: ls", "Failed to shellify runcmd: expected a list of commands"),
    "a command that is neither": ("runcmd: [{a: 1}]", "is neither a string nor a list"),
    "a file without a path": ("write_files: [{content: a}]", "cannot be written"),
    "a file that is no mapping": ("write_files: [a]", "cannot be written"),
    "files that are no list": ("write_files: {a: b}", "write_files: expected a list of files"),
    "broken base64": ("write_files: [{path: a, encoding: b64, content: a}]", "cannot be written"),
    "permissions that are no number": ("write_files: [{path: a, permissions: rw}]", "cannot be written"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_cannot_be_read_is_told_in_a_sentence(name: str) -> None:
    text, expected = PROBLEMS[name]
    [problem] = config(text).problems
    assert expected in problem


def test_a_key_of_a_later_part_replaces_the_earlier_ones_and_a_broken_part_hides_no_other() -> None:
    found = read([b"runcmd: [a]\nhostname: one.example\n", b"foo: [", b"runcmd: [b]\n"])
    assert (found.runcmd, found.hostname, len(found.problems)) == ("#!/bin/sh\nb\n", "one", 1)


@rule("UD-10")
@pytest.mark.parametrize(
    ("text", "always"),
    [
        ("cloud_final_modules:\n- [scripts-user, always]\n", True),
        ("cloud_final_modules: [[scripts_user, always]]", True),
        ("cloud_final_modules: [scripts-user]", False),
        ("cloud_final_modules: [[scripts-user, once]]", False),
        ("runcmd: []", False),
    ],
)
def test_scripts_for_each_boot(text: str, always: bool) -> None:
    assert config(text).scripts_always is always
