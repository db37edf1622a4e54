# The words of the README: make run, make test, make check, make bench.

PYTHON ?= python3
BIN := .venv/bin
RELEASES := $(if $(AIM_RELEASES),$(AIM_RELEASES),releases)
# State of the demonstration in that directory, apart from any real one.
STATE := demo/state-$(subst /,_,$(RELEASES:/=))

.PHONY: setup run test check abuse bench format lock licenses browser nginx clean
.DELETE_ON_ERROR:

setup: .venv/installed .venv/compressed

.venv/installed: pyproject.toml .lock/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: expected Python 3.11 or newer as $(PYTHON); name another with 'make PYTHON=…'" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .lock/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Plotly with just what the figures use, from npm's packages as pinned in the lock; the full one of Python's package
# serves where that is not possible, and it is tried again the next time.
.venv/bundled: $(wildcard dashboard/bundle/*) | .venv/installed
	@rm -rf .venv/bundle assets/built/plotly.js
	@mkdir -p assets/built
	@cp -r dashboard/bundle .venv/bundle
	@if ! command -v npm > /dev/null; then \
	  echo "make: npm is missing (Node.js 20 or newer): Plotly's full bundle will be served, four times as large" >&2; \
	elif ( cd .venv/bundle \
	    && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 \
	    && node build.mjs ../bundle.js ); then \
	  mv .venv/bundle.js assets/built/plotly.js && touch $@; \
	else \
	  echo "make: npm could not build Plotly's bundle: the full one will be served, four times as large" >&2; \
	fi
	@rm -rf .venv/bundle

# Compressed copies of all that pages load; without them the server compresses at its first use, less.
.venv/compressed: .venv/installed .venv/bundled $(wildcard assets/*.*)
	$(BIN)/python -m dashboard.statics
	touch $@

PUBLISH_DEMO := $(BIN)/aim-monitor publish --public demo/public --policy demo/policy.toml \
  --decisions demo/decisions.csv --state $(STATE) --out $(RELEASES)
# Its presence tells that license months of the demonstration are still to be published.
REST := $(STATE)-rest

# Weekly license snapshots: so many that two whole months have been built up week by week; with the last one a month
# closes.
WEEKS := 12
AS_OF := 2026-11-13

# A demonstration release where there is no release at all: the last 12 license months as of the first snapshot.
.PRECIOUS: $(RELEASES)/current/manifest.json
$(RELEASES)/current/manifest.json: | setup
	$(BIN)/aim-monitor demo --out demo --weeks $(WEEKS) --as-of $(AS_OF)
	rm -rf $(STATE)
	touch $(REST)
	file="$$(ls demo/licenses-*.parquet | head -n 1)"; day="$${file#demo/licenses-}"; \
	$(PUBLISH_DEMO) --last 12 --licenses "$$file" --as-of "$${day%.parquet}"

# What its current release lacks: the older license months, as of the same day, then a release for each later week.
define PUBLISH_REST
shown="$$($(BIN)/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["license"]["as_of"])' \
  $(RELEASES)/current/manifest.json)" || exit; \
for file in demo/licenses-*.parquet; do \
  day="$${file#demo/licenses-}"; day="$${day%.parquet}"; \
  if [ "$$day" = "$$shown" ]; then \
    $(PUBLISH_DEMO) --licenses "$$file" --as-of "$$day" || exit; \
  elif expr "$$day" \> "$$shown" > /dev/null; then \
    $(PUBLISH_DEMO) --last 1 --licenses "$$file" --as-of "$$day" || exit; \
  fi; \
done; \
rm -f $(REST)
endef

# In a demonstration the rest is published behind the server, which swaps in each release.
run: setup $(RELEASES)/current/manifest.json
	@if [ -e $(REST) ]; then \
	  echo "older license months and later weeks are being published behind the server; log: demo/publish.log"; \
	  ( $(PUBLISH_REST) ) > demo/publish.log 2>&1 & \
	fi; \
	AIM_RELEASES=$(RELEASES) AIM_LOG=$${AIM_LOG:-text} exec $(BIN)/aim-monitor serve

test: setup browser nginx
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.supply

# The list of licenses anew, after a change of the locks or the bundle.
licenses: setup
	$(BIN)/python -m tests.supply --write

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Beside a naive Dash page; with more rows; publication and queries; surge tests on real figures. QUICK=--quick does less.
bench: setup browser
	$(BIN)/python -m tests.bench.web $(QUICK)
	$(BIN)/python -m tests.bench.growth $(QUICK)
	$(BIN)/python -m tests.bench --months $(if $(QUICK),6,24)
	$(BIN)/python -m tests.bench.backtest

# Every crafted request and 10,000 random ones, to the application in process.
abuse: setup
	$(BIN)/python -m tests.abuse --requests 10000 --crafted

# Debian's Chromium for the browser tests: found, or installed where that is possible, or a clear error.
browser:
	@tests/browser/chromium.sh

# Debian's nginx for the tests of operation, likewise.
nginx:
	@tests/operation/nginx.sh

LOCK := pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
  --no-emit-find-links --no-emit-trusted-host
lock: setup
	$(BIN)/$(LOCK) -c .lock/held.in -o .lock/run.txt pyproject.toml
	$(BIN)/$(LOCK) --extra dev -c .lock/run.txt -o .lock/dev.txt pyproject.toml

clean:
	rm -rf .venv assets/built .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info
