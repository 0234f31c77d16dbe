# What a contributor types. Needs git, make and Python 3.11 or newer (with venv and pip); the rest comes from the lock.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first interpreter that runs, is new enough and can make virtual environments. Override: make test PYTHON=python3.13
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$each" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$each"; break; }; done)
VENV ?= .venv
bin := $(VENV)/bin
code := colony_core adapters entrypoints tests tools docs $(wildcard benchmarks)
# -qq: errors only, as a machine's own pip settings may warn once for each package.
pip := $(bin)/python -m pip -qq --disable-pip-version-check --no-input

.PHONY: help venv demo test test-unit test-integration test-crash test-failover soak test-planted test-upgrade mutants \
	test-wheel check format bench bench-bmc bench-scale lock clean

help: ## List these targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 24

venv: $(VENV)/.installed ## Make or refresh the virtual environment from requirements.lock

# A changed lock starts from an empty environment, so that nothing outlives the lock that brought it.
$(VENV)/.locked: requirements.lock
	@[ -n "$(PYTHON)" ] || { echo "Colony Core needs Python 3.11 or newer with venv and pip (on Debian: apt-get install python3-venv)." \
		"None was found; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is too old: Colony Core needs Python 3.11 or newer" >&2; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version), from requirements.lock"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(pip) install --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(pip) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: venv ## A simulated rack behind the real API
	$(bin)/colony demo

test: venv ## Unit and integration tests
	$(bin)/pytest -n auto --dist worksteal tests/unit tests/integration

test-unit: venv ## Unit tests alone: no network, disk or sleep
	$(bin)/pytest -n auto --dist worksteal tests/unit

test-integration: venv ## Adapters, the wire, real tools
	$(bin)/pytest -n auto --dist worksteal tests/integration

test-crash: venv ## Kill a real server dozens of times, and end a simulated one at every moment: 2 to 4 minutes
	COLONY_TEST_KILLS=40 COLONY_TEST_MOMENTS=all $(bin)/pytest -n 2 --dist worksteal tests/integration/crash

test-failover: venv ## Kill, stop and cut off servers, workers and PostgreSQL while they work: 3 to 5 minutes
	$(bin)/pytest tests/failover

soak: venv ## The same for long, with the default lease and minutes without PostgreSQL: make soak MINUTES=8 SEED=1
	PYTHONPATH=tools $(bin)/python -m soak --minutes $(or $(MINUTES),8) --seed $(or $(SEED),0)

test-planted: venv ## Plant faults in copies of the code, and see the suites find each: 3 minutes
	$(bin)/pytest -n 2 --dist worksteal tests/planted

test-upgrade: venv ## Two versions on one database while machines are installed; needs the history of git: 1 to 2 minutes
	$(bin)/pytest tests/upgrade

mutants: venv ## Mutation testing of the domain; in parts: make mutants ONLY=deciding, or SAMPLE=300
	PYTHONPATH=tools $(bin)/python -m mutation --only "$(ONLY)" --sample $(or $(SAMPLE),0) \
		$(if $(PROCESSOR),--seconds $(PROCESSOR)) $(if $(JOBS),--jobs $(JOBS))

test-wheel: venv ## Build the wheel and test it as an installed package
	$(bin)/pytest tests/wheel

check: venv ## Format, lint, types and the direction of imports
	$(bin)/ruff format --check $(code)
	$(bin)/ruff check $(code)
	$(bin)/mypy $(code)
	$(bin)/lint-imports

format: venv ## Format the code and mend what can be mended
	$(bin)/ruff check --fix-only --exit-zero $(code)
	$(bin)/ruff format $(code)

bench: venv ## Measure; prints figures, asserts nothing
	$(bin)/python -m benchmarks

# sushy is a peer to compare with, and no part of the product: it gets an environment of its own, outside the lock.
.venv-sushy/.installed:
	"$(PYTHON)" -m venv .venv-sushy
	.venv-sushy/bin/python -m pip -q --disable-pip-version-check install 'sushy==5.14.0'
	@touch $@

bench-bmc: venv .venv-sushy/.installed ## Read many controllers, beside ipmipower, ipmitool and sushy; needs openipmi, ipmitool, freeipmi-tools
	$(bin)/python -m benchmarks.bmc --sushy .venv-sushy/bin/python

bench-scale: venv ## 100,000 machines beside 100, with 10,000 workflows that wait, on SQLite and PostgreSQL; takes long
	$(bin)/python -m benchmarks.scale

lock: ## Resolve requirements.lock anew; make lock UPGRADE=--upgrade takes newer releases
	@tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	"$(PYTHON)" -m venv "$$tools" && "$$tools/bin/python" -m pip -qq --disable-pip-version-check install uv && \
	"$$tools/bin/uv" pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--quiet $(UPGRADE) --output-file requirements.lock

clean: ## Remove what the targets above made
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
