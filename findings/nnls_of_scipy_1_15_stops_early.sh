#!/usr/bin/env bash
# What:  LinearRegression(positive=True) returns coefficients that are not the best ones: SciPy's nnls ends early, without a word.
# With:  scikit-learn 1.6.1 on scipy 1.15.3 (and not on 1.16.0), numpy 1.26.4 (Python 3.11).
# Hurts: who fits non-negative mixtures (spectra, kernels, stacked models) on tables with more columns than rows.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
for scipy in 1.15.3 1.16.0; do
  "${PYTHON:-python3}" -m venv "$work/$scipy"
  "$work/$scipy/bin/pip" install -q --disable-pip-version-check scikit-learn==1.6.1 numpy==1.26.4 scipy==$scipy \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
  "$work/$scipy/bin/python" - <<'P'
import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LinearRegression

print("scikit-learn", sklearn.__version__, "scipy", scipy.__version__, "numpy", np.__version__)
print("Expected: at the least squares no coefficient can be raised or lowered with gain, on every table.")
missed, worst = 0, 0.0
rng = np.random.default_rng(0)
for _ in range(1000):
    X, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    m = LinearRegression(positive=True, fit_intercept=False).fit(X, y).coef_
    slopes = X.T @ (y - X @ m)
    steepest = np.where(m > 0, abs(slopes), slopes).max() / (np.linalg.norm(X) * np.linalg.norm(y))
    missed, worst = missed + (steepest > 1e-8), max(worst, steepest)
print(f"Seen: {missed} of 1000 fits are not the best; largest slope left {worst:.1e} of |X||y|.")
early = scipy.__version__.startswith("1.15")
assert (missed > 0) == early, "this has changed"
P
done
