#!/usr/bin/env bash
# Creates the base image without a registry: mmdebstrap unpacks packages of the machine's own distribution into a Docker image.
# usage: bootstrap.sh IMAGE PACKAGE...
#
# Runs on Debian and Ubuntu. The image does not contain the machine's package sources. usr-is-merged with the merged-usr
# hook instead of usrmerge keeps perl out: 152 MB instead of 200.
set -euo pipefail

image=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
say() { echo "bootstrap: $*"; }
fail() { say "$*"; exit 1; }

. /etc/os-release 2>/dev/null || fail "this machine is neither Debian nor Ubuntu. next: set BASE_IMAGE, or provide a bundle or a registry"
command -v apt-get >/dev/null || fail "apt is not installed. next: set BASE_IMAGE, or provide a bundle or a registry"
engine=$(docker version -f '{{.Server.Arch}}')
[ "$engine" = "$(dpkg --print-architecture)" ] || fail "the Docker engine has architecture $engine, this machine $(dpkg --print-architecture)"
if ! command -v mmdebstrap >/dev/null; then
    [ "$(id -u)" = 0 ] || fail "mmdebstrap is not installed. next: sudo apt-get install mmdebstrap"
    say "installing mmdebstrap"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
fi

. "$here/work_folder.sh"
work=$(mktemp -d "$build/bootstrap.XXXXXX")
trap 'rm -rf "$work"' EXIT
# mmdebstrap detects the format of the sources by their content, but accepts only one format on its standard input.
for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && { cat "$file"; echo; }
done > "$work/sources" || true
[ -s "$work/sources" ] || cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list > "$work/sources" 2>/dev/null || true
[ -s "$work/sources" ] || fail "this machine has no package sources"

say "$VERSION_CODENAME with $*"
mmdebstrap --quiet --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --include="usr-is-merged,$(IFS=,; echo "$*")" \
    --aptopt='APT::Install-Recommends "false"' \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/var/log/*' \
    --customize-hook=': > "$1"/etc/resolv.conf; echo localhost > "$1"/etc/hostname' \
    "$VERSION_CODENAME" "$work/root.tar" - < "$work/sources" > "$work/log" 2>&1 || { tail -30 "$work/log"; fail "mmdebstrap failed"; }

say "importing $(du -h "$work/root.tar" | cut -f1) into Docker"
docker import -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' -c 'CMD ["/bin/bash"]' "$work/root.tar" "$image" >/dev/null
