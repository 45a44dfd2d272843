"""Fits to many rows: no kernel is formed, and nothing is said that is not so."""

import warnings

import numpy as np
import pytest

from fixntk import GatedReLUClassifier, GatedReLURegressor
from fixntk.machine import available_memory


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60_000, 6))
    return X, np.maximum(X[:, 0], 0) + 0.1 * rng.standard_normal(len(X))


@pytest.mark.parametrize("weighted", [False, True])
def test_sixty_thousand_rows_fit_without_their_kernel(rows, weighted):
    X, y = rows
    if 8 * len(X) ** 2 < (available_memory() or 0):
        pytest.skip("this machine could hold the kernel")
    weights = np.arange(len(X)) % 3 if weighted else None
    model = GatedReLURegressor(n_gates=60, lam_ratio=0.2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a column of ones does not vary
        model.fit(X, y, sample_weight=weights)
    assert model.dual_gap_ <= model.tol and model.score(X, y, weights) > 0.8
    moved = GatedReLURegressor(n_gates=60, lam_ratio=0.2, random_state=0)
    moved.fit(X, y + 1000, sample_weight=weights)
    np.testing.assert_allclose(
        moved.predict(X[:100]) - 1000, model.predict(X[:100]), atol=1e-6
    )


def test_classes_and_refusals(rows):
    X, y = rows
    labels = np.where(y > 0.3, "high", "low")
    model = GatedReLUClassifier(n_gates=60, lam_ratio=0.2, random_state=0)
    assert model.fit(X, labels).score(X, labels) > 0.8
    if 8 * 5 * len(X) ** 2 > (available_memory() or np.inf):
        with pytest.raises(ValueError, match="60000 rows have kernels .* needs about"):
            GatedReLURegressor(n_reweightings=2).fit(X, y)
