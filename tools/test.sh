#!/usr/bin/env bash
# The tests: first those that need no Docker engine, then those that do. One pytest run, so that one summary line tells the whole.
# usage: tools/test.sh yes|no|required      (is there to be a Docker part; CI says SANDBOX_REQUIRE_DOCKER=1, the same as required)
set -euo pipefail
cd "$(dirname "$0")/.."
docker_part=$1
[ "${SANDBOX_REQUIRE_DOCKER:-}" = 1 ] && docker_part=required

if [ "$docker_part" = no ]; then
    exec .venv/bin/pytest -m "not docker"
fi
if docker version --format '{{.Server.Version}}' >/dev/null 2>&1; then
    bash tools/images/images.sh
    exec .venv/bin/pytest
fi
if [ "$docker_part" = required ]; then
    echo "test: no Docker engine answers, and the tests with real containers are required here. next: start Docker, or make test DOCKER=no" >&2
    exit 1
fi
echo "test: no Docker engine answers: the tests with real containers are LEFT OUT of this run" >&2
exec .venv/bin/pytest -m "not docker"
