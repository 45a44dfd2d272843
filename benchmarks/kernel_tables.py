"""Tables that are hard for the tangent kernel, and its formula as it is printed.

The benchmark of threads and tests/test_kernels.py use both.
"""

import numpy as np


def plain_ntk(X, Y=None):
    "The cosine by a product, the angle by arc cosine."
    Y = X if Y is None else Y
    products = X @ Y.T
    cosines = products / np.outer(np.linalg.norm(X, axis=1), np.linalg.norm(Y, axis=1))
    return products * (np.pi - np.arccos(np.clip(cosines, -1, 1))) / (2 * np.pi)


def with_relatives(n, d, rng):
    """Gaussian rows, and relatives of the first sixth of them.

    They come again longer or shorter, flipped, repeated, and nearly flipped at all distances.
    """
    X, k = rng.standard_normal((n, d)), n // 6
    X[k : 2 * k] = X[:k] * rng.uniform(0.1, 10, (k, 1))
    X[2 * k : 3 * k], X[3 * k : 4 * k] = -X[:k], X[:k]
    distances = 10.0 ** rng.uniform(-14, -1, (k, 1))
    X[4 * k : 5 * k] = -3 * X[:k] + distances * rng.standard_normal((k, d))
    return X
