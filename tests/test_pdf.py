"""`make pdf`, on the first page and one chapter: outline, page numbers, typeset mathematics, links that stay inside."""

import re
import subprocess
import sys
from pathlib import Path

import get_browser
import pytest
from conftest import lacking

SCRIPT = Path(__file__).resolve().parents[1] / "nbs" / "_ext" / "book_pdf.py"
NAMES = ["index", "03_masks"]


@pytest.fixture(scope="module")
def made(book, tmp_path_factory):
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("playwright")
    if not get_browser.find():
        lacking(get_browser.REMEDY)
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    # by itself: the browser of the other tests holds this process
    command = [sys.executable, SCRIPT, "--out", path, *NAMES]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reader = pypdf.PdfReader(path)
    assert f"{len(reader.pages)} pages" in done.stdout and len(reader.pages) > 15
    assert "links lead to pages that are not in it" in done.stdout
    return reader


@pytest.fixture(scope="module")
def texts(made):
    return [page.extract_text() for page in made.pages]


def test_the_outline_leads_to_chapters_and_sections(made):
    chapters = [one for one in made.outline if not isinstance(one, list)]
    titles = [one.title for one in chapters]
    assert titles == ["Contents", "Fixing the NTK", "3. Masks"]
    sections = made.outline[made.outline.index(chapters[2]) + 1]
    assert "Exercises" in [one.title for one in sections if not isinstance(one, list)]
    page = made.pages[made.get_destination_page_number(chapters[2])]
    assert "3. Masks" in page.extract_text()


def test_every_page_but_the_first_has_its_number(texts):
    for number, text in enumerate(texts[1:], 2):
        last = text.strip().splitlines()[-1]
        assert re.search(rf"(^|\D){number}$", last), (number, last)


def test_the_contents_name_the_page_of_each_chapter(made, texts):
    for one in made.outline:
        if not isinstance(one, list) and one.title != "Contents":
            number = made.get_destination_page_number(one) + 1
            assert re.search(rf"{re.escape(one.title)}\s*{number}\b", texts[1]), (
                one.title
            )


def test_mathematics_is_typeset(made, texts):
    "The browser draws the glyphs of MathJax's fonts itself, as a font of type 3; its source is nowhere."
    assert not re.search(r"\\(frac|lambda|top|\()", "".join(texts))
    fonts = set()
    for page in made.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            fonts.add(str(font.get_object()["/Subtype"]))
    assert fonts == {"/Type0", "/Type3"}


def test_links_stay_inside(made):
    inside = 0
    for page in made.pages:
        for one in page.get("/Annots", []):
            link = one.get_object()
            address = str(link.get("/A", {}).get("/URI", ""))
            assert not address.startswith("http://127.0.0.1"), address
            inside += "/Dest" in link
    assert inside > 10
