#!/usr/bin/env bash
# The tests: first those in virtual time, then those with real processes, on two processors; then, one after the other, those with containers.
# usage: tools/test.sh yes|no|required      (is there to be a Docker part; CI says SANDBOX_REQUIRE_DOCKER=1, the same as required)
set -euo pipefail
cd "$(dirname "$0")/.."
docker_part=$1
unset PYTHONDONTWRITEBYTECODE  # compiling everything anew costs each process that tests start seconds
[ "${SANDBOX_REQUIRE_DOCKER:-}" = 1 ] && docker_part=required

without_docker() {
    .venv/bin/pytest -m "not docker and not process" --numprocesses 2 --dist loadfile
    .venv/bin/pytest -m "process and not docker" --numprocesses 2 --dist worksteal
}

if [ "$docker_part" = no ]; then
    without_docker
    exit
fi
if docker version --format '{{.Server.Version}}' >/dev/null 2>&1; then
    bash tools/images/images.sh
    without_docker
    .venv/bin/pytest -m docker
    exit
fi
if [ "$docker_part" = required ]; then
    echo "test: no Docker engine answers, and the tests with real containers are required here. next: start Docker, or make test DOCKER=no" >&2
    exit 1
fi
echo "test: no Docker engine answers: the tests with real containers are LEFT OUT of this run" >&2
without_docker
