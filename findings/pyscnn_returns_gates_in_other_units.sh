#!/usr/bin/env bash
# What:  pyscnn trains on columns of unit length by default, returns the weights in the units of the data but not the gates: another network than it trained.
# With:  pyscnn 0.0.10, torch 2.13.0, numpy 2.4.6 (Python 3.11).
# Hurts: who takes the convex solution of a gated ReLU network on a table whose columns differ in size, and judges the model it returns.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check pyscnn==0.0.10 "ipython<9" torch==2.13.0 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from scnn.metrics import Metrics
from scnn.models import ConvexGatedReLU
from scnn.optimize import optimize_model
from scnn.regularizers import NeuronGL1
from scnn.solvers import RFISTA

print(*(f"{name} {version(name)}" for name in ("pyscnn", "torch", "numpy")))
print("Expected: the mean squared error in its log is that of the model it returns.")
rng = np.random.default_rng(0)
X = rng.standard_normal((100, 4)) * [1.0, 3.0, 10.0, 0.2]
y = np.maximum(X @ rng.standard_normal(4), 0)
y, gates = y / y.std(), rng.standard_normal((4, 40))
error = lambda f: float(np.mean((np.ravel(f) - y) ** 2))
ratios = {}
for unitize in (False, True):
    model = ConvexGatedReLU(gates.copy())
    solver = RFISTA(model, max_iters=5000, tol=1e-10)
    found, log = optimize_model(
        model, solver, Metrics(train_mse=True), X, y, regularizer=NeuronGL1(1e-4),
        unitize_data=unitize, dtype="float64",
    )
    logged = float(log.train_mse[-1])
    ratios[unitize] = error(found(X)) / logged
    print(f"unitize_data={unitize}: {logged:.3g} in its log, {error(found(X)):.3g} of the model")
W, output = found.parameters
opened = X @ (found.G / np.linalg.norm(X, axis=0)[:, None]) > 0
mended = error((opened * (X @ W.T)) @ output.T)
print(f"the same model, its gates divided by the lengths of the columns: {mended:.3g}")
assert abs(ratios[False] - 1) < 1e-9 and ratios[True] > 5 and abs(mended / logged - 1) < 1e-9, "this has changed"
print("Seen: ten times the error by the default. Give unitize_data=False, and scale the columns yourself.")
P
