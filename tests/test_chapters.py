"""What every chapter promises its reader: an opening, an ending, exercises of each kind, checks for its statements."""

import re

import nbformat
import pytest
from prose_numbers import NBS, asserts, census, is_held, literals, numbers, pages

CHAPTERS = sorted(NBS.glob("[0-9]*.ipynb"))
STATEMENT = re.compile(
    r"\{prf:(theorem|lemma|proposition|corollary|claim)\}[^\n]*\n(?::label: ([\w-]+))?"
)
EXERCISE = re.compile(r"^`{3,}\{exercise\} ([^\n]*)\n:label: ([\w-]+)", re.M)
SOLUTION = re.compile(r"^`{3,}\{solution\} ([\w-]+)\n:class: dropdown", re.M)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
each_page = pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)


def cells_of(path):
    return nbformat.read(path, 4).cells


def markdown_of(path):
    return [cell.source for cell in cells_of(path) if cell.cell_type == "markdown"]


def opening_of(path):
    "The cells before the first heading below the title; the last one is cut there."
    opening = []
    for cell in cells_of(path):
        before = re.split(r"^## ", cell.source, maxsplit=1, flags=re.M)
        if cell.cell_type == "markdown" and len(before) == 2:
            cell.source = before[0]
            return [*opening, cell]
        opening.append(cell)
    raise AssertionError("no heading")


def words_of(text):
    "Words that a reader reads: no figures with their captions, no links' targets."
    text = re.sub(r":::\{figure\}.*?^:::$", "", text, flags=re.S | re.M)
    text = re.sub(r"<[^>]+>|\]\([^)]*\)", " ", text)
    return re.findall(r"\w[^\s]*", text)


@each_chapter
def test_a_chapter_opens_with_a_question_and_a_picture(path):
    cells = opening_of(path)
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    drawn = [c for c in cells if c.cell_type == "code" and "label: fig-" in c.source]
    assert "?" in text and (drawn or "{figure}" in text)
    assert len(words_of(text)) <= 120, len(words_of(text))


@each_chapter
def test_a_chapter_ends_with_what_the_reader_can_do(path):
    ending = markdown_of(path)[-1]
    assert ending.startswith("## What you can do now")
    assert (
        re.search(r"\]\([\w/]+\.(?:ipynb|md)", ending) and len(words_of(ending)) <= 150
    )


@each_chapter
def test_exercises_are_of_each_kind_and_have_solutions(path):
    text = "\n".join(markdown_of(path))
    found = EXERCISE.findall(text)
    assert 3 <= len(found) <= 5
    for kind in ("Explore: ", "Predict: "):
        assert any(title.startswith(kind) for title, _ in found), kind
    assert sorted(SOLUTION.findall(text)) == sorted(label for _, label in found)


@each_chapter
def test_the_five_points_return_or_the_chapter_says_why_not(path):
    text = "\n".join(cell.source for cell in cells_of(path))
    assert re.search(
        r"toy_line\(\s*5\b|fixntk-drag|[Tt]he five points have nothing to say", text
    )


@each_page
def test_every_statement_has_a_cell_that_checks_it(path):
    cells = cells_of(path)
    stated = [match for text in markdown_of(path) for match in STATEMENT.findall(text)]
    assert all(label for _, label in stated), "a statement without a label"
    checked = {}
    for cell in cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("checks-"):
                checked.setdefault(tag.removeprefix("checks-"), []).append(cell)
    assert set(checked) == {label for _, label in stated}
    for label, own in checked.items():
        assert any(map(asserts, own)), f"no cell of {label} asserts anything"
        for cell in own:
            assert cell.cell_type == "code" and "remove-cell" not in cell.metadata.tags
            assert not re.search(r"^#\|\s*(slow|eval: false)", cell.source, re.M)


def test_the_statements_are_counted():
    "Fewer would mean that the pattern above has lost some."
    texts = ["\n".join(markdown_of(path)) for path in pages()]
    assert sum(len(STATEMENT.findall(text)) for text in texts) >= 66


@each_page
def test_numbers_in_prose_are_held_by_code(path):
    loose = [shown for kind, shown, _ in census(path) if kind == "loose"]
    assert not loose, loose


def test_numbers_are_read_as_they_are_printed():
    text = (
        "In 2019 we saw $1.5 \\cdot 10^{-3}$ and 45 000 rows, 34 per cent, by (8) and Theorem 6.1,"
        " `0.7`, $10^6$, $x^{12}$ and $\\frac{13}{17}$ of 3.10.4."
    )
    found = [(round(value, 9), round(step, 9)) for value, step, _ in numbers(text)]
    assert found[:3] == [(0.0015, 0.0001), (45000, 1), (34, 1)]
    assert (1e6, 1e6) in found and all(
        value not in (12, 13, 17, 0.7) for value, _ in found
    )
    assert literals("x = 1_000 + 0.5e-3; y = [12, .25]; n = 45 000") == [
        1000,
        5e-4,
        12,
        0.25,
        45000,
    ]
    assert (
        is_held(34, 1, [0.3361])
        and is_held(0.28, 0.01, [0.2799])
        and is_held(1.4, 0.1, [1.449])
    )
    assert not is_held(0.28, 0.01, [0.2712]) and not is_held(45000, 1, [450.0])
