#!/usr/bin/env bash
# What:  adelie's grpnet sorts the lmda_path that it is given into falling order, so betas[i] does not belong to lmda_path[i].
# With:  adelie 1.1.52, numpy 1.26.4, scipy 1.13.1 (Python 3.11).
# Hurts: who compares group lasso solvers on a path of their own and pairs coefficients with their own list of strengths.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check adelie==1.1.52 numpy==1.26.4 scipy==1.13.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
from importlib.metadata import version

import adelie as ad
import numpy as np

print("adelie", version("adelie"), "numpy", np.__version__)
print("Expected: coefficients in the order of the path that was asked for, or a refusal of a rising path.")
rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((60, 18)))
y = 2 * X[:, 0] + rng.standard_normal(60)
asked = np.array([0.05, 0.1, 0.2, 0.4])
state = ad.grpnet(X=X, glm=ad.glm.gaussian(y), groups=np.arange(0, 18, 3), lmda_path=asked, intercept=False,
                  early_exit=False, progress_bar=False)
sizes = [float(np.linalg.norm(row.toarray())) for row in state.betas]
print("asked for", asked.tolist(), "- state.lmdas", np.asarray(state.lmdas).tolist(), "- |betas|", np.round(sizes, 4).tolist())
assert np.array_equal(state.lmdas, asked[::-1]) and sizes == sorted(sizes), "this has changed"
print("Seen: no warning, and the rows of betas run from the largest strength to the smallest. Read state.lmdas.")
P
