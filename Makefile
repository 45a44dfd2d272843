# make book: from nothing to a page.  make test: every test.  make check: the quick ones.
# Each sets up what it needs of .venv on first use.
PYTHON ?= python3
BIN := .venv/bin
INSTALL = $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off -q
TOOLS := .venv/.tools
READY := .venv/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.PHONY: help book pdf links quarto test test-lowest test-newest check fuzz mutants lab refresh bench lock release clean
help:
	@echo "make book     execute every chapter and build the book: _build/html/index.html"
	@echo "make pdf      the book as one PDF: _build/fixntk.pdf (ARGS=--engine puts the engine room in)"
	@echo "make links    ask every site that the book links to"
	@echo "make quarto   the same notebooks as a Quarto site, where Quarto is installed: _docs/index.html"
	@echo "make test     every test: chapters, repository, package, the book in a browser, which it gets if there is none"
	@echo "make test-lowest, make test-newest: the package's tests on the oldest and the newest versions it promises"
	@echo "make check    the quick ones: package in sync, notebooks clean, ruff, style"
	@echo "make fuzz     5000 random cases of every function against slow answers: an hour or more (EXAMPLES=300 for fewer)"
	@echo "make mutants  change one thing of one cell at a time, and see whether its page or a test notices: an hour or more"
	@echo "make lab      open the notebooks in JupyterLab"
	@echo "make refresh  format, export, re-execute the chapters in place and clean them (ARGS='nbs/03_masks.ipynb' for one)"
	@echo "make bench    time the solvers beside others: two hours, and several GB for their packages"
	@echo "make lock     refresh requirements-book.txt, the book's tools with hashes (make book LOCKED=yes installs from it)"
	@echo "make release  all of a release but the upload (DRAFT=yes to try)"
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
	@test -z "$(LOCKED)" || $(INSTALL) --require-hashes -r requirements-book.txt
	@$(INSTALL) -e ".[check]"
	@touch $(TOOLS)

$(READY): $(TOOLS)
	@echo "Installing the tools of the book and of all tests: once, one to two minutes."
	@$(INSTALL) -e ".[dev,book]"
	@touch $(READY)

book: $(READY)
	@nbdev_export
	@python nbs/_ext/exec_nbs.py $(SHOWN)
	@jupyter-book build nbs --path-output . -W -n --keep-going -q
	@echo "The book is ready. Its first page: $(CURDIR)/_build/html/index.html"

quarto: $(READY)
	@command -v quarto >/dev/null || { echo "Quarto is missing: https://quarto.org/docs/get-started"; exit 1; }
	@rm -rf _proc _docs
	@PYTHONPATH=nbs/_ext nbdev_docs

pdf: $(READY)
	@python tests/get_browser.py
	@$(MAKE) --no-print-directory book
	@python nbs/_ext/book_pdf.py $(ARGS)

links: $(READY)
	@python nbs/_ext/exec_nbs.py
	@jupyter-book build nbs --path-output . --builder linkcheck -q

# What waits for a browser or for pip; the rest computes.
OF_PAGES := access book browser downloads drag explore pdf publish quarto release
test: $(READY)
	@python tests/get_browser.py
	@$(MAKE) --no-print-directory check
	@OPENBLAS_NUM_THREADS=1 nbdev_test --timing --do_print --n_workers 2
	@$(MAKE) --no-print-directory book SHOWN="--committed engine"
	@echo "The pages in a browser and the package's numbers, side by side; the pages' report comes last."
	@FIXNTK_BOOK=required python -m pytest $(OF_PAGES:%=tests/test_%.py) > _build/pages.log 2>&1 & pages=$$!; \
	  failed=0; FIXNTK_BOOK=required python -m pytest $(OF_PAGES:%=--ignore tests/test_%.py) || failed=1; \
	  wait $$pages || failed=1; cat _build/pages.log; exit $$failed

check: $(TOOLS)
	@ruff check .
	@ruff format --check -q .
	@python -m pytest -q tests/test_repo.py tests/test_style.py tests/test_chapters.py

fuzz: $(READY)
	@OPENBLAS_NUM_THREADS=1 python -m pytest -q tests/test_fuzz.py --hypothesis-profile=slow --durations=10

# Pages alone first, which is quick; then the tests that concern what the pages did not notice.
mutants: $(READY)
	@OPENBLAS_NUM_THREADS=1 python tests/mutants.py --pages $(ARGS)
	@OPENBLAS_NUM_THREADS=1 python tests/mutants.py --survived $(ARGS)
	@python tests/mutants.py --table

# Environments of their own, of what users have: the package and its extras, without the book's tools.
OF_TOOLS := repo style chapters book browser get_browser package drag explore quarto release access downloads pdf publish
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

# The versions that are installed when LOCKED is set: for every Python and system that the project promises.
lock: $(TOOLS)
	@test -d .venv-lock || $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --disable-pip-version-check -q -U uv
	@.venv-lock/bin/uv pip compile pyproject.toml --extra dev --extra book --universal --python-version 3.10 -q -U \
	  --generate-hashes --no-emit-package fixntk --custom-compile-command "make lock" -o requirements-book.txt
	@python -m pytest -q tests/test_release.py -k lock

release: $(READY)
	@python tests/release.py $(if $(DRAFT),--draft)

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
	@$(BENCH) -m pip install --disable-pip-version-check -q relucent || echo "relucent does not install here"
	@$(BENCH) -m pip install --disable-pip-version-check -q neural-tangents==0.6.5 jax==0.5.3 jaxlib==0.5.3 \
	  || echo "neural-tangents does not install here"
	@$(BENCH) -m pip install --disable-pip-version-check -q himalaya==0.4.11 packaging || echo "himalaya does not install here"
	@OPENBLAS_NUM_THREADS=1 $(BENCH) benchmarks/bench_masks.py
	@OPENBLAS_NUM_THREADS=1 $(BENCH) benchmarks/bench_columns.py
	@$(BENCH) benchmarks/bench_threads.py
	@$(BENCH) benchmarks/bench_large.py
	@$(BENCH) benchmarks/bench_solvers.py $(ARGS)
	@$(BENCH) benchmarks/bench_relu.py
	@$(BENCH) benchmarks/bench_estimators.py
	@$(BENCH) benchmarks/bench_losses.py
	@$(BENCH) benchmarks/bench_compare.py
	@$(BENCH) benchmarks/bench_judges.py
	@$(BENCH) benchmarks/bench_mixtures.py
	@$(BENCH) benchmarks/bench_regions.py
	@$(BENCH) benchmarks/bench_tangents.py
