#!/usr/bin/env bash
# What:  GroupLasso of the package group-lasso does not minimise the loss that its own loss() reports: it applies twice the group_reg it was given.
# With:  group-lasso 1.5.0, numpy 1.26.4, scikit-learn 1.5.2 (Python 3.11).
# Hurts: who takes it as the reference in a comparison of group lasso solvers at equal strength.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check group-lasso==1.5.0 numpy==1.26.4 scikit-learn==1.5.2 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from group_lasso import GroupLasso

print("group-lasso", version("group-lasso"), "numpy", np.__version__)
print("Expected: at the minimum of |y - Xw|^2 / (2n) + reg * sum |w_g| an active group has |X_g'(y - Xw)| / n = reg.")
rng = np.random.default_rng(0)
groups = np.repeat(np.arange(5), 3)
X = rng.standard_normal((200, 15))
y = X[:, :3] @ [1.0, 2.0, 3.0] + 0.1 * rng.standard_normal(200)


def fit(reg):
    return GroupLasso(groups=groups, group_reg=reg, l1_reg=0, scale_reg="none", n_iter=5000, tol=1e-12,
                      fit_intercept=False, supress_warning=True).fit(X, y)


for reg in (0.1, 0.5):
    model, half = fit(reg), fit(reg / 2)
    slope = np.linalg.norm(X[:, :3].T @ (y - X @ model.coef_.ravel())) / 200
    own = model.loss(X, y[:, None])
    half.group_reg_vector_ = model.group_reg_vector_  # judge the other fit by the first one's loss
    other = half.loss(X, y[:, None])
    print(f"reg {reg}: slope of the active group {slope:.6f}; its loss() {own:.6f}, at the fit with half of reg {other:.6f}")
    assert abs(slope - 2 * reg) < 1e-4 and other < own - 1e-3, "this has changed"
print("Seen: the slope is 2 reg, and the fit asked for reg / 2 has the smaller loss() at reg. Halve group_reg to compare.")
P
