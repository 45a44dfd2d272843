#!/usr/bin/env bash
# What:  abess sorts the group labels that it is given, so columns are grouped by their place, not by their label: [0, 1, 0, 1] means [0, 0, 1, 1].
# With:  abess 0.4.11, numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1 (Python 3.11).
# Hurts: who selects groups of columns that do not stand side by side, such as the dummies and interactions of one variable, or the inputs of masks.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check abess==0.4.11 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from abess import LinearRegression

print(*(f"{name} {version(name)}" for name in ("abess", "numpy")))
print("Expected: columns with one label enter and leave together, in whatever order the labels come.")
rng = np.random.default_rng(0)
X = rng.standard_normal((300, 6))
y = X[:, 0] + X[:, 3] + 0.01 * rng.standard_normal(300)
fitted = lambda columns, labels: LinearRegression(support_size=1, group=labels).fit(columns, y).coef_
apart = fitted(X, [0, 1, 2, 0, 1, 2])  # columns 0 and 3 are one group, and the best
order = [0, 3, 1, 4, 2, 5]
beside = np.zeros(6)
beside[order] = fitted(X[:, order], [0, 0, 1, 1, 2, 2])
print("labels 0 1 2 0 1 2, one group allowed:", apart.round(2).tolist())
print("the same columns, reordered so that a group stands together:", beside.round(2).tolist())
assert abs(beside - [1, 0, 0, 1, 0, 0]).max() < 0.01, "this has changed"
assert np.flatnonzero(abs(apart) > 0.01).tolist() == [0, 1], "this has changed"
print("Seen: columns 0 and 1 came in together, which have different labels. Reorder the columns first.")
P
