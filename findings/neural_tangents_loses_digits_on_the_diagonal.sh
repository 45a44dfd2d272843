#!/usr/bin/env bash
# What:  neural-tangents computes the kernel of a sample with itself by its angle to itself, which rounding opens: up to 9e-5 is lost, 700 times a rounding.
# With:  neural-tangents 0.6.5, jax 0.5.3 (0.6.5 does not import with jax 0.10), numpy 2.4.6 (Python 3.11).
# Hurts: who interpolates with a tangent kernel and a small ridge, or checks another implementation of it to more than four digits.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check neural-tangents==0.6.5 jax==0.5.3 jaxlib==0.5.3 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
export TF_CPP_MIN_LOG_LEVEL=3
"$work/env/bin/python" - <<'P' 2>/dev/null
from importlib.metadata import version

import jax
import numpy as np
from neural_tangents import stax

print(*(f"{name} {version(name)}" for name in ("neural-tangents", "jax", "numpy")))
print("Expected: with one hidden ReLU layer k(x, x) = |x|^2 / d, to the rounding of the precision, as off the diagonal.")
kernel = stax.serial(stax.Dense(1), stax.Relu(), stax.Dense(1))[2]
worst = {}
for kind in ("float32", "float64"):
    jax.config.update("jax_enable_x64", kind == "float64")
    X = np.random.default_rng(0).standard_normal((300, 20)).astype(kind)
    K, wide = np.asarray(kernel(X, None, "ntk"), dtype=float), X.astype(float)
    lengths = np.linalg.norm(wide, axis=1)
    scale = np.outer(lengths, lengths) / 20
    cosine = np.clip(wide @ wide.T / 20 / scale, -1, 1)
    np.fill_diagonal(cosine, 1)
    share = np.pi - np.arccos(cosine)
    exact = (2 * share * cosine + np.sqrt(1 - cosine**2)) / (2 * np.pi)
    wrong = abs(K / scale - exact)
    off = ~np.eye(300, dtype=bool)
    worst[kind] = np.diag(wrong).max(), wrong[off].max()
    count = int((np.diag(wrong) > 10 * wrong[off].max()).sum())
    print(f"{kind}: worst with itself {worst[kind][0]:.0e}, of two samples {worst[kind][1]:.0e}; {count} of 300 lose a digit or more")
assert all(itself > 100 * two for itself, two in worst.values()) and worst["float32"][0] > 2e-5, "this has changed"
print("Seen: the diagonal keeps four digits of seven, and eight or nine of sixteen.")
P
