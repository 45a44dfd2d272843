#!/usr/bin/env bash
# What:  Clarabel, OSQP and SCS stop at errors of a fixed size, so least squares with x >= 0 is "optimal" at x = 0 once the table is in small units.
# With:  cvxpy 1.9.3, clarabel 0.11.1, osqp 1.1.3, scs 3.3.1, scipy 1.17.1, numpy 2.4.6 (Python 3.11 or newer).
# Hurts: who judges another solver by CVXPY, or fits non-negative mixtures, on columns of 1e-4 and smaller: grams for tonnes, shares of a million.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check cvxpy==1.9.3 clarabel==0.11.1 osqp==1.1.3 scs==3.3.1 scipy==1.17.1 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import cvxpy as cp
import numpy as np
from scipy.optimize import nnls

print(*(f"{name} {version(name)}" for name in ("cvxpy", "clarabel", "osqp", "scs", "numpy")))
print("Expected: table and targets in another unit have the same solution, and a solver that fails to find it does not call it optimal.")
rng = np.random.default_rng(0)
A = rng.standard_normal((50, 5))
b = A @ [1.0, 0.0, 0.5, 0.0, 2.0] + rng.standard_normal(50)
best = nnls(A, b)[0]
errors = {}
for unit in (1.0, 1e-3, 1e-5):
    x = cp.Variable(5)
    program = cp.Problem(cp.Minimize(cp.sum_squares(unit * A @ x - unit * b)), [x >= 0])
    for solver in ("CLARABEL", "OSQP", "SCS"):
        program.solve(solver=solver)
        errors[solver, unit] = abs(x.value - best).max() / best.max()
        print(f"unit {unit:g}: {solver} says {program.status}, and is off by {errors[solver, unit]:.1e} of the largest coefficient")
        assert program.status == "optimal", "this has changed"
assert max(errors[s, 1.0] for s in ("CLARABEL", "OSQP", "SCS")) < 1e-6, "this has changed"
assert errors["CLARABEL", 1e-5] > 0.05 and min(errors["OSQP", 1e-5], errors["SCS", 1e-5]) > 0.5, "this has changed"
print("Seen: right in one unit, wrong in another, optimal in both. Divide table and targets by their sizes first.")
P
