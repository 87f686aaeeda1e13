"""`make docs`: generates the state diagrams of ARCHITECTURE.md, between markers. `--check` fails if they are out of date.

The diagrams are generated from the TRANSITIONS tables that the code uses.
"""

import importlib
import re
import sys
from pathlib import Path

from sandbox.core.machine import mermaid

DOCUMENT = Path(__file__).resolve().parent.parent / "ARCHITECTURE.md"
TABLES = (
    ("Instance (EC2-2)", "sandbox.services.ec2.model", "TRANSITIONS"),
    ("Group member (ASG-78)", "sandbox.services.autoscaling.lifecycle_model", "TRANSITIONS"),
    ("Instance refresh (ASG-100)", "sandbox.services.autoscaling.refresh_model", "REFRESH_TRANSITIONS"),
    ("Target (TG-12)", "sandbox.services.elbv2.model", "TRANSITIONS"),
    ("FIS experiment (FIS-8)", "sandbox.services.fis.status_model", "TRANSITIONS"),
    ("FIS action (FIS-8)", "sandbox.services.fis.status_model", "ACTION_TRANSITIONS"),
    ("Invocation of a command (SSM-5)", "sandbox.services.ssm.model", "TRANSITIONS"),
    ("Zonal shift (ARC-2)", "sandbox.services.arc.model", "TRANSITIONS"),
    ("Alarm (CW-15)", "sandbox.services.cloudwatch.model", "TRANSITIONS"),
)
BEGIN, END = "<!-- generated: state diagrams -->", "<!-- end of generated -->"


def diagrams() -> str:
    parts = []
    for title, module, name in TABLES:
        table = getattr(importlib.import_module(module), name)
        parts.append(f"### {title}\n\n```mermaid\n{mermaid(table)}\n```\n")
    return "\n".join(parts)


def rendered(document: str) -> str:
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if not pattern.search(document):
        raise SystemExit(f"{DOCUMENT.name} does not have the markers {BEGIN} … {END}")
    return pattern.sub(lambda _: f"{BEGIN}\n\n{diagrams()}\n{END}", document)


def main() -> int:
    document = DOCUMENT.read_text()
    wanted = rendered(document)
    if "--check" in sys.argv:
        if document != wanted:
            print("The state diagrams of ARCHITECTURE.md are out of date. next: make docs")
        return int(document != wanted)
    DOCUMENT.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
