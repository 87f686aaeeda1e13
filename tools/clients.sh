#!/usr/bin/env bash
# Installs the real clients that tests/clients use and that cannot share the sandbox's environment, into .venv-clients (150 MB, half a minute).
# Without the package index, the tests name those clients as left out.
# usage: tools/clients.sh
set -euo pipefail
cd "$(dirname "$0")/.."
requirements=tests/clients/requirements.txt
collections=12.3.0  # release of `ansible`, of which amazon.aws and community.aws are unpacked (GPL-3.0)
target=.venv-clients
made=$(cat "$requirements" tools/clients.sh | cksum)
[ -f "$target/.ready" ] && [ "$(cat "$target/.ready")" = "$made" ] && exit 0

echo "clients: installing Ansible, Chaos Toolkit, awslocal and aioboto3 in $target" >&2
rm -rf "$target"
.venv/bin/python -m venv "$target"
wheel=$(mktemp -d)
trap 'rm -rf "$wheel"' EXIT
if "$target/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" &&
    "$target/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --dest "$wheel" "ansible==$collections"; then
    "$target/bin/python" - "$wheel" "$target/collections" <<'PYTHON'
import sys
from pathlib import Path
from zipfile import ZipFile

wheel, target = next(Path(sys.argv[1]).glob("ansible-*.whl")), sys.argv[2]
wanted = ("ansible_collections/amazon/aws/", "ansible_collections/community/aws/")
with ZipFile(wheel) as packed:
    packed.extractall(target, [name for name in packed.namelist() if name.startswith(wanted)])
PYTHON
    echo "$made" >"$target/.ready"
else
    rm -rf "$target"
    echo "clients: the package index cannot be reached: Ansible, Chaos Toolkit, awslocal and aioboto3 are LEFT OUT" >&2
fi
