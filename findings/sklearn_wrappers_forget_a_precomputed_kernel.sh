#!/usr/bin/env bash
# What:  cross-validation cuts rows and columns of a precomputed kernel for KernelRidge, but only rows once it stands in TransformedTargetRegressor or MultiOutputRegressor.
# With:  scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1 (Python 3.11 or newer).
# Hurts: who brings a kernel of a package to scikit-learn and scales its targets: every fold fails, or a search scores NaN.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KernelCenterer, StandardScaler

print(*(f"{name} {version(name)}" for name in ("scikit-learn", "numpy")))
print("Expected: an estimator that hands X to another says of X what the other says.")
rng = np.random.default_rng(0)
X = rng.standard_normal((60, 3))
K, y = X @ X.T, X @ [1.0, 2.0, 3.0] + 0.1 * rng.standard_normal(60)
ridge = KernelRidge(alpha=1.0, kernel="precomputed")
told = {
    "alone": (ridge, y),
    "in a pipeline": (make_pipeline(KernelCenterer(), ridge), y),
    "targets scaled": (TransformedTargetRegressor(ridge, transformer=StandardScaler()), y),
    "two targets": (MultiOutputRegressor(ridge), np.column_stack([y, -y])),
}
scores = {}
for name, (model, targets) in told.items():
    try:
        scores[name] = cross_val_score(model, K, targets, cv=5)
    except ValueError as error:
        scores[name], last = np.full(5, np.nan), str(error).strip().splitlines()[-1]
    print(f"{name:15} R2 {np.mean(scores[name]):.3f}")
print("its reason:", last)
fine = {name: bool(np.isfinite(score).all()) for name, score in scores.items()}
assert fine == {"alone": True, "in a pipeline": True, "targets scaled": False, "two targets": False}, "this has changed"
whole = TransformedTargetRegressor(ridge, transformer=StandardScaler()).fit(K, y).score(K, y)
print(f"Seen: scaled targets fit when all samples are taken (R2 {whole:.3f}), but no fold is cut squarely. Scale them by hand.")
P
