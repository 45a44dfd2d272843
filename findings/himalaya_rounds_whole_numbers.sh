#!/usr/bin/env bash
# What:  himalaya computes with single precision where it is given whole numbers: targets of eight digits lose their last one, and the fit moves.
# With:  himalaya 0.4.11, scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1 (Python 3.11 or newer).
# Hurts: who fits counts, prices or times in seconds straight from a table of integers, where scikit-learn would work in double precision.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check himalaya==0.4.11 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 packaging \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
from importlib.metadata import version

import himalaya.ridge
import numpy as np
import sklearn.linear_model

print(*(f"{name} {version(name)}" for name in ("himalaya", "scikit-learn", "numpy")))
print("Expected: one ridge, whether its targets are integers or the same numbers as floats, and scikit-learn's ridge.")
X = np.random.default_rng(0).standard_normal((40, 3))
y = 2**24 + 1 + np.arange(40)
theirs = sklearn.linear_model.Ridge(alpha=1.0).fit(X, y).coef_
found = {}
for kind in ("int64", "float64"):
    ridge = himalaya.ridge.Ridge(alpha=1.0, fit_intercept=True).fit(X, y.astype(kind))
    found[kind] = np.ravel(ridge.coef_)
    print(f"targets of {kind}: coefficients {found[kind].round(4).tolist()} in {found[kind].dtype}")
print("scikit-learn, int64:", theirs.round(4).tolist())
assert abs(found["float64"] - theirs).max() < 1e-6 < 1e-3 < abs(found["int64"] - theirs).max(), "this has changed"
print("Seen: with integers the coefficients differ in the second digit or third. Give it floats.")
P
