# The verbs of this project. `make demo` and `make test` need only python3 (3.11+, with venv) and make;
# everything else is installed into .venv from the locked lists in requirements/.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
KEEP   ?=
SEEDS  ?= 100
STRIDE ?= 1
FIRST  ?= 0
BASE   ?=

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

# Without byte code every start of the service and of the aws CLI takes more than twice as long.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test simulate check format chaos kills record bench lock docs console browser controlplane judges terraform eksctl clean

help:  ## Show the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(READY): requirements/uv.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Nodeyard needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." \
			"Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV): once, about a minute."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

setup: $(READY)  ## Make .venv with everything in it

demo: $(READY)  ## Play the article's day with the real aws CLI (KEEP=1 leaves the service running)
	@KEEP=$(KEEP) $(BIN)/python examples/article.py

test: $(READY)  ## Run every test except the benchmarks and that of eksctl
	@$(BIN)/python -m pytest --ignore=tests/bench --ignore=tests/clients --numprocesses=4 --dist=loadfile --no-loadscope-reorder

simulate: $(READY)  ## Play updates with random faults (SEEDS=1000; BASE=n is the first seed, by the clock unless given)
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) $(if $(BASE),--base $(BASE))

check: $(READY)  ## Lint, format, types, import contracts, house rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/tidy

format: $(READY)  ## Let ruff put the code in order
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

chaos: $(READY)  ## Disturb every single side effect in every way (about half an hour)
	@$(BIN)/python -m pytest tests/chaos --chaos-stride 1

kills: $(READY)  ## Kill real processes at every single side effect (most of an hour; STRIDE=10 does a tenth, FIRST=30 begins there)
	@$(BIN)/python -m pytest tests/kills --numprocesses=4 --dist=loadfile --no-loadscope-reorder --kill-stride $(STRIDE) --kill-first $(FIRST) -v

record: $(READY)  ## Record operations in every phase for later versions to replay: before a release
	@$(BIN)/python -m tools.record_operations

bench: $(READY)  ## Print the figures: start-up, 1,000 nodes, memory
	@$(BIN)/python -m pytest tests/bench -s

docs: $(READY)  ## Write again the pages that are made from the code
	@$(BIN)/python -m docs.generate

console:  ## Build the browser console into the package (needs Node.js 20 with npm)
	@command -v npm >/dev/null || { echo "npm is missing. On Debian and Ubuntu: apt-get install npm" >&2; exit 1; }
	@cd web && npm ci --silent && npm run --silent build

browser: $(READY)  ## Put what the browser tests need into .venv (Chromium comes from the system)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/browser.txt

controlplane: $(READY)  ## Build the real control plane that some tests run against (needs Go 1.26)
	@$(BIN)/python -m tools.control_plane

judges: $(READY)  ## Build the judge of what the console writes for Terraform (needs Go 1.26)
	@$(BIN)/python -m tools.judges

terraform: $(READY)  ## Build Terraform and its AWS provider, which one test runs (needs Go 1.26; ten minutes of both processors)
	@$(BIN)/python -m tools.terraform

eksctl: $(READY)  ## Build eksctl and run its test (needs Go 1.26; some ten minutes to build, two to run)
	@$(BIN)/python -m tools.eksctl
	@$(BIN)/python -m pytest tests/clients

lock: requirements/uv.txt $(READY)  ## Take the newest allowed dependencies into requirements/
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade requirements/uv.in -o requirements/uv.txt
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade pyproject.toml -o requirements/runtime.txt
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade pyproject.toml --group dev -o requirements/dev.txt
	@$(BIN)/uv pip compile $(LOCK_OPTIONS) --upgrade requirements/browser.in -o requirements/browser.txt

clean:  ## Remove everything that the other verbs made
	rm -rf $(VENV) .nodeyard .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist web/node_modules src/nodeyard/console
