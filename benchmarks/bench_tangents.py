"""The tangent kernels themselves: `ntk`, `deep_ntk` and `patch_ntk` beside the ones that neural-tangents derives.

    python benchmarks/bench_tangents.py

neural-tangents adds up what every layer contributes; ours are of the first layer's weights, the later ones held fixed.
Its kernels pass through a network layer by layer, so its own tangent kernel is set to zero behind the first layer: what
then lacks at the end is the first layer's share. All in double precision. Writes nbs/results/tangents.csv: the largest
difference of an entry, over the lengths of its two samples; apart, that of a sample with itself.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
from report import RESULTS, save, settings  # noqa: E402

from fixntk.conv import patch_ntk  # noqa: E402
from fixntk.deep import deep_ntk  # noqa: E402
from fixntk.kernels import ntk  # noqa: E402

DEPTHS = (2, 3, 8)


def first_layers_share(first, rest, X):
    "Of the kernel of a network, cut behind its first layer: what the weights of that layer contribute."
    kernel = first(X, None)
    fixed = kernel.replace(ntk=0 * kernel.ntk)
    return np.asarray(rest(kernel).ntk - rest(fixed).ntk)


def tables(rng):
    "Gaussian samples with an opposite pair, a double, a row of zeros, and rows of very different lengths."
    X = rng.standard_normal((60, 8))
    X[1], X[2], X[3] = -2 * X[0], X[0], 0
    X[4:10] *= np.logspace(-3, 3, 6)[:, None]
    return {"Gaussian": rng.standard_normal((60, 8)), "awkward": X}


def comparisons(stax, rng):
    "A name, our kernel and theirs, at the same scale, and the squared lengths of the samples."
    dense, relu = stax.Dense(1), stax.Relu()
    first = dense[2]
    for name, X in tables(rng).items():
        d = X.shape[1]
        for depth in (1, *DEPTHS):
            rest = stax.serial(*[relu, dense] * depth)[2]
            ours = ntk(X) if depth == 1 else deep_ntk(X, depth=depth)
            kind = "ntk" if depth == 1 else f"deep_ntk, depth {depth}"
            theirs = d * first_layers_share(first, rest, X)
            yield f"{kind}, {name}", ours, theirs, (X**2).sum(axis=1)
    signals, width = rng.standard_normal((20, 12, 1)), 4
    conv = stax.Conv(
        1, (width,), padding="VALID", dimension_numbers=("NTC", "TIO", "NTC")
    )
    rest = stax.serial(
        relu,
        stax.Conv(1, (1,), padding="VALID", dimension_numbers=("NTC", "TIO", "NTC")),
        stax.GlobalAvgPool(),
    )[2]
    patches = np.lib.stride_tricks.sliding_window_view(signals[..., 0], width, axis=1)
    pairs = patches.shape[1] ** 2
    theirs = width * pairs * first_layers_share(conv[2], rest, signals)
    squares = (patches**2).sum(axis=2).sum(axis=1)
    yield "patch_ntk, 9 windows of 4", patch_ntk(patches), theirs, squares


def main():
    import jax

    jax.config.update("jax_enable_x64", True)
    from neural_tangents import stax

    common, rows = settings("scipy", "neural-tangents", "jax"), []
    for what, ours, theirs, squares in comparisons(stax, np.random.default_rng(0)):
        lengths = np.sqrt(np.where(squares > 0, squares, 1))
        difference = abs(ours - theirs) / np.outer(lengths, lengths)
        itself = np.diag(difference).max()
        np.fill_diagonal(difference, 0)
        row = {"what": what, "difference": f"{difference.max():.1e}"}
        rows.append(row | {"with_itself": f"{itself:.1e}", **common})
        print(f"{what:30} {difference.max():.1e} {itself:.1e}", flush=True)
    save(rows, RESULTS / "tangents.csv")


if __name__ == "__main__":
    main()
