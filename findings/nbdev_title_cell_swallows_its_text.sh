#!/usr/bin/env bash
# What:  nbdev turns the first Markdown cell with a level-one heading into front matter and drops everything else that stands in that cell.
# With:  nbdev 2.4.14, execnb 0.1.18, fastcore 1.14.5, ghapi 1.1.1 (Python 3.11).
# Hurts: who opens a notebook with title and introduction in one cell, as Jupyter Book has it, and publishes it by nbdev_docs.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check nbdev==2.4.14 execnb==0.1.18 fastcore==1.14.5 ghapi==1.1.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
cd "$work"
"$work/env/bin/python" - <<'P'
from importlib.metadata import version

from execnb.nbio import mk_cell, new_nb, read_nb, write_nb
from nbdev.frontmatter import FrontmatterProc
from nbdev.process import NBProcessor

print("nbdev", version("nbdev"), "execnb", version("execnb"))
print("Expected: the title becomes front matter, and the sentence below it stays on the page.")
text = "# Masks\n\nA network has many gates; this chapter lists what they can do."
write_nb(new_nb([mk_cell(text, "markdown"), mk_cell("Second cell.", "markdown")]), "masks.ipynb")
page = NBProcessor(nb=read_nb("masks.ipynb"), procs=[FrontmatterProc])
page.process()
shown = [cell.source for cell in page.nb.cells]
print(shown)
assert "title: Masks" in shown[0] and not any("many gates" in source for source in shown), "this has changed"
print("Seen: the sentence is gone. Put the title into a cell of its own, or leave FrontmatterProc out by skip_procs.")
P
