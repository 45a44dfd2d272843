#!/usr/bin/env bash
# What:  the RBF kernel of scikit-learn's SVR and KernelRidge takes |x|^2 - 2 x'y + |y|^2, that of its Gaussian process |x - y|^2: far from zero they are unlike.
# With:  scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1 (Python 3.11 or newer).
# Hurts: who puts a time in seconds, a year with its day, or a coordinate in metres into a kernel unscaled: one second apart is 0.61, or 1, or 1e-111.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVR

print(*(f"{name} {version(name)}" for name in ("scikit-learn", "numpy")))
print("Expected: an RBF kernel knows differences only, so a later start of the clock changes nothing.")
starts = {"from 0": 0.0, "from 1e8": 1e8, "from 1.7e9, the clock of Unix": 1.7e9}
pairwise, process = {}, {}
for name, start in starts.items():
    two = np.array([[start], [start + 1]])
    pairwise[name], process[name] = rbf_kernel(two, gamma=0.5)[0, 1], RBF(1.0)(two)[0, 1]
    print(f"one second apart, {name}: rbf_kernel {pairwise[name]:.4g}, RBF {process[name]:.4g}, exact {np.exp(-0.5):.4g}")
seconds = np.arange(60.0)
y = np.sin(seconds / 5)
scores = {}
for name, start in starts.items():
    models = SVR(gamma=0.02, C=100, epsilon=1e-3), KernelRidge(kernel="rbf", gamma=0.02, alpha=1e-3)
    for model in (*models, GaussianProcessRegressor(RBF(5.0), alpha=1e-3, optimizer=None)):
        X = (start + seconds)[:, None]
        scores[type(model).__name__, name] = model.fit(X, y).score(X, y)
for model in ("SVR", "KernelRidge", "GaussianProcessRegressor"):
    print(f"{model:25} R2 on its own 60 samples:", *(f"{scores[model, name]:.6g}" for name in starts))
last = list(starts)[-1]
assert abs(process[last] - np.exp(-0.5)) < 1e-12 < 0.3 < abs(pairwise[last] - np.exp(-0.5)), "this has changed"
assert scores["SVR", last] < 0 and scores["KernelRidge", last] < 0.999 < scores["GaussianProcessRegressor", last], "this has changed"
print("Seen: two of three lose the table. Subtract the mean of a column before it meets a kernel.")
P
