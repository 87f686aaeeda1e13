"""What a boot leaves about its user data: cloud-init's log files, status.json and result.json. Used by cloud_init.py.

result.json is cloud-init's, with one key more, `sandbox`: the runtime reads it from outside
(sandbox/drivers/runtime/docker/watching/user_data.py).
"""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

LOG_FILE = "/var/log/cloud-init.log"
DATA, RUN = Path("/var/lib/cloud/data"), Path("/run/cloud-init")
FORMAT = "%(asctime)s - %(filename)s[%(levelname)s]: %(message)s"
LONGEST = 500  # characters of a reason
REPEATS = ("Running module ", "1 failed with exceptions")
"""What cloud-init adds to a warning that says more."""
STAGES = {"cloud_init_modules": "init", "cloud_config_modules": "modules-config", "cloud_final_modules": "modules-final"}


class Status(logging.Handler):
    """Collects the warnings of cloud-init, and knows the stage. `handled`: there is a part that something runs. `boot`: 1 is the first."""

    def __init__(self, boot: int) -> None:
        super().__init__(logging.WARNING)
        self.handled = False
        self.errors: list[str] = []  # of modules, as in cloud-init's own result.json
        self.warnings: list[str] = []
        self.boot = boot
        self._v1: dict[str, Any] = {"datasource": "DataSourceEc2", "stage": "init"}

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings.append(record.getMessage())

    def stage(self, section: str) -> None:
        self._v1["stage"] = STAGES[section]
        self._v1[STAGES[section]] = {"start": time.time(), "finished": None, "errors": []}
        write_json("status.json", {"v1": self._v1})

    def write(self) -> None:
        """The end of the boot."""
        for stage in STAGES.values():
            self._v1.setdefault(stage, {"start": time.time(), "errors": []})["finished"] = time.time()
        self._v1["modules-final"]["errors"] = self.errors
        write_json("status.json", {"v1": {**self._v1, "stage": None}})
        write_json("result.json", {"v1": {"datasource": "DataSourceEc2", "errors": self.errors}, "sandbox": self.outcome()})

    def outcome(self) -> dict[str, Any]:
        """`state` is null when nothing was due in this boot, as far as anybody can tell."""
        said = [" ".join(text.split()) for text in self.warnings or self.errors if not text.startswith(REPEATS)]
        reason = "; ".join(dict.fromkeys(said))[:LONGEST]
        problem = "failed" if self.handled else "not run"
        without_problem = "finished" if self.boot == 1 else None
        return {"state": problem if reason else without_problem, "reason": reason, "finished": time.time()}


class Formatter(logging.Formatter):
    """As newer versions of cloud-init name a package: `handlers`, not `__init__.py` (UD-4)."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        if record.filename == "__init__.py":
            record.filename = Path(record.pathname).parent.name
        return super().format(record)


def set_up_logging(status: Status) -> None:
    """All to cloud-init.log; warnings also to the console and cloud-init-output.log, which have the output of this process."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    console = logging.StreamHandler(sys.stderr)
    console.setLevel(logging.WARNING)
    for handler in (logging.FileHandler(LOG_FILE), console):
        handler.setFormatter(Formatter(FORMAT))
        root.addHandler(handler)
    root.addHandler(status)


def write_json(name: str, value: object) -> None:
    """In cloud-init's data folder, with a link in /run."""
    new = DATA / f".{name}"
    new.write_text(json.dumps(value, indent=1) + "\n")
    new.replace(DATA / name)
    link = RUN / name
    link.unlink(missing_ok=True)
    os.symlink(DATA / name, link)
