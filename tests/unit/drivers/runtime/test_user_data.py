"""When the application starts by itself."""

import pytest

from sandbox.drivers.runtime.user_data import application_starts
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
        pytest.param(b"#cloud-config\n", 1, False, marks=rule("UD-4")),
    ],
)
def test_application_starts(user_data: bytes | None, boot: int, starts: bool) -> None:
    assert application_starts(user_data, boot) is starts
