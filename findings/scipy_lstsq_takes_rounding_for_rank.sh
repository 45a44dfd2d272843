#!/usr/bin/env bash
# What:  scipy.linalg.lstsq drops singular values below eps times the largest, numpy.linalg.lstsq below eps times the larger side: SciPy takes rounding for rank.
# With:  scipy 1.17.1, numpy 2.4.6 (Python 3.11 or newer).
# Hurts: who wants the solution of least norm (ridgeless regression, full one-hot tables): more often than not its coefficients are 1e12 and more.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scipy==1.17.1 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
import numpy as np
import scipy
import scipy.linalg

print("scipy", scipy.__version__, "numpy", np.__version__)
print("Expected: two functions of one name and purpose agree on the rank, and on the solution of least norm.")


def products(rng):
    "400 x 200, rank 20."
    return rng.standard_normal((400, 20)) @ rng.standard_normal((20, 200))


def dummies(rng):
    "Four variables of 5, 7, 4 and 12 categories in full, and a constant: rank 25 of 29."
    parts = [np.eye(k)[rng.integers(0, k, 500)] for k in (5, 7, 4, 12)]
    return np.column_stack([*parts, np.ones(500)])


for table, rank in ((products, 20), (dummies, 25)):
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = table(rng)
        y = rng.standard_normal(len(X))
        by_numpy, by_scipy = np.linalg.lstsq(X, y), scipy.linalg.lstsq(X, y)
        told = scipy.linalg.lstsq(X, y, cond=max(X.shape) * np.finfo(float).eps)
        largest = [float(np.abs(x).max()) for x in (by_numpy[0], by_scipy[0], told[0])]
        found.append([by_numpy[2], by_scipy[2], *largest])
    rank_numpy, rank_scipy, *sizes = np.array(found).T
    print(table.__name__, "of rank", rank)
    print(f"  numpy finds it in {np.sum(rank_numpy == rank)} of 40, largest coefficient of all {sizes[0].max():.2g}")
    print(f"  scipy finds it in {np.sum(rank_scipy == rank)} of 40, largest coefficient of all {sizes[1].max():.2g}")
    print(f"  scipy with cond=max(X.shape) * eps: {sizes[2].max():.2g}")
    assert np.all(rank_numpy == rank) and sizes[0].max() < 10, "this has changed"
    assert np.mean(rank_scipy > rank) > 0.5 and sizes[1].max() > 1e6, "this has changed"
    assert abs(sizes[2] - sizes[0]).max() < 1e-9, "this has changed"
print("Seen: rounding is taken for a direction. Give cond, or use numpy's.")
P
