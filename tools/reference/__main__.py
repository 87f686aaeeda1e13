"""`python -m tools.reference [--check]`."""

import sys

from tools.reference import commands, messages, openapi, settings
from tools.reference.written import write_or_check

DOCUMENTS = {
    "docs/reference/cli.md": commands.document,
    "docs/reference/settings.md": settings.document,
    "docs/reference/api.md": openapi.as_table,
    "docs/reference/openapi.json": openapi.as_json,
    "docs/reference/messages.md": messages.document,
}

if __name__ == "__main__":
    sys.exit(write_or_check(DOCUMENTS))
