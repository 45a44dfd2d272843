"""What is said of differences between two methods."""

import numpy as np
import pytest

from fixntk.compare import resampled_interval, tally


def test_intervals_cover_where_splits_share_rows():
    """Splits of one table: the plain interval covers too rarely, this one does not.

    A fixed pair of answers on n rows: the truth is the mean of the population.
    """
    rng, n, splits, hits, plain = np.random.default_rng(0), 80, 10, 0, 0
    for _ in range(400):
        gain = rng.standard_normal(n)
        parts = [rng.permutation(n)[: n // 4] for _ in range(splits)]
        differences = [gain[part].mean() for part in parts]
        mean, half = resampled_interval(differences, 3 * n // 4, n // 4)
        hits += abs(mean) <= half
        short = np.sqrt(0.1 / (0.1 + 1 / 3))
        plain += abs(mean) <= short * half
    assert plain / 400 < 0.85 < 0.93 < hits / 400


@pytest.mark.parametrize(
    "arguments, words",
    [
        (([1.0], 3, 1), "two or more"),
        (([1.0, np.nan], 3, 1), "finite"),
        (([1.0, 2.0], 0, 1), "n_train must be a positive number"),
        (([1.0, 2.0], 3, -1), "n_test must be a positive number"),
        (([1.0, 2.0], 3, 1, 1.0), "level between 0 and 1"),
    ],
)
def test_intervals_of_nonsense_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        resampled_interval(*arguments)


def test_intervals_shift_and_scale():
    x = np.random.default_rng(1).standard_normal(6)
    mean, half = resampled_interval(x, 9, 3)
    moved = resampled_interval(2 * x + 5, 9, 3)
    np.testing.assert_allclose(moved, (2 * mean + 5, 2 * half), rtol=1e-12)
    assert resampled_interval([0.7] * 3, 1, 10) == (0.7, 0.0)  # and not 2e-15
    wider = resampled_interval(x, 9, 3, level=0.99)[1]
    assert wider > half


def test_tallies():
    assert tally([1, 1, -1, 0])[:3] == (2, 1, 1)
    assert tally([0.1, -0.1], tie=0.5).ties == 2
    assert np.isnan(tally([0.0, 0.0]).pvalue)
    for gains in ([], [np.nan]):
        with pytest.raises(ValueError, match="gains must"):
            tally(gains)
