"""Pricing by great circles against a pass over stored masks, measured side by side in one run.

    python benchmarks/bench_columns.py

prints a table and writes it to nbs/results/bench_columns.csv. All times are processor time of one thread, the least of
several runs. A circle prices 2n masks. The row "great circles" is what a walk does: it also chooses directions and places.
"""
import time

import numpy as np
from report import RESULTS, save_measurements
from threadpoolctl import threadpool_limits

from fixntk.columns import _wander, price_gates
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
        starts = rng.standard_normal((10, d))
        searches = {
            "great circles": (400 * 2 * n, lambda: _wander(X, z, starts, 40, np.random.default_rng(1))),
            "price_gates": (640 * 2 * n, lambda: price_gates(X, z, n_circles=640, rng=np.random.default_rng(1))),
        }
        yield f"correlation_norms over stored masks, n={n}, d={d}", "masks per second", design.p / stored, ""
        for name, (count, search) in searches.items():
            rate = count / least(7, search)
            yield f"{name}, n={n}, d={d}", "masks per second", rate, ""
            reach = "at least 3" if (n, d) == (1000, 20) else ""
            yield f"{name} against correlation_norms, n={n}, d={d}", "ratio of masks per second", rate / (design.p / stored), reach


def main():
    with threadpool_limits(1, user_api="blas"):
        save_measurements(pricing(), RESULTS / "bench_columns.csv", blas_threads=1)


if __name__ == "__main__":
    main()
