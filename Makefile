# Trayecto. `make` alone prints this list.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
PART ?= all
export TRAYECTO_ENVIRONMENT ?= development

.PHONY: help demo test check bench deep lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# --- installation -----------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || deploy/install-venv $(PYTHON) $(VENV)

$(VENV)/.serving: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Instalando lo necesario para servir (una sola vez)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.testing: requirements-dev.lock $(VENV)/.serving
	@echo "Instalando lo necesario para probar (una sola vez)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# --- the two commands -------------------------------------------------------------------------

demo: $(VENV)/.serving  ## a demonstration with synthetic data at http://127.0.0.1:8000
	@exec $(BIN)/trayecto demo --port $(PORT)

test: $(VENV)/.testing  ## everything that CI runs; ends with pytest's summary
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	@$(BIN)/python -m tests.services $(BIN)/pytest -n auto --dist loadgroup -m "not deep"

# --- for ourselves ----------------------------------------------------------------------------

# Pages, commands, passes of the worker and invented worlds walk through the whole house: make test has them.
check: $(VENV)/.testing  ## lint, types, import contracts and unit tests, under a minute
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports
	@$(BIN)/mypy & types=$$!; $(BIN)/pytest -q -n 2 -m "not browser and not slow and not postgres and not deep" \
	  --ignore=tests/browser --ignore=tests/cli --ignore=tests/simulation --ignore=tests/web \
	  --ignore=tests/worker || { wait; exit 1; }; wait $$types

bench: $(VENV)/.testing  ## measurements, PART=name for one; writes var/bench/*.json
	@$(BIN)/python -m tests.bench $(PART)

deep: $(VENV)/.testing  ## the long lane (old Chromes and Lighthouse need node and npm); never in CI
	@$(BIN)/python -m tests.services $(BIN)/pytest -m deep

lock:  ## renew the lock files (needs uv)
	@uv pip compile pyproject.toml --extra reports --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet -o requirements.lock
	@uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet -c requirements.lock -o requirements-dev.lock

clean:  ## remove what this machine made
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache
