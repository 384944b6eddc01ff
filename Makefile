# Each target sets up what it needs, once, in .venv and node_modules.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet
PORT ?= 4566
AWS ?= embedded

unexport PYTHONDONTWRITEBYTECODE  # or each of hundreds of processes would compile the same modules

.PHONY: demo test unit check docs bench bench-check dist compliance snapshots iam-oracle aws clean
.DEFAULT_GOAL := test

demo: $(VENV)/.local node_modules/.package-lock.json  ## Deploy the sample to the embedded AWS and ask it
	$(BIN)/ecr-fargate local up --port $(PORT)
	@echo "It keeps running. Edit app/server.py and run 'make demo' again; 'make clean' stops it."

test: $(VENV)/.dev node_modules/.package-lock.json  ## Every test, end to end included where an engine answers
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

unit: $(VENV)/.dev  ## The unit suite alone: half a minute
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m "not integration and not e2e" tests

check: $(VENV)/.dev  ## Format, lint, types, architecture, file lengths
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pyright --pythonpath $(BIN)/python tests/typing
	$(BIN)/lint-imports
	$(BIN)/python scripts/file_lengths.py

docs: $(VENV)/.docs  ## Build the documentation into site/, and check its links
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --clean --quiet --strict
	$(BIN)/python scripts/links.py site

snapshots: $(VENV)/.dev  ## Accept the templates as they are now
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --snapshot-update tests/snapshot tests/tools/migrate

iam-oracle: $(VENV)/.dev tests/oracle/node_modules/.package-lock.json  ## Compare the embedded AWS's IAM with another evaluator
	PATH="$(CURDIR)/$(BIN):$$PATH" ECR_FARGATE_IAM_PAIRS=10000 $(BIN)/pytest tests/oracle

aws: $(VENV)/.dev node_modules/.package-lock.json  ## Deploy the examples to the embedded AWS, or AWS=<account id>, and compare
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest --aws=$(AWS) $(AWS_OPTIONS)

compliance: $(VENV)/.dev  ## Write the table of docs/compliance.md, checkov's row too
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.compliance.table --checkov --write

dist: $(VENV)/.dev  ## Wheel and sdist in dist/, checked, and tried on every Python at hand
	$(BIN)/python scripts/distribution.py

bench: $(VENV)/.bench node_modules/.package-lock.json  ## Measure P1 to P12; BENCH='--only P1,P4' measures some
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m bench $(BENCH)

bench-check: $(VENV)/.bench  ## Fail when a ratio is more than 10 % above the committed baseline
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m bench --check $(BENCH)

clean:  ## End the demo and delete everything that was made
	if [ -x $(BIN)/ecr-fargate ]; then $(BIN)/ecr-fargate local down; fi
	rm -rf $(VENV) node_modules cdk.out dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis .checkov bench/typescript/node_modules tests/oracle/node_modules

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'

$(VENV)/.local: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) install --constraint constraints.txt --editable '.[local]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/.local
	$(PIP) install --constraint constraints.txt --editable '.[local,testing]' --group dev
	touch $@

$(VENV)/.docs: pyproject.toml constraints.txt | $(VENV)/.local
	$(PIP) install --constraint constraints.txt --group docs
	touch $@

node_modules/.package-lock.json: package.json package-lock.json | $(VENV)/.local
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-audit --no-fund --loglevel=error
	touch $@

tests/oracle/node_modules/.package-lock.json: tests/oracle/package.json tests/oracle/package-lock.json | $(VENV)/.local
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --prefix tests/oracle --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(VENV)/.bench: bench/solutions.txt bench/typescript/package-lock.json | $(VENV)/.dev
	$(PIP) install --constraint constraints.txt --group bench
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --prefix bench/typescript --no-audit --no-fund --loglevel=error
	$(PYTHON) -m venv $(VENV)/solutions-constructs
	$(VENV)/solutions-constructs/bin/pip --disable-pip-version-check --quiet install -r bench/solutions.txt
	touch $@
