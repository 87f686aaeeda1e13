"""What the machine image reports of user data: from the warnings and errors that cloud-init logged (sandbox/images/machine/image)."""

import logging
import runpy
from typing import Any

import pytest

from sandbox.images import MACHINE
from tests.support import rule

MODULE = runpy.run_path(str(MACHINE / "image/boot_status.py"))
INSTALL = "Failed to install packages: ['nginx']"
UNHANDLED = "Unhandled non-multipart (text/x-not-multipart) userdata: 'b'# deploy.sh'...'"


def outcome(boot: int, handled: bool, *warnings: str) -> tuple[str | None, str]:
    status: Any = MODULE["Status"](boot)
    status.handled = handled
    for text in warnings:
        status.emit(logging.makeLogRecord({"msg": text}))
    found = status.outcome()
    return found["state"], found["reason"]


OUTCOMES = {
    "all of it ran": (1, True, (), ("finished", "")),
    "nothing was due in a later boot": (2, True, (), (None, "")),
    "a module failed": (1, True, (INSTALL,), ("failed", INSTALL)),
    "a boothook failed in a later boot": (2, True, ("Boothooks script x",), ("failed", "Boothooks script x")),
    "no handler knows it": (1, False, (UNHANDLED,), ("not run", UNHANDLED)),
    "the same is said twice": (1, True, (INSTALL, INSTALL, "Running module x failed"), ("failed", INSTALL)),
    "a warning of several lines": (1, True, ("Invalid YAML:\n  line 3",), ("failed", "Invalid YAML: line 3")),
}


@rule("UD-8")
@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome_of_a_boot(name: str) -> None:
    boot, handled, warnings, expected = OUTCOMES[name]
    assert outcome(boot, handled, *warnings) == expected


def test_a_reason_is_bounded() -> None:
    assert len(outcome(1, True, "x" * 10_000)[1]) == MODULE["LONGEST"]


@rule("UD-4")
def test_log_lines_name_a_package_as_newer_versions_of_cloud_init_do() -> None:
    record = logging.makeLogRecord({"msg": "Unhandled", "levelname": "WARNING", "pathname": "/x/cloudinit/handlers/__init__.py"})
    record.filename = "__init__.py"
    assert MODULE["Formatter"](MODULE["FORMAT"]).format(record).endswith(" - handlers[WARNING]: Unhandled")
