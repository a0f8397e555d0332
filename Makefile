# `make run` and `make test` are all you need; both install what's missing, once.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PORT := $(or $(STREAMLIT_SERVER_PORT),8501)

.PHONY: run test lint bench browser
.DEFAULT_GOAL := run

run: .venv/installed
	@echo "Copydesk starts on http://localhost:$(PORT) (Ctrl+C stops it; batches continue at the next start)."
	@$(BIN)/streamlit run app.py

test: .venv/installed-for-tests browser
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Takes several minutes; the figures only mean something on an otherwise idle machine.
bench: .venv/installed-for-tests
	$(BIN)/python -m tests.benchmarks

# Browser tests use the machine's Chromium; if there's none, this installs one if it can.
browser: .venv/installed-for-tests
	@$(BIN)/python -m tests.support.browser

.venv/installed: requirements.txt constraints.txt
	@test -n "$(PYTHON)" || { echo "Copydesk needs Python 3.11 or newer, which wasn't found."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/installed-for-tests: .venv/installed requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@
