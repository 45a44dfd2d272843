#!/usr/bin/env bash
# What:  MKLpy's CKA gives kernels negative weights, so that the mixture of positive semidefinite kernels has negative eigenvalues.
# With:  MKLpy 0.6, torch 2.13.0, numpy 2.4.6, scikit-learn 1.9.1 (Python 3.11).
# Hurts: who takes it as the centred alignment of Cortes, Mohri and Rostamizadeh, whose program holds the weights non-negative, beside other mixtures.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check MKLpy==0.6 torch==2.13.0 numpy==2.4.6 scikit-learn==1.9.1 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P' 2>/dev/null
from importlib.metadata import version

import numpy as np
import torch
from MKLpy.algorithms import CKA
from scipy.optimize import nnls

print("MKLpy", version("MKLpy"), "torch", torch.__version__, "numpy", np.__version__)
print("Expected: weights of at least zero, as in the paper that its documentation names, and a kernel that is one.")
rng = np.random.default_rng(0)
X = rng.standard_normal((40, 4))
y = np.where(X[:, 0] + 0.3 * rng.standard_normal(40) > 0, 1, -1)
kernels = [np.outer(column, column) for column in X.T]
weights = np.asarray(CKA().fit([torch.tensor(K) for K in kernels], y).solution.weights)
centre = np.eye(40) - 1 / 40
parts = np.column_stack([(centre @ K @ centre).ravel() for K in kernels])
theirs = nnls(parts, np.outer(y, y).ravel().astype(float))[0]


def lowest(weights):
    values = np.linalg.eigvalsh(np.tensordot(weights, kernels, 1))
    return values[0] / values[-1]


print("weights", weights.round(4).tolist(), f"- lowest eigenvalue over highest {lowest(weights):.4f}")
print("with weights held at zero or above", (theirs / np.linalg.norm(theirs)).round(4).tolist(), f"- {lowest(theirs):.0e}")
assert (weights < -1e-3).sum() == 2 and lowest(weights) < -1e-3 and lowest(theirs) > -1e-12, "this has changed"
print("Seen: two of four weights are negative, and nothing is said.")
P
