#!/usr/bin/env bash
# What:  HiGHS adds 1e-7 to the diagonal of every quadratic objective, whatever its size, and calls the answer "Optimal": with curvature 1e-7 it is half.
# With:  highspy 1.16.0, scipy 1.17.1, numpy 2.4.6 (Python 3.11 or newer). The option is qp_regularization_value.
# Hurts: who fits least squares with constraints, or a support vector machine, on a table in small units, or divides the loss by many rows.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check highspy==1.16.0 scipy==1.17.1 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
from importlib.metadata import version

import highspy
import numpy as np
from scipy.optimize import nnls

print(*(f"{name} {version(name)}" for name in ("highspy", "scipy", "numpy")))
print("Expected: least squares with x >= 0 has the same solution in every unit of the rows, up to a tolerance near 1e-7.")
rng = np.random.default_rng(0)
A, b = rng.standard_normal((50, 2)), rng.standard_normal(50)
A[:, 0] += b  # so that the answer is not zero
rows = np.column_stack([A[:, 0], 0.5 * A[:, 0] + A[:, 1]])


def by_highs(A, b, ridge=None):
    "min |A x - b|^2 / 2, x >= 0: the upper triangle of A'A, row by row."
    H, c = A.T @ A, -A.T @ b
    model = highspy.HighsModel()
    model.lp_.num_col_, model.lp_.num_row_ = 2, 0
    model.lp_.col_cost_, model.lp_.col_lower_ = c, np.zeros(2)
    model.lp_.col_upper_ = np.full(2, 1e3)
    model.lp_.a_matrix_.start_ = np.zeros(3, int)
    model.hessian_.dim_ = 2
    model.hessian_.start_, model.hessian_.index_ = np.array([0, 2, 3]), np.array([0, 1, 1])
    model.hessian_.value_ = np.array([H[0, 0], H[0, 1], H[1, 1]])
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    if ridge is not None:
        solver.setOptionValue("qp_regularization_value", ridge)
    solver.passModel(model)
    solver.run()
    status = solver.modelStatusToString(solver.getModelStatus())
    return np.array(solver.getSolution().col_value), status


best = nnls(rows, b)[0]
errors = {}
for unit in (1.0, 1e-3, 1e-5):
    x, status = by_highs(unit * rows, unit * b)
    errors[unit] = abs(x - best).max() / best.max()
    told = by_highs(unit * rows, unit * b, 0.0)[0]
    print(f"rows times {unit:g}: {status}, off by {errors[unit]:.1e}; with qp_regularization_value 0 by {abs(told - best).max() / best.max():.1e}")
assert errors[1.0] < 1e-6 and errors[1e-3] > 1e-4 and errors[1e-5] > 0.5, "this has changed"
print("Seen: the smaller the numbers, the further from the solution. Scale the objective to the order of one.")
P
