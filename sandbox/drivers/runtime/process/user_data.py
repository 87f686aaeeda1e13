"""Runs the user data of an instance in the process runtime: gives the plan of a boot to its first process, and finds the result that the
process leaves in the instance's folder.
"""

import base64
import json
import os
import shutil
import stat
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from sandbox.drivers.runtime.process import processes
from sandbox.drivers.runtime.process.boot_plan import BootPlan
from sandbox.drivers.runtime.process.processes import InstanceProcess
from sandbox.drivers.runtime.user_data import results
from sandbox.drivers.runtime.user_data.results import BootResult

RESULT = "result.json"
LARGEST_RESULT = 64 << 10  # bytes


def start(plan: BootPlan, boot: int, environment: Mapping[str, str], console: IO[bytes], folder: Path) -> InstanceProcess:
    """The folder is the instance's; it is made if it does not exist."""
    prepare(folder)
    return processes.run_user_data(json.dumps(_order(plan, boot)).encode(), {**environment, "HOME": str(folder)}, console, folder)


def prepare(folder: Path) -> None:
    """A boot begins: the result of the boot before is not its own."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / RESULT).is_dir():  # a script made it
        shutil.rmtree(folder / RESULT, ignore_errors=True)
    (folder / RESULT).unlink(missing_ok=True)


def report_not_run(plan: BootPlan, folder: Path) -> None:
    """Of a boot in which nothing is run, for any later control plane too."""
    prepare(folder)
    result = plan.result_without_running()
    said = {"state": result.state.value if result else None, "reason": result.reason if result else "", "finished": time.time()}
    (folder / RESULT).write_text(json.dumps({"sandbox": said}))


def read_result(folder: Path) -> BootResult | None:
    """None: not yet. The file is written by the instance's programs: it is read only if it is a small regular file."""
    try:
        descriptor = os.open(folder / RESULT, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        return results.read(os.read(descriptor, LARGEST_RESULT).decode(errors="replace")) if regular else None
    finally:
        os.close(descriptor)


def _order(plan: BootPlan, boot: int) -> dict[str, Any]:
    encoded = {
        name: [{**asdict(each), "content": base64.b64encode(each.content).decode()} for each in entries]
        for name, entries in (("early", plan.early), ("files", plan.files), ("scripts", plan.scripts))
    }
    return {**encoded, "boot": boot, "reasons": [*plan.warnings, *plan.refused]}
