# make run: the program on its practice cloud.  make test: everything that must hold.
# Needs git, make and Python 3.11 or newer; the rest comes into .venv by itself.

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help run test lint tools benchmark lock

help:
	@echo "make run   start Pilothouse on its practice cloud (no account needed)"
	@echo "make test  check everything: form, types, imports, wheel, tests"
	@echo "make lint  form, types and imports only"
	@echo "make tools  install the platforms' own command lines, which some tests drive"
	@echo "make benchmark  print figures beside their budgets; wants an idle machine"
	@echo "make lock  choose the versions of all libraries anew"

run:
	@$(PYTHON) packaging/setup_check.py run
	@sh packaging/run.sh $(BIN)

test: lint
	$(PY) packaging/wheel_check.py
	$(PY) -m pytest --numprocesses auto --dist worksteal $(PYTEST_ARGS)

lint:
	@$(PYTHON) packaging/setup_check.py test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# Into the person's cache folder: never into the checkout, never for the whole system.
tools:
	@$(PYTHON) packaging/provide_tools.py

# Figures, no verdicts: nothing here fails because a machine is slow.
benchmark:
	@$(PYTHON) packaging/setup_check.py test
	$(PY) -m pytest tests/benchmarks -q -s -o python_files='bench_*.py'

# uv is needed here only; it writes one lock for all systems, with hashes and no addresses.
COMPILE := $(PY) -m uv pip compile pyproject.toml --universal --generate-hashes \
	--no-header --no-annotate --quiet $(LOCK_ARGS)

lock:
	@$(PYTHON) packaging/setup_check.py test
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --group install --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@! grep -n '://\|^-' requirements.lock requirements-dev.lock
	cd packaging/tools && npm install --package-lock-only --ignore-scripts --no-audit --no-fund \
		--omit-lockfile-registry-resolved
	$(PY) packaging/bare_lock.py packaging/tools/package-lock.json
	@! grep -n '://' packaging/tools/package-lock.json
