#!/usr/bin/env bash
# What:  the length of a vector of zeros has the slope 0 in torch.linalg.norm, NaN in jax.numpy.linalg.norm; by hypot it is NaN in torch, 1/2 in JAX.
# With:  torch 2.13.0, jax 0.10.2, numpy 2.4.6 (Python 3.11).
# Hurts: who trains with a group lasso penalty, sum_i |W_i|: once a group is off, or where it begins at zero, one of two libraries loses the network.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
JAX_PLATFORMS=cpu "$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import jax
import jax.numpy as jnp
import numpy as np
import torch

print(*(f"{name} {version(name)}" for name in ("torch", "jax", "numpy")))
print("Expected: one penalty, one slope in both libraries, and at zero a subgradient: a vector no longer than one.")
W = np.array([[3.0, 4.0], [0.0, 0.0]])
penalties = {
    "linalg.norm": (lambda W: torch.linalg.norm(W, dim=1), lambda W: jnp.linalg.norm(W, axis=1)),
    "sqrt of squares": (lambda W: (W**2).sum(1).sqrt(), lambda W: jnp.sqrt((W**2).sum(1))),
    "hypot": (lambda W: torch.hypot(W[:, 0], W[:, 1]), lambda W: jnp.hypot(W[:, 0], W[:, 1])),
}
slopes = {}
for name, (by_torch, by_jax) in penalties.items():
    held = torch.tensor(W, requires_grad=True)
    by_torch(held).sum().backward()
    theirs = np.asarray(jax.grad(lambda W: by_jax(W).sum())(jnp.array(W)))
    slopes[name] = held.grad.numpy()[1], theirs[1]
    assert abs(held.grad.numpy()[0] - [0.6, 0.8]).max() < 1e-6 and abs(theirs[0] - [0.6, 0.8]).max() < 1e-6
    print(f"{name:15} slope at (0, 0): torch {slopes[name][0].tolist()}, jax {slopes[name][1].tolist()}")
known = {"linalg.norm": (0.0, np.nan), "sqrt of squares": (np.nan, np.nan), "hypot": (np.nan, 0.5)}
for name, pair in known.items():
    assert all(np.array_equal(seen, np.full(2, value), equal_nan=True) for seen, value in zip(slopes[name], pair)), "this has changed"
print("Seen: four of six are NaN, and the other two differ. Handle zero yourself, or use a proximal step.")
P
