#!/usr/bin/env bash
# What:  every theorem, lemma and solution on a page of a mathematics book gets the same HTML id, so the page is not valid HTML.
# With:  sphinx 7.4.7, sphinx-proof 0.4.0, sphinx-exercise 1.2.1 (Python 3.10 or newer).
# Hurts: who publishes lecture notes with Sphinx or Jupyter Book and has to pass an accessibility check, or jumps to a box by its id.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check sphinx==7.4.7 sphinx-proof==0.4.0 sphinx-exercise==1.2.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
mkdir "$work/pages"; cd "$work/pages"
cat > conf.py <<'P'
extensions = ["sphinx_proof", "sphinx_exercise"]
P
cat > index.rst <<'P'
Notes
=====

.. prf:theorem:: One
   :label: one

   Two is even.

.. prf:theorem:: Two
   :label: two

   Four is even.

.. exercise::
   :label: first

   Is six?

.. solution:: first

   Yes.

.. exercise::
   :label: second

   Is eight?

.. solution:: second

   Yes.
P
../env/bin/python -m sphinx -q -b html . ../out
../env/bin/python - <<'P'
import re
from collections import Counter
from importlib.metadata import version
from pathlib import Path

print({name: version(name) for name in ("sphinx", "sphinx-proof", "sphinx-exercise")})
print("Expected: two theorems and two solutions have ids of their own; HTML allows an id once a page.")
ids = Counter(re.findall(r'\bid="([^"]+)"', Path("../out/index.html").read_text()))
repeated = {name: count for name, count in ids.items() if count > 1}
print("Repeated ids:", repeated)
assert repeated.get("proof-content") == 2 and repeated.get("solution-content") == 2, "this has changed"
print("Seen: the boxes differ by their labels, and what is inside of them all has one id.")
P
