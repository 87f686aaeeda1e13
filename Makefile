# A local AWS sandbox in which capacity, health and failure are real. `make help` lists everything.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME ?= auto
SPEED ?=
NAME ?= tutorial
ARGS ?=
DOCKER ?= yes

.PHONY: help setup images sandbox down scenario test check bench rules bundle docs clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  settings: RUNTIME=auto|docker|process  SPEED=N  NAME=<scenario>  ARGS=...  (and SANDBOX_*: sandbox settings)"

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". next: make PYTHON=python3.11 ...")'
	@echo "setup: virtual environment in $(VENV) (about a minute the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

setup: $(VENV)/.ready ## the virtual environment with everything the sandbox and its tests need

images: setup ## the images of instances and of the control plane (BASE_IMAGE=..., or a bundle, a registry, or distribution packages)
	@bash tools/images/images.sh

sandbox: setup ## start the sandbox and return when it is healthy (RUNTIME=docker|process, SPEED=N)
	@$(BIN)/sandbox up --runtime $(RUNTIME) $(if $(SPEED),--speed $(SPEED))

down: setup ## remove everything that is ours, and only that
	@$(BIN)/sandbox down

scenario: setup ## replay a story, failure included: NAME=tutorial [SPEED=10] [RUNTIME=...] [ARGS="--help"]
	@$(BIN)/sandbox scenario run $(NAME) --runtime $(RUNTIME) $(if $(SPEED),--speed $(SPEED)) $(ARGS)

test: setup ## all tests (DOCKER=no leaves out those that need a Docker engine)
	@bash tools/test.sh "$(DOCKER)"

check: setup ## ruff, mypy --strict, the import contracts, generated documents, no rule loses its test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.diagrams --check
	@$(BIN)/python -m tools.rules --check

bench: setup ## measure against limits taken in the same run; writes build/bench.json
	@$(BIN)/python -m bench $(ARGS)

rules: setup ## which rules of docs/aws-behaviour.md the tests prove (ARGS=--all lists those without a test)
	@$(BIN)/python -m tools.rules $(ARGS)

bundle: images ## save the images to one file for machines without a network
	@bash tools/images/bundle.sh save

docs: setup ## write the generated parts of ARCHITECTURE.md
	@$(BIN)/python -m tools.diagrams

clean: ## remove the virtual environment and what was built (the sandbox itself: make down)
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
