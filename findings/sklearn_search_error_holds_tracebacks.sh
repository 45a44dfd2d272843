#!/bin/sh
# What: if all fits of a GridSearchCV fail, the ValueError's text holds whole tracebacks, "Traceback (most recent call last)" included.
# Versions: scikit-learn 1.9.1 with numpy 2.4.6; error_score="raise" gives the error of the fit itself.
# Hurts: commands that print str(error) and promise a line of words, and logs that are searched for tracebacks.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install -q --disable-pip-version-check --target "$folder" "scikit-learn==1.9.1" "numpy==2.4.6" \
    || { echo "cannot be tried: pip found no packages" >&2; exit 2; }

cat > "$folder/try.py" <<'PROGRAM'
import sys
from importlib.metadata import version

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

texts = []
for how in ({}, {"error_score": "raise"}):
    try:
        GridSearchCV(Ridge(), {"alpha": [-1.0]}, cv=2, **how).fit(np.ones((4, 1)), np.ones(4))
    except ValueError as error:
        texts.append(str(error))
print(f"scikit-learn {version('scikit-learn')}, numpy {version('numpy')}, Python {sys.version.split()[0]}")
print("  expected: an error in a few lines of words, both times")
for text in texts:
    print(f"  came:     {len(text.splitlines())} lines, {'with' if 'Traceback (most' in text else 'without'} a traceback in them")
sys.exit(0 if ["Traceback (most" in text for text in texts] == [True, False] else 3)
PROGRAM
code=0
PYTHONPATH="$folder" "${PYTHON:-python3}" "$folder/try.py" || code=$?
[ $code -eq 0 ] && { echo "as described"; exit 0; }
[ $code -eq 3 ] && { echo "changed: scikit-learn 1.9.1 behaves otherwise"; exit 1; }
exit 2
