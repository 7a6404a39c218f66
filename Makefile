# Every command of the project: `make help` lists them.

SHELL := /bin/sh
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DATA_DIR ?= var
export HOST PORT DATA_DIR

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
COMPILE ?= $(VENV)/bin/pip-compile
LOCK := $(COMPILE) --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options
WORKERS ?= 2
EVENTS ?= 1000000

COLLECTED := staticfiles/staticfiles.json

.DEFAULT_GOAL := help
.PHONY: help setup run serve test test-server test-recipes check bench bench-ingest bench-server bench-rollups lock script plotly bench-pages screenshots

help: ## List these commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile
	@echo "HOST, PORT and DATA_DIR are honoured; docs/settings.md lists all settings."

setup: $(VENV)/installed ## Make the virtual environment with the locked packages.

run: export STATIC_ROOT := staticfiles
run: setup $(COLLECTED) ## Do everything for a first look: set up, demo data, serve. Later starts keep the data.
	@$(PY) manage.py demo --before-serving && exec $(PY) manage.py serve

serve: export STATIC_ROOT := staticfiles
serve: setup $(COLLECTED) ## Serve without making demo data.
	@exec $(PY) manage.py serve

test: $(VENV)/installed-dev npm ## Run the tests; what this machine lacks is skipped with a reason, with CI=true it fails.
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --ignore tests/recipes

# Where the engine, the database or the broker could make a difference.
SERVER_TESTS := tests/api tests/insights tests/rollups tests/dashboard tests/keeping

test-server: $(VENV)/installed-dev npm ## Run the tests of API, rollups and pages with servers, three web processes and two workers.
	@TEST_MODE=server $(PY) -m pytest -n $(WORKERS) --dist loadfile $(SERVER_TESTS)

test-recipes: $(VENV)/installed-dev recipes ## Build a site with each recipe of docs/recipes, and read it in Chromium.
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile tests/recipes

check: $(VENV)/installed-dev ## Lint, types, import directions, templates, known holes, containers, settings and migrations.
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	git ls-files -z '*.html' | xargs -0 $(VENV)/bin/djade --check --target-version 5.2
	@# Both skipped are ruff's S104 and S608, whose every exception has its reason: tests/house/test_second_linter.py
	$(VENV)/bin/bandit --quiet --recursive -ll --skip B104,B608 apps insights_site manage.py
	$(PY) requirements/audit.py
	$(PY) manage.py check --fail-level WARNING
	$(PY) -m deploy.check
	$(PY) manage.py makemigrations --check --dry-run

bench: setup ## Measure loading and queries on a store of its own (months and years: bench-rollups).
	@$(PY) -m benchmarks

bench-ingest: setup ## Measure tracking beside bare applications (needs wrk).
	@$(PY) -m benchmarks.ingest

bench-server: $(VENV)/installed-dev ## Measure server mode with 1, 2 and 3 web processes (needs wrk, PostgreSQL, Redis).
	@$(PY) -m benchmarks.servers

bench-rollups: setup ## Measure prepared counts beside events, with a made year: EVENTS=10000000 for ten million.
	@$(PY) -m benchmarks.rollups --events $(EVENTS)

bench-pages: $(VENV)/installed-dev ## Measure pages in Chromium, with a made year: EVENTS=10000000 for ten million.
	@$(PY) -m benchmarks.pages --events $(EVENTS)

screenshots: $(VENV)/installed-dev ## Take the pictures of docs/images in Chromium, of a demo of their own.
	@$(PY) -m docs.screenshots

lock: $(VENV)/installed-dev ## Solve the versions in requirements/ anew from pyproject.toml.
	$(LOCK) --output-file requirements/run.txt pyproject.toml
	$(LOCK) --output-file requirements/dev.txt --extra dev --constraint requirements/run.txt pyproject.toml
	$(LOCK) --output-file requirements/recipes.txt requirements/recipes.in

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or later is needed as '$(PYTHON)': install it, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/installed: requirements/run.txt | $(PY)
	@echo "Installing the locked packages (about a minute, the first time only) ..."
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

$(VENV)/installed-dev: requirements/dev.txt $(VENV)/installed
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(COLLECTED): $(shell find static -type f) requirements/run.txt | $(VENV)/installed
	@rm -rf staticfiles
	@STATIC_ROOT=staticfiles $(PY) manage.py collectstatic --no-input --verbosity 0

script: node_modules/installed ## Make static/js/insights.min.js, which /insights.js serves, from static/js/insights.js.
	@npm run --silent minify -- --output static/js/insights.min.js

plotly: node_modules/installed ## Make static/vendor/plotly/plotly-insights.min.js, which draws figures, with bundles/plotly.
	@npm run --silent plotly
	@cp node_modules/plotly.js/dist/plotly.css node_modules/plotly.js/LICENSE static/vendor/plotly/

# The generators of documentation sites, each from its own lock. Built sites are kept beside them.
RECIPES := python vitepress docusaurus starlight

.PHONY: recipes
recipes: $(patsubst %,.recipes/%/installed,$(if $(shell command -v npm),$(RECIPES),python))

.recipes/python/installed: requirements/recipes.txt | $(PY)
	@echo "Installing the generators in Python ..."
	@rm -rf $(@D) && $(PY) -m venv $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/recipes.txt
	@touch $@

.recipes/%/installed: tests/recipes/%/package.json tests/recipes/%/package-lock.json
	@echo "Installing $* ..."
	@mkdir -p $(@D) && cp $^ $(@D)
	@cd $(@D) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

.PHONY: npm
npm:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory node_modules/installed; \
		elif [ "$$CI" = true ]; then echo "npm is missing" >&2; exit 1; \
		else echo "npm is missing: the tests with the official client and of barriers will be skipped."; fi

node_modules/installed: package-lock.json
	@npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@
