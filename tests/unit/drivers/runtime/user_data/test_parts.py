"""Which parts user data has, and what each is by its first bytes."""

import gzip
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from sandbox.drivers.runtime.user_data import parts
from sandbox.drivers.runtime.user_data.parts import Kind, Part, Unreadable, split, unhandled, urls
from tests.support import rule
from tests.support.drivers.user_data import archive

KINDS: dict[str, tuple[bytes, list[Kind]]] = {
    "nothing": (b"", []),
    "a script": (b"#!/bin/sh\n", [Kind.SCRIPT]),
    "a script behind a caption": (b"# deploy.sh\n#!/bin/sh\n", [Kind.UNKNOWN]),
    "a script behind a blank line": (b"\n#!/bin/sh\n", [Kind.SCRIPT]),  # which the kernel then cannot run
    "a script behind a byte order mark": (b"\xef\xbb\xbf#!/bin/sh\n", [Kind.UNKNOWN]),
    "a cloud-config": (b"#cloud-config\npackages: []\n", [Kind.CLOUD_CONFIG]),
    "a cloud-config in upper case": (b"#Cloud-Config\n", [Kind.CLOUD_CONFIG]),
    "an archive of cloud-configs": (b"#cloud-config-archive\n[]", [Kind.ARCHIVE]),
    "a boothook": (b"#cloud-boothook\n#!/bin/sh\n", [Kind.BOOTHOOK]),
    "an include": (b"#include\nhttp://x\n", [Kind.INCLUDE]),
    "an include-once": (b"#include-once\nhttp://x\n", [Kind.INCLUDE_ONCE]),
    "a template": (b"## template: jinja\n#cloud-config\n", [Kind.JINJA]),
    "gzip of a script": (gzip.compress(b"#!/bin/sh\n", mtime=0), [Kind.SCRIPT]),
    "bytes": (bytes(range(256)), [Kind.UNKNOWN]),
    "double base64": (b"IyEvYmluL2Jhc2gK", [Kind.UNKNOWN]),
    "several parts": (
        archive(("#!/bin/sh\n", "x-shellscript"), ("#cloud-config\n", "cloud-config"), ("#!/bin/sh\n", "x-shellscript-per-boot")),
        [Kind.SCRIPT, Kind.CLOUD_CONFIG, Kind.SCRIPT_PER_BOOT],
    ),
    "gzip of several parts": (gzip.compress(archive(("#cloud-boothook\n", "cloud-boothook"))), [Kind.BOOTHOOK]),
    "a part that is something else than it says": (archive(("#cloud-config\n", "x-shellscript")), [Kind.CLOUD_CONFIG]),
    "a part of plain text that is a script": (archive(("#!/bin/sh\n", "plain")), [Kind.SCRIPT]),
    "a part of an unknown type": (archive(("hello", "calendar")), [Kind.UNKNOWN]),
}


@rule("UD-4", "UD-10")
@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_the_parts(name: str) -> None:
    user_data, expected = KINDS[name]
    assert [part.kind for part in split(user_data)] == expected


def test_parts_have_the_names_of_their_headers_or_numbers() -> None:
    named = MIMEText("#!/bin/sh\n", "x-shellscript")
    named.add_header("Content-Disposition", "attachment", filename="../first.sh")
    made = MIMEMultipart()
    made.attach(named)
    made.attach(MIMEText("#!/bin/sh\n", "x-shellscript"))
    assert [part.name for part in split(made.as_bytes())] == [".._first.sh", "part-002"]


@rule("UD-4", "TUT-10")
@pytest.mark.parametrize(
    ("user_data", "shown"),
    [
        (b"# deploy.sh\n#!/bin/bash\n", "'b'# deploy.sh'...'"),
        (b"\xef\xbb\xbf#!/bin/bash\n", "'b'\\\\ufeff#!/bin/bash'...'"),
        (b"IyEvYmluL2Jhc2gK and so on, in one line", "'b'IyEvYmluL2Jhc2gK and so '...'"),
        (b"echo 'hi'", "'b\"echo 'hi'\"...'"),
    ],
)
def test_unknown_user_data_gets_cloud_inits_own_warning(user_data: bytes, shown: str) -> None:
    [part] = split(user_data)
    assert unhandled(part) == f"Unhandled non-multipart (text/x-not-multipart) userdata: {shown}"


def test_an_unknown_part_of_an_archive_is_named_by_its_type() -> None:
    [part] = split(archive(("hello", "calendar")))
    assert unhandled(part) == "Unhandled unknown content-type (text/calendar) userdata: 'b'hello'...'"


@pytest.mark.parametrize("broken", [b"\x1f\x8b\x08", gzip.compress(b"#!/bin/sh\n" * 100, mtime=0)[:-12], b"\x1f\x8bno gzip"])
def test_broken_gzip_is_unreadable(broken: bytes) -> None:
    with pytest.raises(Unreadable, match="Failed decompressing user data of length"):
        split(broken)


def test_gzip_that_unpacks_to_too_much_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LARGEST", 1 << 20)
    with pytest.raises(Unreadable, match="more than 1 MiB when it is decompressed"):
        split(gzip.compress(bytes(2 << 20)))


def test_urls_of_an_include() -> None:
    part = Part(kind=Kind.INCLUDE, content=b"#include http://a\n# a remark\nhttp://b\n\n#include-once\nhttp://c\n", name="part-001")
    assert list(urls(part)) == ["http://a", "http://b", "http://c"]
