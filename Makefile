# Every command of this checkout; `make` alone lists them. Each one does its own set-up: Python 3.11 or newer and
# pip's ordinary configuration are all a fresh machine needs. Nothing is installed outside .venv.

.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
PY := $(VENV)/bin/python
STRANGERS := tests/emulator/strangers/aisdk
INSTALL := $(PY) -m pip install --disable-pip-version-check --quiet

# The newest of these that is new enough and can make virtual environments. `make PYTHON=/path/to/python …` overrides.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$name"; break; }; done)

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(VENV)/.run ## make six real clips from prompts on this machine alone: no key, no network
	@$(PY) examples/demo.py

.PHONY: page
page: $(VENV)/.web ## build the studio, the page that `wanreel up` serves, where it is out of date
	@$(PY) tools/page.py

.PHONY: screenshots
screenshots: page ## pictures of every page of the studio, into build/screenshots: both languages, light and dark, wide and narrow
	@$(PY) -m tests.web.screenshots

.PHONY: test
test: $(VENV)/.npm page ## everything CI runs: format, lint, types, imports, house, tests, simulation
	@$(PY) tools/checks.py test

.PHONY: lint
lint: $(VENV)/.dev ## the quick half of `make test`: format, lint, types, imports, house
	@$(PY) tools/checks.py lint

.PHONY: fix
fix: $(VENV)/.dev ## let ruff format the code and repair what it safely can
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: long
long: $(VENV)/.npm page ## what is too long for every change: long kill series, soaks, benches
	@$(PY) tools/checks.py long

.PHONY: simulate
simulate: $(VENV)/.dev ## replay one simulated world and print its transcript: make simulate SEED=42
	@test -n "$(SEED)" || { echo "Say which world to replay: make simulate SEED=42"; exit 2; }
	@$(PY) -m tests.simulation --seed "$(SEED)"

.PHONY: kill9
kill9: $(VENV)/.dev ## kill a real process at 200 drawn instants and count the paid tasks (KILLS=… for more or fewer)
	@$(PY) tools/checks.py kill9

.PHONY: bench
bench: $(VENV)/.dev ## print the figures this project is held to: start-up, memory, throughput
	@$(PY) tools/checks.py bench

.PHONY: bench-lint
bench-lint: $(VENV)/.dev ## print how often the prompt lint is right: by label, every miss, the time a prompt takes (SET=FILE.jsonl: one set more)
	@WANREEL_TEST_LINT_SET="$(SET)" $(PY) -m pytest -q -s -p no:cacheprovider --durations=0 -m bench bench/test_lint.py

.PHONY: bench-api
bench-api: $(VENV)/.dev ## a thousand listeners and fifty submits a second for ten minutes (MINUTES=… for fewer)
	@WANREEL_TEST_MINUTES="$(or $(MINUTES),10)" $(PY) -m pytest -q -s -o faulthandler_timeout=0 -m long tests/e2e/test_api_load.py

.PHONY: bench-archive
bench-archive: $(VENV)/.dev ## bring one gigabyte home, to a folder and to S3: memory, time, CPU
	@$(PY) -m pytest -q -s -m bench bench/test_archive.py

.PHONY: bench-watching
bench-watching: $(VENV)/.dev ## how soon ends are noticed and for how many requests, beside others' ways (ALL=1: every cell)
	@ALL="$(ALL)" PLOT="$(or $(PLOT),docs/pictures/watching.png)" $(PY) -m pytest -q -s -p no:cacheprovider -o faulthandler_timeout=0 -m bench bench/test_watching.py

.PHONY: bench-engine
bench-engine: $(VENV)/.engine ## the same jobs on each engine, on Temporal and on Celery: writes docs/reference/engines.md (JOBS=…, QUICK=1: a minute's worth)
	@$(PY) -m bench.engine $(if $(JOBS),--jobs $(JOBS)) $(if $(QUICK),--quick)

.PHONY: soak
soak: $(VENV)/.dev ## the engine at half its peak for fifteen minutes: memory, descriptors, database (MINUTES=… for fewer)
	@$(PY) -m bench.engine.soak --minutes "$(or $(MINUTES),15)"

.PHONY: setup
setup: $(VENV)/.npm page ## only make .venv and the studio, with everything a contributor needs

.PHONY: lock
lock: $(VENV)/.dev ## write requirements/*.txt anew from pyproject.toml; UPGRADE=1 also takes newer versions
	@$(PY) tools/lock.py $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## remove .venv, caches and reports
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
		web/node_modules web/build web/src/lib/schema.d.ts src/wanreel/web/dist

# A stamp says that this lock is installed. Older than its lock or than pyproject.toml, it is made again.
# The interpreter is a link to the system's: after an upgrade that breaks it, .venv is made anew.
$(PY):
	@test -n "$(PYTHON)" || { \
		echo "wanreel needs Python 3.11 or newer with the venv module, as python3 or python3.11 to python3.13 on PATH."; \
		echo "Debian and Ubuntu: apt install python3-venv. Elsewhere on this machine: make PYTHON=/path/to/python3 …"; \
		exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.run: $(PY) requirements/run.txt pyproject.toml
	@echo "Installing what wanreel runs on, hashes checked"
	@$(INSTALL) --require-hashes --requirement requirements/run.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing the tools that check it, hashes checked"
	@$(INSTALL) --require-hashes --requirement requirements/dev.txt
	@touch $@

# What the comparison of engines holds ours against; no test needs it.
$(VENV)/.engine: $(VENV)/.dev requirements/engine.txt
	@echo "Installing the other engines, hashes checked"
	@$(INSTALL) --require-hashes --requirement requirements/engine.txt
	@touch $@

# The JavaScript strangers the emulator is tried with; npm comes from a Python wheel.
$(VENV)/.npm: $(VENV)/.dev $(STRANGERS)/package-lock.json
	@echo "Installing the AI SDK for its test"
	@PATH="$(abspath $(VENV))/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --silent --prefix $(STRANGERS)
	@touch $@

# What the studio is built with, likewise; no package's script is run.
$(VENV)/.web: $(VENV)/.dev web/package-lock.json
	@echo "Installing what the studio is built with"
	@PATH="$(abspath $(VENV))/bin:$$PATH" npm ci --ignore-scripts --no-audit --no-fund --silent --prefix web
	@touch $@
