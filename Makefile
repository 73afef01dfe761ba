# Two commands for people: `make run` and `make test`. Everything lives in .venv; nothing else is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

PYTEST := TECHDOCTOR_OFFLINE=1 $(BIN)/python -m pytest
# Bytecode in place: where Python may not write it itself (PYTHONDONTWRITEBYTECODE, another user's files), each start
# would compile the whole program again, which takes longer than the program.
COMPILE := $(BIN)/python -m compileall -q src

# Laboratories measure real networks, disks and processors. What failed beside other tests has to pass by itself;
# what fails then has failed.
AGAIN := $(PYTEST) --last-failed --last-failed-no-failures none

.PHONY: run test lint packages windows-check clean

run: $(VENV)/.installed
	@$(BIN)/techdoctor diagnose $(WORDS); code=$$?; \
	case $$code in 1|3|4|5|130) ;; *) exit $$code;; esac  # an outcome that was told is no failure of make

test: packages $(VENV)/.installed-dev
	@failed=0; \
	$(PYTEST) -n $(WORKERS) --dist loadgroup -m "not alone" || $(AGAIN) -m "not alone" || failed=1; \
	$(PYTEST) -m alone || $(AGAIN) -m alone || failed=1; \
	exit $$failed

# What CI checks beside the tests.
lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	TECHDOCTOR_OFFLINE=1 $(BIN)/techdoctor playbook lint playbooks
	TECHDOCTOR_OFFLINE=1 $(BIN)/techdoctor playbook test playbooks --orders 30

# The Debian packages that the fault laboratories need; elsewhere those tests skip and say so.
packages:
	@sh tests/lab/install_packages.sh

# Windows' Python under Wine, built from packages (minutes, 800 MB); says what runs there. Not part of `make test`.
WINDOWS ?= .windows
windows-check: $(VENV)/.installed-dev
	@command -v wine >/dev/null && command -v x86_64-w64-mingw32-gcc >/dev/null && command -v unzip >/dev/null || \
	    { echo "Needs the packages wine, wine64, gcc-mingw-w64-x86-64 and unzip."; exit 2; }
	PIP="$(CURDIR)/$(BIN)/python -m pip" sh tests/windows/build.sh $(WINDOWS)
	$(BIN)/python tests/windows/under_wine.py $(WINDOWS)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev,crypto]"
	@$(COMPILE)
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
