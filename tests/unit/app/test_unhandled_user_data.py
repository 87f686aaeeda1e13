"""What the machine image says of user data that it does not run, and that the scripts in app/ begin as they must."""

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import rule

FOLDER = Path(__file__).parents[3] / "app"


@pytest.fixture(scope="module")
def warning() -> Callable[[bytes], str]:
    found: Callable[[bytes], str] = runpy.run_path(str(FOLDER / "image/unhandled_user_data.py"))["warning"]
    return found


UNHANDLED = [
    (b"# deploy.sh\n#!/bin/bash\n", "'b'# deploy.sh'...'"),
    (b"\n#!/bin/bash\n", "'b''...'"),
    (b"\xef\xbb\xbf#!/bin/bash\n", "'b'\\\\ufeff#!/bin/bash'...'"),
    (b"IyEvYmluL2Jhc2gK and so on, in one line", "'b'IyEvYmluL2Jhc2gK and so '...'"),
    (b"echo 'hi'", "'b\"echo 'hi'\"...'"),
]


@rule("UD-4", "TUT-10")
@pytest.mark.parametrize(("user_data", "shown"), UNHANDLED)
def test_unknown_user_data_gets_cloud_inits_own_warning(warning: Callable[[bytes], str], user_data: bytes, shown: str) -> None:
    assert warning(user_data) == f"Unhandled non-multipart (text/x-not-multipart) userdata: {shown}"


@pytest.mark.parametrize(
    ("user_data", "kind"),
    [
        (b"#cloud-config\npackages: []\n", "cloud-config"),
        (b"Content-Type: multipart/mixed; boundary=x\n", "MIME multi-part"),
        (b"#include\nhttp://x\n", "include"),
        (b"\x1f\x8b\x08", "gzip"),
    ],
)
def test_formats_that_the_sandbox_does_not_run_are_named(warning: Callable[[bytes], str], user_data: bytes, kind: str) -> None:
    assert warning(user_data) == f"The sandbox does not run {kind} user data; only scripts that begin with #!"


@rule("TUT-10")
def test_corrected_script_begins_with_its_interpreter_and_the_tutorials_with_its_caption() -> None:
    assert (FOLDER / "deploy.sh").read_bytes().startswith(b"#!/bin/bash\n")
    assert (FOLDER / "deploy-as-written.sh").read_bytes().startswith(b"# deploy.sh\n#!/bin/bash\n")


@rule("UD-1")
@pytest.mark.parametrize("name", ["deploy.sh", "deploy-as-written.sh"])
def test_scripts_fit_into_user_data(name: str) -> None:
    assert len((FOLDER / name).read_bytes()) <= 16384
