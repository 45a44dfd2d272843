#!/usr/bin/env bash
# What:  dump_svmlight_file writes 16 digits, one too few for a double: two numbers in five come back as their neighbour.
# With:  scikit-learn 1.9.1, pandas 3.1.1, numpy 2.4.6, scipy 1.17.1 (Python 3.11 or newer).
# Hurts: who hands one table to several solvers as LIBSVM files and compares optima, or patterns of signs on rows that are multiples of each other.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scikit-learn==1.9.1 pandas==3.1.1 numpy==2.4.6 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
import io
from importlib.metadata import version

import numpy as np
import pandas as pd
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

print(*(f"{name} {version(name)}" for name in ("scikit-learn", "pandas", "numpy")))
print("Expected: what is written as text and read again is the same table, as with pandas' CSV or NumPy's savetxt.")
rng = np.random.default_rng(0)
X, y = rng.standard_normal((1000, 5)), rng.standard_normal(1000)
file = io.BytesIO()
dump_svmlight_file(X, y, file)
file.seek(0)
back, targets = load_svmlight_file(file)
text = io.StringIO(pd.DataFrame(X).to_csv(index=False))
kept = {
    "svmlight, samples": np.mean(back.toarray() == X),
    "svmlight, targets": np.mean(targets == y),
    "CSV by pandas": np.mean(pd.read_csv(text).to_numpy() == X),
}
for name, share in kept.items():
    print(f"{name:18} {share:.1%} come back as they were")
assert 0.5 < kept["svmlight, samples"] < 0.65 and kept["CSV by pandas"] == 1, "this has changed"
worst = abs(back.toarray() / X - 1).max()
print(f"Seen: errors up to {worst:.1e} of the number. Write with numpy.savez or CSV where bits matter.")
P
