#!/usr/bin/env bash
# What:  relu, maximum(x, 0), clip and leaky_relu(x, 0) are one function, but their slopes at 0 are 0, 1/2 or 1, not the same in two libraries.
# With:  torch 2.13.0, jax 0.10.2, numpy 2.4.6 (Python 3.11).
# Hurts: who compares tangent kernels: with zero biases, as most libraries start, a row of zeros has a kernel of 0, a quarter, or all of it.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check torch==2.13.0 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" - <<'P'
import jax
import jax.numpy as jnp
import numpy as np
import torch

print("torch", torch.__version__, "jax", jax.__version__)
print("Expected: four ways to write one function have one tangent kernel, and the two libraries agree on a name.")
in_torch = {
    "relu": torch.relu,
    "maximum": lambda t: torch.maximum(t, torch.zeros_like(t)),
    "clip": lambda t: t.clip(min=0),
    "leaky_relu, slope 0": lambda t: torch.nn.functional.leaky_relu(t, 0.0),
}
in_jax = {
    "relu": jax.nn.relu,
    "maximum": lambda t: jnp.maximum(t, 0),
    "clip": lambda t: jnp.clip(t, 0),
    "leaky_relu, slope 0": lambda t: jax.nn.leaky_relu(t, 0.0),
}
rng = np.random.default_rng(0)
X = np.vstack([np.zeros(3), rng.standard_normal((2, 3))])
gates, ends = rng.standard_normal((3, 64)), rng.standard_normal(64) / 8


def tangent_kernel(rows):
    return rows @ rows.T


def kernel_torch(act):
    W, b = torch.tensor(gates, requires_grad=True), torch.zeros(64, dtype=torch.float64, requires_grad=True)
    rows = []
    for x in torch.tensor(X):
        parts = torch.autograd.grad((act(x @ W + b) * torch.tensor(ends)).sum(), [W, b])
        rows.append(np.concatenate([part.numpy().ravel() for part in parts]))
    return tangent_kernel(np.array(rows))


def kernel_jax(act):
    def network(params, x):
        return (act(x @ params[0] + params[1]) * ends).sum()

    rows = [jax.grad(network)((jnp.array(gates), jnp.zeros(64)), x) for x in jnp.array(X)]
    return tangent_kernel(np.array([np.concatenate([np.ravel(part) for part in row]) for row in rows]))


jax.config.update("jax_enable_x64", True)
whole, seen = float(ends @ ends), {}
for name in in_torch:
    pair = kernel_torch(in_torch[name]), kernel_jax(in_jax[name])
    np.testing.assert_allclose(pair[0][1:, 1:], pair[1][1:, 1:], rtol=1e-9)
    seen[name] = tuple(round(kernel[0, 0] / whole, 6) for kernel in pair)
    print(f"{name:20} kernel of the row of zeros, share of the whole: torch {seen[name][0]:.2f}, jax {seen[name][1]:.2f}")
assert seen == {
    "relu": (0, 0),
    "maximum": (0.25, 0.25),
    "clip": (1, 0.25),
    "leaky_relu, slope 0": (0, 1),
}, "this has changed"
print("Seen: equal kernels on all other rows; on the row of zeros the slope at 0 decides, and it is the library's choice.")
P
