"""What follows from user data without running it."""

from datetime import UTC, datetime

import pytest

from sandbox.drivers.runtime.base import UserDataResult, UserDataState
from sandbox.drivers.runtime.user_data.effect import application_starts, assumed_result, hostname
from tests.support import rule


@pytest.mark.parametrize(
    ("user_data", "boot", "starts"),
    [
        (None, 1, True),
        (None, 2, True),
        (b"", 1, True),
        pytest.param(b"#!/bin/bash\n", 1, True, marks=rule("UD-4")),
        pytest.param(b"#!/bin/bash\n", 2, False, marks=rule("UD-5", "UD-12", "TUT-16")),
        pytest.param(b"# deploy.sh\n#!/bin/bash\n", 1, False, marks=rule("UD-4")),
        pytest.param(b"\n#!/bin/bash\n", 1, False, marks=rule("UD-4")),
        (b"#cloud-config\npackages: [nginx]\n", 1, False),
        pytest.param(b"#cloud-config\nruncmd: [./serve]\n", 1, True, marks=rule("UD-9")),
        (b"#cloud-config\nruncmd: [./serve]\n", 2, False),
        pytest.param(b"#cloud-config\nbootcmd: [./serve]\n", 2, True, marks=rule("UD-9")),
        pytest.param(b"#cloud-boothook\n#!/bin/sh\n", 2, True, marks=rule("UD-10")),
        pytest.param(b"#cloud-config\nruncmd: [./serve]\ncloud_final_modules: [[scripts-user, always]]\n", 2, True, marks=rule("UD-10")),
        (b"\x1f\x8b\x08", 1, False),
    ],
)
def test_application_starts(user_data: bytes | None, boot: int, starts: bool) -> None:
    assert application_starts(user_data, boot) is starts


@rule("UD-9")
@pytest.mark.parametrize(
    ("user_data", "expected"),
    [(None, None), (b"#!/bin/sh\n", None), (b"#cloud-config\nhostname: web\n", "web"), (b"#cloud-config\nfqdn: web.example.com\n", "web")],
)
def test_hostname(user_data: bytes | None, expected: str | None) -> None:
    assert hostname(user_data) == expected


NOW = datetime(2026, 5, 7, tzinfo=UTC)
FINISHED = UserDataResult(state=UserDataState.FINISHED, finished=NOW.timestamp())
CAPTION = "Unhandled non-multipart (text/x-not-multipart) userdata: 'b'# deploy.sh'...'"


@pytest.mark.parametrize(
    ("user_data", "boot", "expected"),
    [
        (b"#!/bin/sh\n", 1, FINISHED),
        (b"#!/bin/sh\n", 2, None),
        (b"# deploy.sh\n", 1, UserDataResult(state=UserDataState.NOT_RUN, reason=CAPTION, finished=NOW.timestamp())),
        (
            b"\x1f\x8b\x08",
            1,
            UserDataResult(state=UserDataState.NOT_RUN, reason="The user data cannot be unpacked.", finished=NOW.timestamp()),
        ),
    ],
)
def test_result_that_a_simulated_machine_is_assumed_to_have(user_data: bytes, boot: int, expected: UserDataResult | None) -> None:
    assert assumed_result(user_data, boot, NOW) == expected
