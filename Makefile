# From a bare checkout to a running program: `make run`, `make test`. `make` alone lists the rest.
.DEFAULT_GOAL := help
.PHONY: help run test test-all lint audit nightly setup setup-dev clean

# The first Python from 3.11 on: it runs the setup, which needs the standard library only.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
BOOTSTRAP = "$(or $(PYTHON),$(error no Python 3.11 or newer found: \
	install one (sudo apt-get install python3.11, or conda, or uv python install 3.13) or name it \
	(make PYTHON=/path/to/python3)))" \
	scripts/bootstrap.py $(addprefix --extra ,$(EXTRAS))
BIN = .venv/bin
# What others install must not get into the environment, such as plugins for pytest.
unexport PYTHONPATH PYTHONHOME
# A process for each core, but no more than memory holds: each loads TensorFlow. What the tests of
# a file share is made once.
PYTEST = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

help: ## List these targets.
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 12

run: setup ## Set up what is needed and open the window; with no display, replay the demo.
	@$(BIN)/har-desktop

test: setup-dev ## Set up what is needed and run the quick tests.
	$(PYTEST) -m "not slow"

test-all: setup-dev ## Run every test, the slow ones too.
	$(PYTEST)

lint: setup-dev ## Check style and types.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --strict scripts/bootstrap.py

audit: setup-dev ## Look for known vulnerabilities in the locked packages; asks osv.dev.
	"$$(ls -d .tools/uv-*/uv | sort -V | tail -n 1)" audit --frozen --preview-features audit

nightly: ## Run what takes long: all tests, fifty kills, the audit, an hour of soak.
	.ci/nightly

setup: ## Set up the app alone. EXTRAS=cuda adds NVIDIA's libraries, EXTRAS=train training.
	@$(BOOTSTRAP)

setup-dev: ## Set up everything: app, training, tests.
	@$(BOOTSTRAP) --dev

clean: ## Remove the environment and what is built; decoded clips, runs and outputs stay.
	rm -rf .venv .tools build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find har_desktop training export benchmarks tests scripts -name __pycache__ -prune -exec rm -rf {} +
