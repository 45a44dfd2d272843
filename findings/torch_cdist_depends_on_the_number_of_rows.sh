#!/usr/bin/env bash
# What:  torch.cdist knows the distance of two near samples in a table of 25 rows; with one row more it is 0, and that of a sample from itself is 0.09.
# With:  torch 2.13.0, numpy 2.4.6 (Python 3.11), single precision on a processor. Past 25 rows it goes by products, unless compute_mode says otherwise.
# Hurts: who builds RBF, Matern or Laplace kernels, or nearest neighbours, on it: a model tested on a few rows behaves otherwise on the table, and near twins part.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
import numpy as np
import torch

print("torch", torch.__version__, "numpy", np.__version__)
print("Expected: the distance of two samples does not depend on what else is in the table.")
rng = np.random.default_rng(0)
table = 100 + rng.standard_normal((30, 3))
table[1] = table[0] + 1e-3 * rng.standard_normal(3)  # near twins
rows = torch.tensor(table, dtype=torch.float32)
exact = float(torch.linalg.norm(rows[0].double() - rows[1].double()))
worst, diagonal = {}, {}
for n in (24, 25, 26, 30):
    apart = torch.cdist(rows[:n], rows[:n])
    worst[n], diagonal[n] = abs(float(apart[0, 1]) / exact - 1), float(apart.diagonal().max())
    print(f"{n} rows: the twins are {float(apart[0, 1]):.6f} apart (exact {exact:.6f}), a sample from itself up to {diagonal[n]:.3g}")
told = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")
assert worst[24] < 1e-4 and worst[25] < 1e-4 and diagonal[25] == 0, "this has changed"
assert worst[26] > 0.5 and diagonal[26] > 0.01 and abs(float(told[0, 1]) / exact - 1) < 1e-4, "this has changed"
print("Seen: the same pair, another answer. compute_mode='donot_use_mm_for_euclid_dist' keeps it, at the price of speed.")
P
