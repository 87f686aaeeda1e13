"""What the process runtime finds in a script that needs root, or is not the instance's own."""

import pytest

from sandbox.drivers.runtime.process.needs_root import reason
from sandbox.images import MACHINE

SCRIPTS = {
    "apt-get": ("#!/bin/bash\n# a remark\napt-get update\n", "line 3: `apt-get` needs root"),
    "sudo": ("#!/bin/bash\nsudo apt update\n", "line 2: `sudo` needs root"),
    "by its path": ("/usr/sbin/useradd web\n", "line 1: `useradd` needs root"),
    "behind a variable": ("DEBIAN_FRONTEND=noninteractive apt-get update\n", "line 1: `apt-get` needs root"),
    "behind another command": ("cd x && systemctl restart web\n", "line 1: `systemctl` needs root"),
    "in a substitution": ("echo $(chown web x)\n", "line 1: `chown` needs root"),
    "as a word": ("echo apt-get sudo\n", None),
    "in a remark": ("  # sudo reboot\n", None),
    "in a here-document": ("cat > app.sh <<'EOF'\nsudo apt-get\nEOF\n./app.sh\n", None),
    "after a here-document": ("cat > app.sh <<EOF\nx\nEOF\nsudo ls\n", "line 4: `sudo` needs root"),
    "a folder outside": ("mkdir -p /var/www/app\n", "line 1: /var/www/app is outside the instance's folder"),
    "a copy to outside": ("cp app.py /opt/\n", "line 1: /opt/ is outside the instance's folder"),
    "a copy from outside": ("cp /etc/hosts .\n", None),
    "output to outside": ("nohup ./serve > /var/log/app.log 2>&1 &\n", "line 1: /var/log/app.log is outside the instance's folder"),
    "output to nothing": ("./serve > /dev/null 2>&1\n", None),
    "output to a temporary file": ("./serve >> /tmp/x\n", None),
    "all addresses": (
        "python3 -m http.server --bind 0.0.0.0 8080\n",
        "line 1: it listens on all addresses of this machine; $HOST and $PORT are its own",
    ),
    "its own address": ('python3 -m http.server --bind "$HOST" "$PORT"\n', None),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_reason(name: str) -> None:
    script, expected = SCRIPTS[name]
    assert reason(script) == expected


@pytest.mark.parametrize(("name", "expected"), [("deploy.sh", "line 8: `apt-get`"), ("deploy-as-written.sh", "line 5: `sudo`")])
def test_the_tutorials_script_needs_root(name: str, expected: str) -> None:
    assert reason((MACHINE / name).read_text()) == f"{expected} needs root"
