#!/usr/bin/env bash
# Prints the name of the base image (Debian with Python), and creates the image if it does not exist. Progress goes to stderr.
#
# The first of these that works: BASE_IMAGE, if it is set · the image of an earlier run or of a bundle (docs/offline.md) ·
# a registry, for at most PULL_TIMEOUT seconds · a bootstrap from this machine's distribution packages (bootstrap.sh).
# After that, only Python wheels are downloaded. A repeated run takes less than a second.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/work_folder.sh"
packages="python3 python3-pip sudo curl procps iproute2 nftables ca-certificates cloud-init openssh-server busybox-static"
tag=sandbox/base:$(printf '%s' "debian $packages" | bash "$here/sha256.sh" | cut -c1-12)
registry_image=${REGISTRY_BASE:-debian:12-slim}
pull_timeout=${PULL_TIMEOUT:-30}

say() { echo "base image: $*" >&2; }
have() { docker image inspect "$1" >/dev/null 2>&1; }
use() { say "$2: $1"; echo "$1"; exit 0; }

# macOS has no `timeout`: there, the pull has no time limit.
bounded() { if command -v timeout >/dev/null; then timeout "$pull_timeout" "$@"; else "$@"; fi; }

from_registry() {
    say "asking a registry for $registry_image (at most $pull_timeout s)"
    have "$registry_image" || bounded docker pull -q "$registry_image" >&2 || return 1
    say "installing its packages"
    docker build -q -t "$tag" - >&2 <<DOCKERFILE
FROM $registry_image
RUN apt-get update -qq \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
DOCKERFILE
}

docker version >/dev/null 2>&1 || { say "Docker does not respond. next: start Docker, then docker info"; exit 1; }

[ -n "${BASE_IMAGE:-}" ] && use "$BASE_IMAGE" "set by BASE_IMAGE"
have "$tag" && use "$tag" "already here"
if [ "${NO_REGISTRY:-}" != 1 ] && from_registry; then use "$tag" "from the registry"; fi
say "no registry is available: building from distribution packages (about a minute)"
# shellcheck disable=SC2086 - one word for each package
bash "$here/bootstrap.sh" "$tag" $packages >&2
use "$tag" "bootstrapped"
