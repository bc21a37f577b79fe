# `make serve` runs the gateway, `make test` checks and tests it. Both set up what they need first.
PYTHON ?= python3
BIN := .venv/bin
# What kills and starves processes has the machine to itself, so that what it sees is its own doing.
ALONE := tests/resilience tests/observation/test_chaos.py
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help serve test eval check fix bench chaos docs doctor lock setup setup-evals setup-deepchecks setup-dev clean

help:            ## show this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

serve: setup     ## run the gateway on 127.0.0.1:4000
	@exec $(BIN)/inferspect serve

test: setup-dev check  ## check and test everything
	@$(BIN)/pytest --numprocesses=$(JOBS) --dist=loadfile $(ALONE:%=--ignore=%)
	@$(BIN)/pytest $(ALONE)
	@$(MAKE) --no-print-directory -C infra/prisma-engine test
	@$(MAKE) --no-print-directory -C promptfoo test

eval: setup-evals ## run the prompt suites through a gateway of their own
	@$(BIN)/inferspect eval run

check: setup-dev ## lint, types, import contracts
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(MAKE) --no-print-directory -C infra/prisma-engine check
	@$(MAKE) --no-print-directory -C promptfoo check

fix: setup-dev   ## mend what a machine can mend
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .
	@$(MAKE) --no-print-directory -C infra/prisma-engine fix
	@$(MAKE) --no-print-directory -C promptfoo fix

bench: setup-dev ## measure; figures go to docs/benchmarks.md
	@$(BIN)/python -m tests.benchmarks

chaos: setup-dev ## twenty clients, while everything around them is killed, stopped, full or hanging: minutes
	@CHAOS=full $(BIN)/pytest tests/observation/test_chaos.py -s

docs: setup      ## write the generated pages anew: docs/settings.md, docs/guardrails/entities.md
	@$(BIN)/python -m inferspect.settings_reference
	@$(BIN)/python -m inferspect.entities_reference

doctor: setup    ## find out what is wrong with this installation
	@$(BIN)/inferspect doctor

lock: setup-dev  ## compile the hash-pinned locks from requirements/*.in
	@infra/setup/lock

setup:
	@$(PYTHON) infra/setup gateway

setup-evals:
	@$(PYTHON) infra/setup evals

setup-deepchecks:
	@$(PYTHON) infra/setup deepchecks

setup-dev:
	@$(PYTHON) infra/setup dev

clean: setup-dev ## remove the environment and generated files, keep .inferspect/
	@rm -rf .venv .venv-deepchecks infra/prisma-engine/node_modules promptfoo/node_modules
