# The verbs of this project. All that is needed is make and Python 3.11, 3.12 or 3.13.
#
#   make demo     set everything up and watch an automation run for two end users (Ctrl-C ends it)
#                  ONCE=1 ends after the runs, INFO=path writes what happened as JSON
#   make dev      run all of Inlay on this machine; data stays in .inlay
#   make console  build the web console, which the API serves at /; demo and dev do so by themselves
#   make test     set everything up, then lint and pass all tests, side by side;
#                  ARGS="-k name" goes to pytest, which then runs alone
#   make bench    compare with a hand-written Temporal workflow; JSON=path writes the figures
#   make storm    10,000 events, a fifth told twice, while every process is killed in turn
#   make idle     what 10,000 registrations cost while nothing happens
#   make lint     style, types and the rules of who may import whom
#   make wheel    pack Inlay, with the console built, into dist/
#   make pictures take the pictures of the console in docs/pictures anew
#   make lock     choose the newest allowed versions of the dependencies

PYTHON ?=
VENV := .venv
# Tests wait for servers more than they compute: one process more than there are processors.
TEST_PROCESSES := $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)
RUN := $(VENV)/bin/python
# What tests start is compiled once, whatever the shell says of bytecode.
PYTEST = PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest \
	--numprocesses=$(TEST_PROCESSES) --maxprocesses=4 --no-loadscope-reorder
DEV_READY := $(VENV)/ready-dev
TEST_READY := $(VENV)/ready-test
NODE_READY := $(VENV)/ready-node
CONSOLE := console/dist/index.html
PACKAGES := console/node_modules/.package-lock.json
INSTALL := $(RUN) -m pip install --disable-pip-version-check --quiet
# uv is told no index, links or configuration of this machine: a lock names packages only.
COMPILE := $(RUN) -m uv pip compile --no-config --universal --python-version 3.11 --upgrade \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet

# The machine's Node builds the console if Vite runs on it, else the one that PyPI has.
NODE_IS_NEW := const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)
NODE := $(shell node --eval '$(NODE_IS_NEW)' 2>/dev/null && command -v npm >/dev/null || echo $(NODE_READY))
NPM := cd console && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm --loglevel=error

.PHONY: help demo dev console test test-python test-console bench storm idle lint wheel pictures lock
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#  //p' Makefile

demo: $(DEV_READY) $(CONSOLE)
	@$(RUN) -m examples.demo $(if $(ONCE),--once) $(if $(INFO),--info "$(INFO)")

dev: $(DEV_READY) $(CONSOLE)
	@$(RUN) -m cli dev

console: $(CONSOLE)

test: $(TEST_READY) $(if $(ARGS),,$(PACKAGES))
ifeq ($(ARGS),)
	@$(MAKE) --no-print-directory --jobs=3 test-python lint test-console
else
	@$(PYTEST) $(ARGS)
endif

test-python: $(TEST_READY)
	@$(PYTEST)

test-console: $(PACKAGES)
	@$(NPM) run --silent types
	@$(NPM) run --silent test

bench: $(DEV_READY)
	@$(RUN) -m benchmarks $(if $(JSON),--json "$(JSON)")

storm: $(DEV_READY)
	@$(RUN) -m benchmarks.storm $(if $(JSON),--json "$(JSON)")

idle: $(DEV_READY)
	@$(RUN) -m benchmarks.idle $(if $(JSON),--json "$(JSON)")

lint: $(TEST_READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy .
	$(VENV)/bin/lint-imports

wheel: $(DEV_READY) $(CONSOLE)
	@$(RUN) -m hatchling build --target wheel

pictures: $(TEST_READY) $(CONSOLE)
	@$(RUN) -m tests.browser.console.pictures

lock: $(TEST_READY)
	$(INSTALL) uv
	$(COMPILE) --all-extras -o requirements/test.lock pyproject.toml
	$(COMPILE) --extra build --extra dev-server -c requirements/test.lock -o requirements/dev.lock pyproject.toml
	$(COMPILE) --extra build -c requirements/test.lock -o requirements/runtime.lock pyproject.toml
	$(COMPILE) --group node -c requirements/test.lock -o requirements/node.lock

$(RUN):
	@found=; \
	for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
		if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
		then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Inlay needs Python 3.11, 3.12 or 3.13, and found: $$(python3 --version 2>&1)."; \
		echo "Install one of them, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo "This Python cannot make virtual environments; on Debian and Ubuntu install python3-venv."; \
		exit 1; \
	}

$(DEV_READY): requirements/dev.lock pyproject.toml | $(RUN)
	@echo "Installing what Inlay needs (once; some minutes on a slow line)"
	@$(INSTALL) --require-hashes -r requirements/dev.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_READY): requirements/test.lock pyproject.toml | $(RUN)
	@echo "Installing what Inlay and its tests need (once; some minutes on a slow line)"
	@$(INSTALL) --require-hashes -r requirements/test.lock
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $(DEV_READY) $@

$(NODE_READY): requirements/node.lock | $(RUN)
	@$(INSTALL) --require-hashes -r requirements/node.lock
	@touch $@

$(PACKAGES): console/package.json console/package-lock.json console/.npmrc | $(NODE)
	@echo "Installing what the console is built with (once)"
	@$(NPM) ci --no-audit --no-fund
	@touch $@

$(CONSOLE): $(PACKAGES) console/index.html console/tsconfig.json console/vite.config.ts $(shell find console/src -type f)
	@echo "Building the console"
	@$(NPM) run --silent build -- --logLevel=error
