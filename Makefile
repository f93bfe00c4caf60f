# Four verbs: setup, run, test, test-long. Each sets up what it needs; a second call is quick.
VENV := .venv
PY := $(VENV)/bin/python
STAMPS := .stamps
WALL_SOURCES := $(shell find wall -path wall/node_modules -prune -o -type f -print 2>/dev/null)
ARGS ?=

.PHONY: setup run test test-long lint wheel clean
.DELETE_ON_ERROR:

setup: $(STAMPS)/env $(STAMPS)/wall

run: setup
	@exec $(VENV)/bin/watchfloor run $(ARGS)

test: lint
	@$(PY) -m pytest -m "not long"

test-long: lint
	@$(PY) -m pytest

lint: setup $(STAMPS)/test $(STAMPS)/debian
	@echo "lint, types, import contracts"
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check --quiet
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo >$(STAMPS)/contracts.txt || (cat $(STAMPS)/contracts.txt; exit 1)
	@$(PY) tools/generate.py --check
	@cd wall && npm run --silent check && npm run --silent test

wheel: setup $(STAMPS)/test
	@$(PY) -m build --wheel --no-isolation --outdir dist .

clean:
	rm -rf $(VENV) $(STAMPS) wall/node_modules src/watchfloor/_data dist

$(STAMPS)/env: requirements/run.txt requirements/build.txt pyproject.toml
	@mkdir -p $(STAMPS)
	@echo "setting up the environment in $(VENV)"
	@test -x $(PY) || python3 -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt -r requirements/build.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/env requirements/test.txt
	@echo "setting up what tests need"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

$(STAMPS)/debian:
	@mkdir -p $(STAMPS)
	@tools/install-debian
	@touch $@

$(STAMPS)/wall: $(WALL_SOURCES)
	@mkdir -p $(STAMPS)
	@echo "building the wall"
	@cd wall && npm ci --silent --no-audit --no-fund && npm run --silent build
	@touch $@
