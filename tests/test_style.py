"""How notebooks and package are written: sizes, docstrings, types, private names."""

import subprocess
import sys

import pytest
import style_table
from style_table import MEASURES, ROOT, exceptions

NEEDS = {"lines mypy objects to": "mypy", "faults in public docstrings": "numpydoc"}


def test_exceptions_are_of_known_measures():
    assert set(exceptions()) <= set(MEASURES)


@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_new_is_over_its_limit(measure):
    pytest.importorskip(NEEDS.get(measure, "json"))
    now, listed = MEASURES[measure](), exceptions().get(measure, {})
    grown = {f: (n, listed.get(f, "")) for f, n in now.items() if n > listed.get(f, 0)}
    assert not grown, f"{measure}: {grown} (now, listed)"
    stale = {f: (n, now.get(f, 0)) for f, n in listed.items() if n > now.get(f, 0)}
    assert not stale, (
        f"{measure}: {stale} (listed, now); run python tests/style_table.py --shrink"
    )


@pytest.mark.parametrize("what", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_nothing(what):
    pytest.importorskip("ruff")
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *what, "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


def test_the_table_has_a_row_a_notebook():
    head, *rows = style_table.table()
    assert len(rows) == len(style_table.PAGES) + len(style_table.ENGINE)
    assert {len(row) for row in rows} == {len(head)}


def test_measures_see_what_they_count(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(
        "from fixntk.masks import _names, Masks\n"
        "def f(a: int, *b) -> int:\n"
        "    from .design import Design\n"
        "    return a._hidden\n"
        "class C:\n"
        "    def _own(self): return self._own()\n"
        "    def g(self) -> int: return 1\n"
        '__all__ = ["f", "C"]\n'
    )
    assert style_table.borrowed_private_names(page) == ["_names", "_hidden"]
    assert len(style_table.late_imports(page)) == 1
    assert list(style_table.hints_missing(page)) == ["f"]
    assert style_table.wide("#| fig-cap: " + "a " * 60 + "\n" + "b " * 60) == 1
