"""What the process runtime does with user data at a boot, case by case."""

from dataclasses import dataclass

import pytest

from sandbox.drivers.runtime.base import UserDataState
from sandbox.drivers.runtime.process.boot_plan import plan
from tests.support import rule
from tests.support.drivers.user_data import archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    user_data: bytes
    boot: int = 1
    early: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    said: str = ""  # the beginning of the only warning or refusal


ALWAYS = "#cloud-config\ncloud_final_modules: [[scripts-user, always]]\n"
CASES = {
    "a script": Case(user_data=b"#!/bin/sh\necho hi\n", scripts=("part-001",)),
    "a script in the second boot": Case(user_data=b"#!/bin/sh\necho hi\n", boot=2),
    "a script that needs root": Case(user_data=b"#!/bin/sh\nsudo ls\n", said="The process runtime does not run part-001, because"),
    "a caption": Case(user_data=b"# deploy.sh\n#!/bin/sh\n", said="Unhandled non-multipart (text/x-not-multipart) userdata"),
    "a boothook": Case(user_data=b"#cloud-boothook\n#!/bin/sh\n", boot=2, early=("part-001",)),
    "an include": Case(user_data=b"#include\nhttp://x\n", said="The sandbox does not fetch what #include names"),
    "a template": Case(user_data=b"## template: jinja\n", said="The process runtime does not run user data of type text/jinja2."),
    "commands": Case(user_data=b"#cloud-config\nruncmd: [ls]\nbootcmd: [ls]\n", early=("bootcmd",), scripts=("runcmd",)),
    "commands in the second boot": Case(user_data=b"#cloud-config\nruncmd: [ls]\nbootcmd: [ls]\n", boot=2, early=("bootcmd",)),
    "files": Case(user_data=b"#cloud-config\nwrite_files: [{path: etc/a}]\n", files=("etc/a",)),
    "a file outside": Case(
        user_data=b"#cloud-config\nwrite_files: [{path: /etc/a}]\n", said="The process runtime does not write /etc/a: it is outside"
    ),
    "a file above": Case(
        user_data=b"#cloud-config\nwrite_files: [{path: ../a}]\n", said="The process runtime does not write ../a: it is outside"
    ),
    "a file with an owner": Case(
        user_data=b"#cloud-config\nwrite_files: [{path: a, owner: web}]\n", said="The process runtime does not write a: its owner"
    ),
    "keys that need root": Case(
        user_data=b"#cloud-config\nusers: [a]\npackages: [b]\nruncmd: [ls]\n",
        scripts=("runcmd",),
        said="The process runtime does not carry out these keys of the cloud-config: packages, users",
    ),
    "several parts": Case(user_data=archive((ALWAYS, "cloud-config"), ("#!/bin/sh\n", "x-shellscript")), boot=2, scripts=("part-002",)),
    "broken gzip": Case(user_data=b"\x1f\x8b\x08", said="Failed decompressing user data of length 3"),
    "broken YAML": Case(user_data=b"#cloud-config\nfoo: [", said="Failed loading yaml blob."),
}


@rule("UD-9", "UD-10")
@pytest.mark.parametrize("name", CASES)
def test_plan_of_a_boot(name: str) -> None:
    case = CASES[name]
    found = plan(case.user_data, case.boot)
    assert tuple(script.name for script in found.early) == case.early
    assert tuple(file.path for file in found.files) == case.files
    assert tuple(script.name for script in found.scripts) == case.scripts
    said = [*found.warnings, *found.refused]
    assert len(said) == (1 if case.said else 0)
    assert all(text.startswith(case.said) for text in said)
    assert found.runs is bool(case.early or case.files or case.scripts)


def test_without_anything_to_run_the_reason_is_the_result() -> None:
    result = plan(b"#!/bin/sh\nsudo ls\n", 1).result_without_running()
    assert result is not None
    assert result.state is UserDataState.NOT_RUN
    assert result.reason.endswith("in a folder of its own: line 2: `sudo` needs root")
    assert plan(b"#!/bin/sh\n", 2).result_without_running() is None


def test_a_script_from_windows_has_its_line_ends_replaced_as_by_cloud_init() -> None:
    [script] = plan(b"#!/bin/sh\r\necho hi\r\n", 1).scripts
    assert script.content == b"#!/bin/sh\necho hi\n"


def test_a_boothook_is_run_without_its_first_line() -> None:
    [script] = plan(b"#cloud-boothook\n#!/bin/sh\necho hi\n", 1).early
    assert script.content == b"#!/bin/sh\necho hi\n"
