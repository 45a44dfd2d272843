# make book: from nothing to a page.  make test: every test.  make check: the quick ones.
# Each sets up what it needs of .venv on first use.
PYTHON ?= python3
BIN := .venv/bin
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -q
TOOLS := .venv/.tools
READY := .venv/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.PHONY: help book pdf links test test-lowest test-newest check lab refresh bench clean
help:
	@echo "make book     execute every chapter and build the book: _build/html/index.html"
	@echo "make pdf      the book as one PDF: _build/fixntk.pdf (ARGS=--engine puts the engine room in)"
	@echo "make links    ask every site that the book links to"
	@echo "make test     every test: chapters, repository, package, the book in a browser, which it gets if there is none"
	@echo "make test-lowest, make test-newest: the package's tests on the oldest and the newest versions it promises"
	@echo "make check    the quick ones: package in sync, notebooks clean, ruff, style"
	@echo "make lab      open the notebooks in JupyterLab"
	@echo "make refresh  format, export, re-execute the chapters in place and clean them (ARGS='nbs/03_masks.ipynb' for one)"
	@echo "make bench    time the solvers beside others: two hours, and several GB for their packages"
	@echo "make clean    remove what was built (the environment .venv stays; rm -r .venv removes it)"

$(TOOLS): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "fixntk needs Python 3.10 or newer, and '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)."; \
	  echo "Install one, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: its venv or ensurepip module is missing."; \
	  echo "On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making the environment .venv, with the tools of the quick tests: once, about a minute."
	@$(PYTHON) -m venv --clear .venv
	@$(INSTALL) -e ".[check]"
	@touch $(TOOLS)

$(READY): $(TOOLS)
	@echo "Installing the tools of the book and of all tests: once, one to two minutes."
	@$(INSTALL) -e ".[dev,book]"
	@touch $(READY)

book: $(READY)
	@nbdev_export
	@python nbs/_ext/exec_nbs.py
	@jupyter-book build nbs --path-output . -W -n --keep-going -q
	@echo "The book is ready. Its first page: $(CURDIR)/_build/html/index.html"

pdf: $(READY)
	@python tests/get_browser.py
	@$(MAKE) --no-print-directory book
	@python nbs/_ext/book_pdf.py $(ARGS)

links: $(READY)
	@python nbs/_ext/exec_nbs.py
	@jupyter-book build nbs --path-output . --builder linkcheck -q

test: $(READY)
	@python tests/get_browser.py
	@$(MAKE) --no-print-directory check
	@OPENBLAS_NUM_THREADS=1 nbdev_test --timing --do_print --n_workers 2
	@$(MAKE) --no-print-directory book
	@FIXNTK_BOOK=required python -m pytest

check: $(TOOLS)
	@ruff check .
	@ruff format --check -q .
	@python -m pytest -q tests/test_repo.py tests/test_style.py

# Environments of their own, of what users have: the package and its extras, without the book's tools.
OF_TOOLS := repo style book browser get_browser package drag access downloads pdf publish
test-lowest test-newest: test-%:
	@test -d .venv-$* || $(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --disable-pip-version-check -q -e ".[test]" -c tests/constraints-$*.txt
	@OPENBLAS_NUM_THREADS=1 .venv-$*/bin/python -m pytest -q -p no:cacheprovider $(OF_TOOLS:%=--ignore tests/test_%.py)

lab: $(READY)
	@python -m pip install --disable-pip-version-check -q -e ".[lab]"
	@jupyter lab nbs

refresh: $(READY)
	@ruff format -q nbs
	@nbdev_export
	@python nbs/_ext/exec_nbs.py --inplace $(ARGS)
	@nbdev_clean

clean:
	rm -rf _build _proc _docs build dist *.egg-info nbs/jupyter_execute

# A separate environment: some of the other solvers want older companions than the book does.
BENCH := .venv-bench/bin/python
bench:
	@test -d .venv-bench || $(PYTHON) -m venv .venv-bench
	@$(BENCH) -m pip install --disable-pip-version-check -q -e ".[bench]"
	@$(BENCH) -m pip install --disable-pip-version-check -q --no-deps adelie
	@$(BENCH) -m pip install --disable-pip-version-check -q "ipython<9" pyscnn \
	  || echo "pyscnn does not install here; its rows will say so"
	@OPENBLAS_NUM_THREADS=1 $(BENCH) benchmarks/bench_masks.py
	@OPENBLAS_NUM_THREADS=1 $(BENCH) benchmarks/bench_columns.py
	@$(BENCH) benchmarks/bench_threads.py
	@$(BENCH) benchmarks/bench_large.py
	@$(BENCH) benchmarks/bench_solvers.py $(ARGS)
	@$(BENCH) benchmarks/bench_relu.py
	@$(BENCH) benchmarks/bench_estimators.py
	@$(BENCH) benchmarks/bench_losses.py
	@$(BENCH) benchmarks/bench_judges.py
