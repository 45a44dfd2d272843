"""Pricing by great circles against a pass over stored masks, measured side by side in one run.

    python benchmarks/bench_columns.py

prints a table and writes it to nbs/results/bench_columns.csv. All times are processor time of one thread, the least of
several runs. A circle prices 2n masks; the time of `price_gates` is that of everything it does.
"""

import time

import numpy as np
from report import RESULTS, save_measurements
from threadpoolctl import threadpool_limits

from fixntk.columns import price_gates
from fixntk.data import gaussian_design
from fixntk.design import MaskedDesign
from fixntk.masks import sample_masks


def least(repeats, call):
    """The least processor time of several runs."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def pricing():
    for n, d in ((200, 10), (1000, 20), (1000, 60)):
        rng = np.random.default_rng(0)
        X, z = gaussian_design(n, d, rng=rng), rng.standard_normal(n)
        design = MaskedDesign(X, sample_masks(X, 5000, rng=rng))
        stored = least(7, lambda: design.correlation_norms(z))
        rate = (
            640
            * 2
            * n
            / least(
                7,
                lambda: price_gates(X, z, n_circles=640, rng=np.random.default_rng(1)),
            )
        )
        yield (
            f"correlation_norms over stored masks, n={n}, d={d}",
            "masks per second",
            design.p / stored,
            "",
        )
        yield f"price_gates, n={n}, d={d}", "masks per second", rate, ""
        reach = "at least 3" if (n, d) == (1000, 20) else ""
        yield (
            f"price_gates against correlation_norms, n={n}, d={d}",
            "ratio of masks per second",
            rate / (design.p / stored),
            reach,
        )


def main():
    with threadpool_limits(1, user_api="blas"):
        save_measurements(pricing(), RESULTS / "bench_columns.csv", blas_threads=1)


if __name__ == "__main__":
    main()
