"""Draw the figures that stand where scripts are off: nbs/_assets/drag.svg, drag-line.svg.

python tests/draw_drag.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from fixntk.cones import solve_relu
from fixntk.data import add_bias, toy_line
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.kernels import kernel_ridge, ntk
from fixntk.newton import solve
from fixntk.reweighting import irls
from fixntk.weights import exact_weights

NBS = Path(__file__).resolve().parents[1] / "nbs"
X = np.array([-1.33, -0.62, -0.11, 0.48, 1.24])[:, None]
Y = np.array([0.36, 1.3, 0.95, -0.7, -1.27])
LINE = toy_line(5, rng=np.random.default_rng(0))  # the five points of the chapters
LAM = 0.1


def fits(X, Y):
    "Answers at the points and weights of the three kernels, gaps of reweighting."
    rows = add_bias(X)
    masks, shares = exact_weights(rows)
    problem = GroupLassoProblem(MaskedDesign(rows, masks), Y, LAM)
    way = irls(problem, start=shares, max_iter=41, tol=0)
    partly = irls(problem, start=shares, max_iter=4, tol=0)
    fixed = solve(problem, start=shares, tol=1e-12)
    return problem, shares, partly, fixed, way.history["gap"]


def draw(X, Y):
    problem, shares, partly, fixed, gaps = fits(X, Y)
    inputs = np.linspace(-2.4, 2.4, 241)
    rows, alpha = add_bias(X), kernel_ridge(ntk(add_bias(X)), Y, LAM / 2)
    lines = solve_relu(problem, tol=1e-8).network()
    fig, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3), layout="tight")
    new = add_bias(inputs[:, None])
    left.plot(inputs, ntk(new, rows) @ alpha, "--", color="C0", label="tangent kernel")
    left.plot(inputs, lines.predict(new), "-.", color="C3", label="ReLU optimum")
    for fit, mark, name in ((partly, "s", "on the way"), (fixed, "D", "fully fixed")):
        at = problem.design.predict(fit.W)
        left.plot(X[:, 0], at, mark, color=f"C{1 + (mark == 'D')}", ms=5, label=name)
    left.plot(X[:, 0], Y, "ko", ms=6, mfc="none", label="the points")
    left.set(title="Points and fits", xlabel="x", ylim=(-2.4, 2.4))
    left.legend(fontsize=7)
    for j, weights in enumerate((shares, partly.weights, fixed.weights)):
        at = np.arange(len(shares)) + 0.27 * (j - 1)
        middle.bar(at, weights / weights.sum(), 0.25, color=f"C{j}")
    middle.set(title="Share of each mask in the kernel", xlabel="mask")
    right.semilogy(gaps, color="C1")
    right.set(title="Duality gap of reweighting", xlabel="step")
    return fig


if __name__ == "__main__":
    plt.style.use(NBS / "book.mplstyle")
    plt.rcParams["svg.hashsalt"] = "drag"
    for name, points in (("drag", (X, Y)), ("drag-line", LINE)):
        draw(*points).savefig(NBS / "_assets" / f"{name}.svg", metadata={"Date": None})
