"""Processor seconds of `fixntk compare`, model by model, on two tables; writes nbs/results/compare.csv.

python benchmarks/bench_compare.py
"""

import csv
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from fixntk.compare import compare

OUT = Path(__file__).resolve().parents[1] / "nbs" / "results" / "compare.csv"


def waves(n=5000, d=8):
    "A smooth target with a kink and a product, and noise of a quarter of its variance."
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + np.maximum(X[:, 3], 0)
    return X, y + 0.5 * rng.standard_normal(n)


def digits():
    X, y = load_digits(return_X_y=True)
    return X, [f"d{label}" for label in y]


def main():
    rows = []
    for name, (X, y) in {"waves": waves(), "digits": digits()}.items():
        start = time.process_time()
        found = compare(X, y)
        whole = time.process_time() - start
        fits = found.outcome.fits
        for model in found.scores:
            spent = sum(fit["seconds"] for fit in fits[model])
            score = found.scores[model].mean()
            rows.append((name, len(y), X.shape[1], model, score, spent))
            print(*rows[-1], flush=True)
        rows.append((name, len(y), X.shape[1], "all", float("nan"), whole))
        print(*rows[-1], flush=True)
    with open(OUT, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["table", "rows", "columns", "model", "score", "seconds"])
        writer.writerows((*r[:4], f"{r[4]:.4f}", f"{r[5]:.2f}") for r in rows)


if __name__ == "__main__":
    main()
