#!/usr/bin/env bash
# What:  scipy's linprog (HiGHS) throws away every coefficient of 1e-9 or less, so it calls open cells of an arrangement of hyperplanes empty.
# With:  scipy 1.17.1, numpy 2.4.6 (Python 3.11 or newer); seen too with scipy 1.15.3.
# Hurts: who lists the activation regions of a ReLU network, or solves other feasibility programs, on a table in small units.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
import numpy as np
import scipy
from scipy.optimize import linprog

print("scipy", scipy.__version__, "numpy", np.__version__)
print("Expected: whether X u >= 1 has a solution u does not depend on the unit of X, since u is free.")
points = np.random.default_rng(0).standard_normal((6, 3))
gate = np.array([1.0, -2.0, 0.5])
signs = np.where(points @ gate >= 0, 1.0, -1.0)  # the cell of `gate`, so it is not empty


def status(unit):
    rows = signs[:, None] * points * unit
    witness = gate / (signs * (points @ gate)).min() / unit
    assert (rows @ witness >= 1 - 1e-12).all()  # a solution, in plain arithmetic
    found = linprog(np.zeros(3), A_ub=-rows, b_ub=-np.ones(6), bounds=[(None, None)] * 3, method="highs")
    print(f"unit {unit:7.0e}: status {found.status}, {found.message[:60]}")
    return found.status


seen = [status(unit) for unit in (1.0, 1e-6, 1e-8, 1e-10, 1e-12)]
assert seen == [0, 0, 0, 2, 2], f"this has changed: statuses {seen}"
print("Seen: below a unit of 1e-9 the same cell is reported infeasible. Scale rows to length one before asking.")
P
