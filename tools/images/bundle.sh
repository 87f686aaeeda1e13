#!/usr/bin/env bash
# Transfers the images to machines without a network: one file, build/sandbox-images.tar.zst (.gz if zstd is not installed).
# usage: bundle.sh save   after images.sh
#        bundle.sh load   BUNDLE=<file> names another file
set -euo pipefail

build=$(cd "$(dirname "$0")/../.." && pwd)/build
say() { echo "bundle: $*" >&2; }
found() { ls "$build"/sandbox-images.tar.zst "$build"/sandbox-images.tar.gz 2>/dev/null | head -1 || true; }

unpack() {
    case $1 in
        *.zst) command -v zstd >/dev/null || { say "$1 needs zstd"; exit 1; }; zstd -dcq "$1" ;;
        *) gzip -dc "$1" ;;
    esac
}

case ${1:-} in
    save)
        mkdir -p "$build"
        # Includes sandbox/base and sandbox/python, so that a changed application can be built without a network.
        images=$(docker image ls --filter reference=sandbox/base --filter reference=sandbox/python --format '{{.Repository}}:{{.Tag}}')
        images+=" $(cut -d= -f2 "$build/images.env") sandbox/machine:latest sandbox/control:latest"
        if command -v zstd >/dev/null; then file=$build/sandbox-images.tar.zst pack="zstd -q -T0 -6"; else file=$build/sandbox-images.tar.gz pack=gzip; fi
        say "saving $(echo $images)"
        # shellcheck disable=SC2086 - several images, and a command with its options
        docker save $images | $pack > "$file.part"
        mv "$file.part" "$file"
        say "$file ($(du -h "$file" | cut -f1))"
        ;;
    load)
        file=${BUNDLE:-$(found)}
        [ -f "$file" ] || { say "there is no bundle in $build. next: make bundle, or set BUNDLE=<file>"; exit 1; }
        unpack "$file" | docker load -q >&2
        say "loaded $file"
        ;;
    *) say "usage: bundle.sh save|load"; exit 2 ;;
esac
