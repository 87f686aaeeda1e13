#!/bin/sh
# The fault-tolerance sandbox for machines without a network: sh THIS-FILE install
# A zip archive follows this header:
# payload: bytes @START@ to @END@, SHA-256 @SHA256@
if ! command -v "${PYTHON:-python3}" >/dev/null; then
    echo "error: ${PYTHON:-python3} was not found. This bundle needs Python @PYTHON@." >&2
    echo "  next: PYTHON=/path/to/python@PYTHON@ sh $0 install" >&2
    exit 1
fi
exec "${PYTHON:-python3}" - "$0" "$@" <<'PYTHON'
@WHOLE@

import runpy
import sys


def refuse(sentence, next_command):
    sys.stderr.write("error: %s\n  next: %s\n" % (sentence, next_command))
    sys.exit(1)


bundle = sys.argv[1]
if problem(bundle):
    refuse(problem(bundle), "copy the bundle again, then: sh %s install" % bundle)
if sys.version_info[:2] < (3, 11):
    this = "%d.%d" % sys.version_info[:2]
    refuse("This bundle is for Python @PYTHON@; this is Python %s." % this, "PYTHON=/path/to/python@PYTHON@ sh %s install" % bundle)
sys.argv = sys.argv[1:]
runpy.run_path(bundle, run_name="__main__")
PYTHON
