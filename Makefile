# Keelback: `make demo` shows it, `make test` checks it. Each target installs what it needs, in the tree (.venv) as far
# as possible; Debian packages (the emulator) with apt-get, as root or through sudo.

SHELL := /bin/sh
PYTHON ?= $(firstword $(wildcard $(addsuffix /python3.11,$(subst :, ,$(PATH)))) python3)
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

.PHONY: help demo test check lint types unit boot bench coverage setup clean

help:
	@echo "make demo    boot Debian beside a vault, play the scenario, print the transcript"
	@echo "make test    every check and test, emulated machines included"
	@echo "make check   the quick part: lint, types, tests without an emulated machine"
	@echo "make bench   the figures in docs/reference/benchmarks.md, bare machine and Keelback side by side"
	@echo "make coverage  lines and branches of the kernel that no test without an emulated machine runs: in CPython there must"
	@echo "               be none; and what of the kernel compiled for this machine they run"
	@echo "make setup   only install what the others need"

demo: $(VENV)/.installed
	$(BIN)/python examples/vault/demo.py

test: check boot

check: lint types unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy
	@for folder in examples/*/; do \
		echo "mypy $$folder"; MYPYPATH="src:$$folder" $(BIN)/mypy "$$folder" || exit 1; done
	$(BIN)/pyright --pythonpath $(BIN)/python

unit: $(VENV)/.installed-dev
	$(PYTEST) -m "not boot and not slow" -n 2

boot: $(VENV)/.installed-dev
	$(PYTEST) -m "boot or slow" -n 2

bench: $(VENV)/.installed
	$(BIN)/python -m benches

coverage: $(VENV)/.installed-dev
	$(BIN)/python -m coverage run --branch --source=src/keelback/kernel --data-file=build/coverage \
		-m pytest -q -m "not boot and not slow" tests/kernel
	$(BIN)/python -m coverage report --data-file=build/coverage --show-missing --fail-under=100
	$(PYTEST) -q -p tests.kernel.reached -m "not boot" --ignore=tests/kernel/test_coverage.py \
		--ignore=tests/kernel/test_host_coverage.py tests/kernel tests/kernel/twins/comparison.py tests/prover/test_fuzz.py

setup: $(VENV)/.installed-dev

$(VENV)/.installed: pyproject.toml scripts/install_system_packages.sh
	scripts/install_system_packages.sh $(PYTHON)
	@echo "keelback: making $(VENV)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	scripts/install_system_packages.sh $(PYTHON) gdb-multiarch
	@echo "keelback: adding the development tools to $(VENV)"
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf build examples/*/build .mypy_cache .ruff_cache .pytest_cache .hypothesis
