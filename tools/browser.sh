#!/usr/bin/env bash
# Installs what the tests of the live page need (tests/browser/): the distribution's Chromium, unless there is one.
# usage: tools/browser.sh
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
command -v apt-get >/dev/null || {
    echo "browser: no Chromium is installed. next: install it with this system's package manager" >&2
    exit 1
}
echo "browser: installing Chromium (apt-get install chromium)" >&2
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
