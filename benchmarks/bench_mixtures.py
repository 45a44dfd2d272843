"""Multiple kernel learning beside himalaya: score, processor time, kernels in use, over five outer folds.

    python benchmarks/bench_mixtures.py [--repeats 3]

Both get the same kernels, standardised by the training rows, centred and of mean diagonal one, and the same grid of
ridges, and choose on five inner folds. himalaya runs without an intercept, its default: its kernels are centred and its targets less their
mean are floats, for it would round whole numbers to single precision. Times are the processor's, on one thread, with the
kernels' own. Writes nbs/results/bench_mixtures.csv after every row. himalaya 0.4.11 imports packaging without asking for it:

    python -m pip install himalaya==0.4.11 packaging
"""

import argparse
import os

from report import ONE_THREAD, RESULTS, save_as_measured, settings

os.environ.update(ONE_THREAD)  # before NumPy comes

import time  # noqa: E402
import warnings  # noqa: E402
from importlib.metadata import version  # noqa: E402

import numpy as np  # noqa: E402
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2  # noqa: E402
from sklearn.metrics import r2_score  # noqa: E402
from sklearn.metrics.pairwise import rbf_kernel  # noqa: E402
from sklearn.model_selection import KFold  # noqa: E402

from fixntk import __version__  # noqa: E402
from fixntk.estimators import MKLRegressorCV  # noqa: E402

SHARES = np.geomspace(1, 1e-5, 11)  # of the number of rows, as MKLRegressorCV has them
LEAST = 1e-3  # a kernel is in use from this share of the mixture on


def tables():
    """X, y, and the columns of the linear kernels and of the bells, by name."""
    X, y = load_diabetes(return_X_y=True)
    every = list(range(10))
    yield "diabetes", X, y, [[j] for j in every], [every]
    X, y = make_friedman1(400, 10, noise=1.0, random_state=0)
    yield "friedman1", X, y, [[j] for j in every], [*([j] for j in every), every]
    X, y = make_friedman2(300, noise=125.0, random_state=0)
    every = list(range(4))
    yield "friedman2", X, y, [[j] for j in every], [*([j] for j in every), every]


def kernels(new, old, lines, bells):
    """The kernels between new rows and old ones, for himalaya: centred, of mean diagonal one."""
    mean, unit = old.mean(axis=0), old.std(axis=0)
    A, B = (new - mean) / unit, (old - mean) / unit
    raw = lambda A: (
        [A[:, j] @ B[:, j].T for j in lines]
        + [rbf_kernel(A[:, j], B[:, j]) for j in bells]
    )
    for K, own in zip(raw(A), raw(B)):
        centred = own - own.mean(axis=0) - own.mean(axis=1)[:, None] + own.mean()
        K = K - own.mean(axis=0) - K.mean(axis=1)[:, None] + own.mean()
        yield K * len(own) / np.trace(centred)


def ours(X, y, new, lines, bells):
    chosen = [*lines, *(("rbf", j) for j in bells)]
    model = MKLRegressorCV(kernels=chosen).fit(X, y)
    return model.predict(new), model.weights_


def himalaya(solver, **options):
    def call(X, y, new, lines, bells):
        from himalaya.kernel_ridge import MultipleKernelRidgeCV

        K = np.array(list(kernels(X, X, lines, bells)))
        cross = np.array(list(kernels(new, X, lines, bells)))
        if solver == "random_search":
            options["alphas"] = SHARES * len(y)
        settings = dict(progress_bar=False, **options)
        model = MultipleKernelRidgeCV(
            kernels="precomputed",
            solver=solver,
            solver_params=settings,
            cv=5,
            random_state=0,
        )
        model.fit(K, y - y.mean())
        weights = np.exp(np.ravel(model.deltas_))
        return np.ravel(model.predict(cross)) + y.mean(), weights / weights.sum()

    return call


METHODS = {
    "MKLRegressorCV": ("fixntk", ours),
    "random search, 100 draws": ("himalaya", himalaya("random_search", n_iter=100)),
    "random search, 20 draws": ("himalaya", himalaya("random_search", n_iter=20)),
    "hyper-gradient": ("himalaya", himalaya("hyper_gradient")),
}


def measured(name, X, y, lines, bells, method, repeat):
    package, call = METHODS[method]
    scores, used, seconds = [], [], 0.0
    for train, test in KFold(5, shuffle=True, random_state=repeat).split(X):
        start = time.process_time()
        found, weights = call(X[train], y[train], X[test], lines, bells)
        seconds += time.process_time() - start
        scores.append(r2_score(y[test], found))
        used.append(np.count_nonzero(weights >= LEAST))
    return {
        "table": name,
        "n": len(X),
        "kernels": len(lines) + len(bells),
        "method": method,
        "package": package,
        "version": __version__ if package == "fixntk" else version(package),
        "repeat": repeat,
        "score": f"{np.mean(scores):.4f}",
        "folds": " ".join(f"{score:.4f}" for score in scores),
        "seconds": f"{seconds:.2f}",
        "in_use": f"{np.mean(used):.1f}",
    }


def rows(repeats):
    for repeat in range(repeats):
        for name, X, y, lines, bells in tables():
            for method in METHODS:
                yield measured(name, X, y, lines, bells, method, repeat)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    warnings.simplefilter("ignore")  # edges of the grid
    columns = ["table", "method", "repeat", "score", "seconds", "in_use"]
    common = settings("scipy", "scikit-learn")
    path = RESULTS / "bench_mixtures.csv"
    save_as_measured(rows(repeats), columns, path, common)


if __name__ == "__main__":
    main()
