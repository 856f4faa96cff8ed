# Each script has one name. Continuous integration calls these names and nothing else.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
FRONTEND := frontend/node_modules/.installed

.PHONY: help setup demo test check fix messages bench nightly clean
.DEFAULT_GOAL := help

help: ## List the targets and what they do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed ## Create .venv and install everything at the pinned versions

.venv/.installed: pyproject.toml deploy/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Concordance needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing (a few minutes the first time) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check -c deploy/constraints.txt torch
	@$(BIN)/pip install --quiet --disable-pip-version-check -c deploy/constraints.txt -e '.[models,data,dev]'
	@touch $@

# Both tools are pinned in package.json and need only their own binary, so there is no lock file.
$(FRONTEND): frontend/package.json .venv/.installed
	@cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm install --silent --no-package-lock --no-audit --no-fund
	@touch $@

demo: setup ## Run everything on real neurons and print the addresses to open
	@exec $(BIN)/python -m deploy.demo

# Two processes, each test file in one of them: many tests wait for servers, browsers and workers.
test: setup ## Run the tests, except the slow ones
	@$(BIN)/pytest --numprocesses 2 --dist loadfile

check: setup $(FRONTEND) ## Run every check that is not a test: format, lint, types, imports, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/python manage.py check --database default --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/djlint --lint --check frontend/templates
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix frontend run --silent check

fix: setup $(FRONTEND) ## Format the code and fix what the linters can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(BIN)/djlint --reformat --quiet frontend/templates
	PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix frontend run --silent fix

messages: setup ## Compile the translations after editing a .po file
	$(BIN)/python -m deploy.compile_translations

bench: setup ## Measure speed and memory, as ratios within one run
	@$(BIN)/python -m tests.benchmarks

nightly: setup ## Run the tests marked slow
	@$(BIN)/pytest -m slow

clean: ## Remove what setup and demo created
	rm -rf .venv var frontend/node_modules
