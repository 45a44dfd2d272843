#!/usr/bin/env bash
# What:  MLPRegressor divides its penalty by the samples of a batch, not of the table, so the network that alpha=1 asks for depends on batch_size.
# With:  scikit-learn 1.9.1, numpy 2.4.6, scipy 1.17.1 (Python 3.11 or newer).
# Hurts: who compares solvers, or a trained network with the optimum of its convex program, at one alpha: with one sample a batch nothing is left.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 \
  || { echo "cannot be tried: pip found no packages" >&2; exit 2; }
"$work/env/bin/python" -W ignore - <<'P'
from importlib.metadata import version

import numpy as np
from sklearn.neural_network import MLPRegressor

print(*(f"{name} {version(name)}" for name in ("scikit-learn", "numpy")))
print("Expected: batches are a way to the minimum of one objective; alpha is part of the objective.")
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 5))
y = np.maximum(X @ rng.standard_normal(5), 0)


def trained(batch, alpha, rate, rounds):
    network = MLPRegressor(
        hidden_layer_sizes=(20,), alpha=alpha, solver="sgd", momentum=0, batch_size=batch,
        learning_rate_init=rate, max_iter=rounds, tol=0, n_iter_no_change=rounds, random_state=0,
    ).fit(X, y)
    size = sum((layer**2).sum() for layer in network.coefs_)
    error = np.mean((network.predict(X) - y) ** 2)
    return network.loss_, size, error


factors, sizes = {}, {}
for batch in (200, 10, 1):  # steps too short to move: the objective at one and the same network
    loss, size, error = trained(batch, 1.0, 1e-12, 1)
    factors[batch] = 2 * (loss - error / 2) / size
    print(f"batches of {batch:3}: loss_ has {factors[batch]:.4f} |weights|^2 / 2")
for batch, alpha in ((10, 1.0), (1, 1.0), (1, 1 / 200), (10, 10 / 200)):
    _, sizes[batch, alpha], error = trained(batch, alpha, 2e-3 * batch / 10, 400)
    print(f"trained with batches of {batch:2} and alpha {alpha:<5g}: |weights|^2 {sizes[batch, alpha]:8.3g}, error {error:.3g}")
assert all(abs(factors[b] * b - 1) < 1e-6 for b in factors), "this has changed"
assert sizes[1, 1.0] < 0.1 < sizes[10, 1.0], "this has changed"
assert abs(sizes[1, 1 / 200] / sizes[10, 10 / 200] - 1) < 0.05, "this has changed"
print("Seen: the penalty is alpha / batch_size. For one objective keep that ratio; solver='lbfgs' has alpha / n.")
P
