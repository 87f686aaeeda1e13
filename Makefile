# A local AWS sandbox in which capacity, health and failure are real. `make help` lists all targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME ?= auto
SPEED ?=
NAME ?= tutorial
ARGS ?=
DOCKER ?= yes
SECONDS ?= 600
SEED ?=
STEPS ?=

.PHONY: help setup images sandbox down scenario test recorded explore badrequests check conformance bench rules bundle docs site dist clean
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  settings: RUNTIME=auto|docker|process  SPEED=N  NAME=<scenario>  ARGS=...  (and SANDBOX_*: sandbox settings)"

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". next: make PYTHON=python3.11 ...")'
	@echo "setup: virtual environment in $(VENV) (about a minute the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

setup: $(VENV)/.ready ## create the virtual environment for the sandbox and its tests

images: setup ## build the images of instances and of the control plane (BASE_IMAGE=..., a registry, or distribution packages)
	@bash sandbox/images/images.sh

sandbox: setup ## start the sandbox and wait until it is healthy (RUNTIME=docker|process, SPEED=N)
	@$(BIN)/sandbox up --runtime $(RUNTIME) $(if $(SPEED),--speed $(SPEED))

down: setup ## stop the sandbox and remove everything that it created
	@$(BIN)/sandbox down

scenario: setup ## run a scenario: NAME=tutorial [SPEED=10] [RUNTIME=...] [ARGS="--help"]
	@$(BIN)/sandbox scenario run $(NAME) --runtime $(RUNTIME) $(if $(SPEED),--speed $(SPEED)) $(ARGS)

test: setup ## run all tests (DOCKER=no skips those that need a Docker engine)
	@bash tools/test.sh "$(DOCKER)"

recorded: setup ## compare answers with values that were recorded from AWS (tests/recorded/)
	@$(BIN)/pytest tests/recorded

explore: setup ## explore the sandbox with random operations and faults: [SECONDS=600], or SEED=N to replay a failure
	@$(BIN)/python -m tools.explore --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(STEPS),--steps $(STEPS))

badrequests: setup ## send bad requests of all kinds to a sandbox: [COUNT=10000] [SEED=N]; ROUND=N [NUMBER=N] replays a failure
	@$(BIN)/python -m tools.badrequests $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(if $(ROUND),--round $(ROUND)) $(if $(NUMBER),--number $(NUMBER))

check: setup ## run ruff, mypy --strict, the import contracts, and check generated documents and rule coverage
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.diagrams --check
	@$(BIN)/python -m tools.services --check
	@$(BIN)/python -m tools.faults --check
	@$(BIN)/python -m tools.templates --check
	@$(BIN)/python -m tools.licences --check
	@$(BIN)/python -m tools.reference --check
	@$(BIN)/python -m tools.rules --check

bench: setup ## measure performance against limits of the same run; writes build/bench.json
	@$(BIN)/python -m bench $(ARGS)

rules: setup ## show which rules of docs/aws-behaviour.md have a test (ARGS=--all lists those without one)
	@$(BIN)/python -m tools.rules $(ARGS)

conformance: setup ## run moto's own test suites against the sandbox and stock moto_server; writes docs/conformance.md (20 minutes)
	@$(BIN)/python -m tools.conformance $(ARGS)

bundle: setup ## write the sandbox to one file for machines without a network: build/sandbox.run (ARGS=--without-images)
	@mkdir -p build && $(BIN)/sandbox bundle build/sandbox.run $(ARGS)

docs: setup ## generate the state diagrams of ARCHITECTURE.md, and the documents that say so in their first lines
	@$(BIN)/python -m tools.diagrams
	@$(BIN)/python -m tools.services
	@$(BIN)/python -m tools.faults
	@$(BIN)/python -m tools.templates
	@$(BIN)/python -m tools.licences
	@$(BIN)/python -m tools.reference

site: setup ## build the documents as a site in build/site (without a network; a link that leads nowhere is an error)
	@$(BIN)/mkdocs build --quiet
	@echo "open build/site/index.html"

dist: setup ## build the wheel and the source archive in dist/
	@$(BIN)/python -m build --no-isolation --outdir dist .

clean: ## remove the virtual environment and build results (the sandbox itself: make down)
	rm -rf $(VENV) .venv-clients build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
