# The words of the README: make run, make test, make check, make bench.

PYTHON ?= python3
BIN := .venv/bin
RELEASES := $(if $(AIM_RELEASES),$(AIM_RELEASES),releases)
# State of the demonstration in that directory, apart from any real one.
STATE := demo/state-$(notdir $(RELEASES:/=))

.PHONY: setup run test check bench format lock browser clean
.DELETE_ON_ERROR:

setup: .venv/installed

.venv/installed: pyproject.toml .lock/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: expected Python 3.11 or newer as $(PYTHON); name another with 'make PYTHON=…'" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .lock/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# A demonstration release where there is no release at all.
$(RELEASES)/current/manifest.json: | setup
	$(BIN)/aim-monitor demo --out demo
	rm -rf $(STATE)
	$(BIN)/aim-monitor publish --public demo/public --licenses "$$(ls demo/licenses-*.parquet | tail -n 1)" \
	  --policy demo/policy.toml --decisions demo/decisions.csv --state $(STATE) --out $(RELEASES)

run: setup $(RELEASES)/current/manifest.json
	AIM_RELEASES=$(RELEASES) $(BIN)/aim-monitor serve

test: setup browser
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m tests.bench

# Debian's Chromium for the browser tests: found, or installed where that is possible, or a clear error.
browser:
	@tests/browser/chromium.sh

LOCK := pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
  --no-emit-find-links --no-emit-trusted-host
lock: setup
	$(BIN)/$(LOCK) -o .lock/run.txt pyproject.toml
	$(BIN)/$(LOCK) --extra dev -c .lock/run.txt -o .lock/dev.txt pyproject.toml

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info
