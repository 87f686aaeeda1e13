#!/usr/bin/env bash
# Runs the tests: those in virtual time, then those with real processes, on two processors; then those with real clients, those in a browser,
# and those with containers, one at a time.
# usage: tools/test.sh yes|no|required      (whether to run the Docker tests; SANDBOX_REQUIRE_DOCKER=1, for CI, is the same as required)
set -euo pipefail
cd "$(dirname "$0")/.."
docker_part=$1
unset PYTHONDONTWRITEBYTECODE  # without compiled files, each process that a test starts takes seconds longer
[ "${SANDBOX_REQUIRE_DOCKER:-}" = 1 ] && docker_part=required

failed=()
part() {  # NAME COMMAND...: a part that fails does not hide what the others find
    "${@:2}" || failed+=("$1")
}

without_docker() {
    part "virtual time" .venv/bin/pytest -m "not docker and not process and not clients and not browser" --numprocesses 2 --dist loadfile
    part processes .venv/bin/pytest -m "process and not docker and not clients and not browser" --numprocesses 2 --dist worksteal
    part "installing the clients" bash tools/clients.sh
    part clients .venv/bin/pytest -m clients -rs  # one sandbox; lists the clients that are not installed here
    part "installing the browser" bash tools/browser.sh
    part browser .venv/bin/pytest -m browser
}

summary() {
    [ ${#failed[@]} -eq 0 ] && { echo "test: all parts passed"; exit 0; }
    printf 'test: FAILED: %s\n' "${failed[@]}" >&2
    exit 1
}

if [ "$docker_part" = no ]; then
    without_docker
    summary
fi
if docker version --format '{{.Server.Version}}' >/dev/null 2>&1; then
    bash sandbox/images/images.sh
    without_docker
    part docker .venv/bin/pytest -m docker
    summary
fi
if [ "$docker_part" = required ]; then
    echo "test: no Docker engine responds, and the tests with real containers are required. next: start Docker, or make test DOCKER=no" >&2
    exit 1
fi
echo "test: no Docker engine responds: the tests with real containers are SKIPPED" >&2
without_docker
summary
