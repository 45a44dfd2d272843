"""A chapter downloaded from its page runs in an empty folder: its first cell writes what the chapter reads beside it.

That is the look of the figures, `book.mplstyle`, and tables of `results/`; both are small. A table is read if its
name stands in the code as a word.
"""

import base64
import re
import zlib
from pathlib import Path
from textwrap import fill

import nbformat

NBS = Path(__file__).resolve().parents[1]
STYLE = "book.mplstyle"
WORDS = """# Downloaded alone, this page lacks the files that stand beside it in the book. They follow here, packed,
# and are written where there are none; the rest comes with: pip install 'fixntk[book]'
# Cells marked slow take minutes; nothing below them needs them.
import base64
import zlib
from pathlib import Path

beside = {
"""
WRITE = """}
for name, packed in beside.items():
    if not Path(name).exists():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(zlib.decompress(base64.b64decode(packed)))
"""


def needed(code):
    "The files beside the notebooks that `code` reads, by their paths."
    tables = sorted((NBS / "results").glob("*.csv"))
    names = [STYLE] if STYLE in code else []
    if "results/" in code:
        names += [
            f"results/{table.name}"
            for table in tables
            if re.search(rf"""["'/]{table.stem}["'.]""", code)
        ]
    return names


def pack(name):
    packed = base64.b64encode(zlib.compress((NBS / name).read_bytes(), 9)).decode()
    return f'    "{name}": """\n{fill(packed, 88)}""",\n'


def carry(notebook):
    "The notebook, with a first cell that writes what it needs; unchanged if it needs nothing."
    code = "\n".join(one.source for one in notebook.cells if one.cell_type == "code")
    if names := needed(code):
        source = WORDS + "".join(map(pack, names)) + WRITE.rstrip()
        cell = nbformat.v4.new_code_cell(source, id="beside")
        cell.metadata["tags"] = ["hide-input"]
        notebook.cells.insert(0, cell)
    return notebook


def write(app, exception):
    "Sphinx copies the notebooks to `_sources`; write them anew from the originals, so that a second build agrees."
    if exception is None and app.builder.format == "html":
        for path in (app.outdir / "_sources").glob("*.ipynb"):
            original = NBS / path.relative_to(app.outdir / "_sources")
            nbformat.write(carry(nbformat.read(original, as_version=4)), path)


def setup(app):
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
