"""The figures' functions: what is not prose in chapter 13."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from fixntk.data import add_bias, gaussian_design, teacher_data, toy_line
from fixntk.design import MaskedDesign
from fixntk.figures import (
    figure_1,
    figure_2,
    fitted_functions,
    kernel_path,
    plot_fits,
    plot_trace,
    reweighting_traces,
)
from fixntk.group_lasso import GroupLassoProblem
from fixntk.kernels import kernel_ridge, ntk
from fixntk.masks import enumerate_masks
from fixntk.newton import solve
from fixntk.weights import exact_weights

QUICK = dict(n_steps=50, decomposition="fast")


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def line():
    return toy_line(5, rng=rng())


@pytest.fixture
def samples():
    X = gaussian_design(8, 4, rng=rng(1))
    return X, teacher_data(X, 5, noise=0, kind="gated", rng=rng(2))


def flat(numbers, path=""):
    "The leaves of nested dicts."
    for key, value in numbers.items():
        yield from (
            flat(value, f"{path}/{key}")
            if isinstance(value, dict)
            else [(f"{path}/{key}", value)]
        )


def test_figure_1_returns_a_figure_and_its_numbers(line):
    figure, numbers = figure_1(
        *line, 0.1, rng=rng(), n_random=2, n_rounds=40, width=10, **QUICK
    )
    assert isinstance(figure, Figure) and len(figure.axes) == 2
    trace, fits = numbers["trace"], numbers["fits"]
    assert list(trace["curves"]) == [
        "NTK weights",
        "random weights 1",
        "random weights 2",
    ]
    assert list(fits["curves"]) == [
        "group lasso, decomposed",
        "ReLU optimum",
        "gradient descent",
        "NTK ridge",
    ]
    assert all(
        curve.shape == trace["round"].shape == (40,)
        for curve in trace["curves"].values()
    )
    assert all(
        curve.shape == fits["grid"].shape == (401,) for curve in fits["curves"].values()
    )
    assert (
        trace["levels"]["NTK"]
        == trace["curves"]["NTK weights"][0]
        > trace["levels"]["optimum"]
        and trace["gap"] <= 1e-10
    )
    drawn = [
        tuple(np.asarray(o.get_ydata(), float))
        for axes in figure.axes
        for o in axes.get_lines()
    ]
    for curve in [*trace["curves"].values(), *fits["curves"].values(), fits["targets"]]:
        assert tuple(curve) in drawn  # what is returned is what is drawn
    for name, value in flat(numbers):
        assert isinstance(value, (float, np.ndarray)) and np.all(np.isfinite(value)), (
            name
        )


def test_figure_2_returns_a_figure_and_its_numbers(samples):
    X, y = samples
    figure, numbers = figure_2(
        X, y, 0.1, rng=rng(), n_circles=5, n_random=1, n_rounds=60
    )
    assert isinstance(figure, Figure) and len(figure.axes) == 2
    every = solve(
        GroupLassoProblem(MaskedDesign(X, enumerate_masks(X)), y, 0.1), tol=1e-9
    ).objective
    levels = numbers["trace"]["levels"]
    np.testing.assert_allclose(levels["optimum, all masks"], every, rtol=1e-8)
    assert every <= levels["optimum"] * (1 + 1e-8) and levels["optimum"] < levels["NTK"]
    for name, curve in numbers["trace"]["curves"].items():
        np.testing.assert_allclose(
            numbers["excess"][name], curve / levels["optimum"] - 1, atol=1e-12
        )
        assert (
            np.all(np.diff(curve) <= 1e-9 * curve[0])
            and numbers["excess"][name][-1] < numbers["excess"][name][0]
        )
    X = gaussian_design(60, 6, rng=rng())
    many = figure_2(X, X[:, 0], 0.1, rng=rng(), n_circles=3, n_random=1, n_rounds=3)[1]
    assert "optimum, all masks" not in many["trace"]["levels"]


@pytest.mark.parametrize("form, magic", [("png", b"\x89PNG"), ("svg", b"<?xml")])
@pytest.mark.parametrize("background", ["default", "dark_background"])
def test_figures_can_be_saved(line, samples, tmp_path, form, magic, background):
    with plt.style.context(background):
        one = figure_1(*line, 0.1, rng=rng(), n_random=1, n_rounds=5, width=5, **QUICK)[
            0
        ]
        two = figure_2(*samples, 0.1, rng=rng(), n_circles=3, n_random=1, n_rounds=5)[0]
        for name, figure in (("one", one), ("two", two)):
            path = tmp_path / f"{name}.{form}"
            figure.savefig(path)
            assert path.read_bytes().startswith(magic) and path.stat().st_size > 5000


def test_panels_draw_on_axes_that_are_given(line):
    figure, axes = plt.subplots(1, 2)
    assert (
        plot_trace(add_bias(line[0]), line[1], 0.1, rng=rng(), n_rounds=3, ax=axes[0])[
            0
        ]
        is figure
    )
    assert plot_fits(*line, 0.1, rng=rng(), ax=axes[1], n_grid=7, **QUICK)[0] is figure
    assert all(o.get_lines() for o in axes)
    alone, numbers = plot_fits(*line, 0.1, rng=rng(), n_grid=7, **QUICK)
    assert alone is not figure and numbers["grid"].shape == (7,)


def test_fitted_functions_are_the_fits_they_name(line):
    x, y = line
    Z, lam = add_bias(x), 0.1
    functions, objectives = fitted_functions(x, y, lam, rng=rng(), **QUICK)
    W = solve(
        GroupLassoProblem(MaskedDesign(Z, enumerate_masks(Z)), y, lam), tol=1e-9
    ).W
    np.testing.assert_allclose(
        functions["group lasso, decomposed"](x),
        MaskedDesign(Z, enumerate_masks(Z)).predict(W),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        functions["NTK ridge"](x), ntk(Z) @ kernel_ridge(ntk(Z), y, lam / 2), atol=1e-10
    )
    assert objectives["gated"] <= objectives["ReLU optimum"] * (1 + 1e-6)
    assert objectives["ReLU optimum"] <= (1 + 2e-6) * min(
        objectives[k] for k in ("gradient descent", "group lasso, decomposed")
    )
    long = fitted_functions(x, y, lam, rng=rng(), decomposition="fast")[1]
    assert (
        long["gradient descent"]
        <= 1.01 * long["ReLU optimum"]
        < 1.01 * objectives["gradient descent"]
    )


def test_kernel_path_starts_at_the_tangent_kernel_and_ends_at_the_optimum(line):
    x, y = line
    Z = add_bias(x)
    path = kernel_path(x, y, 0.1, rounds=(0, 3, 200), grid=np.linspace(-2, 2, 30))
    assert (
        path["kernels"].shape == (3, 5, 5)
        and path["fits"].shape == (3, 30)
        and path["weights"].shape == (3, 10)
    )
    np.testing.assert_allclose(path["kernels"][0], ntk(Z), atol=1e-12)
    G = add_bias(path["grid"][:, None])
    np.testing.assert_allclose(
        path["fits"][0], ntk(G, Z) @ kernel_ridge(ntk(Z), y, 0.05), atol=1e-10
    )
    design = MaskedDesign(Z, exact_weights(Z)[0])
    np.testing.assert_allclose(
        path["kernels"][1], design.kernel(path["weights"][1]), atol=1e-12
    )
    np.testing.assert_allclose(
        path["objectives"][-1],
        solve(GroupLassoProblem(design, y, 0.1), tol=1e-9).objective,
        rtol=1e-8,
    )


def test_a_spread_kernel_off_the_samples_by_simulation(line):
    x, y = line
    Z, new = add_bias(x), np.array([-1.2, 0.0, 0.9])
    path = kernel_path(x, y, 0.1, rounds=(4,), grid=new)
    masks, start = exact_weights(Z)
    gates = rng(3).standard_normal((200_000, 2))
    place = {pattern.tobytes(): i for i, pattern in enumerate(masks.patterns.T)}
    ratio = (path["weights"][0] / start)[
        [place[row.tobytes()] for row in gates @ Z.T >= 0]
    ]
    G, coefs = add_bias(new[:, None]), kernel_ridge(path["kernels"][0], y, 0.05)
    terms = (
        (gates @ G.T >= 0) * ((gates @ Z.T >= 0) @ (G @ Z.T * coefs).T) * ratio[:, None]
    )  # one row a gate
    z = (terms.mean(0) - path["fits"][0]) / (terms.std(0) / np.sqrt(len(terms)))
    assert np.abs(z).max() < 4 and (terms.std(0) / np.sqrt(len(terms))).max() < 0.05


def test_equal_seeds_give_equal_numbers_and_input_stays_as_it_was(line, samples):
    def run():
        one = figure_1(*line, 0.1, rng=rng(4), n_rounds=10, width=5, **QUICK)[1]
        return [
            value
            for _, value in flat(
                {
                    "one": one,
                    "two": figure_2(
                        *samples, 0.1, rng=rng(5), n_circles=4, n_rounds=10
                    )[1],
                }
            )
        ]

    before = [np.copy(a) for a in (*line, *samples)]
    for array in (*line, *samples):
        array.flags.writeable = False
    for a, b in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(before, (*line, *samples), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_layouts_and_degenerate_data(line):
    x, y = line
    given = kernel_path(x, y, 0.1, rounds=(2,))
    for other in (
        add_bias(x),
        np.asfortranarray(add_bias(x)),
        np.repeat(x, 2, axis=1)[:, :1],
        x.tolist(),
    ):
        np.testing.assert_array_equal(
            kernel_path(other, list(y), 0.1, rounds=(2,))["fits"], given["fits"]
        )
    single = kernel_path(x.astype(np.float32), y.astype(np.float32), 0.1, rounds=(2,))
    np.testing.assert_allclose(single["fits"], given["fits"], atol=1e-4)
    for x, y in (
        ([[0.3]], [1.0]),
        ([[1.0], [1.0], [2.0]], [0.0, 1.0, 1.0]),
        ([[0.0], [1.0]], [0.0, 0.0]),
    ):
        numbers = figure_1(
            x, y, 0.1, rng=rng(), n_random=1, n_rounds=20, width=3, **QUICK
        )[1]
        assert all(np.all(np.isfinite(value)) for _, value in flat(numbers))
    numbers = figure_2([[1.0]], [2.0], 0.1, rng=rng(), n_rounds=5)[1]
    np.testing.assert_allclose(
        numbers["trace"]["levels"]["optimum"], 0.1 * 2 - 0.1**2 / 4
    )


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda x, y: figure_1(x, y, 0.0, rng=rng()),
            ValueError,
            "lam must be a positive number",
        ),
        (
            lambda x, y: figure_1(x, y[:3], 0.1, rng=rng()),
            ValueError,
            "y must have one entry for each of the 5 rows",
        ),
        (
            lambda x, y: figure_1(x * np.nan, y, 0.1, rng=rng()),
            ValueError,
            "X must be finite",
        ),
        (
            lambda x, y: figure_1(x[:0], y, 0.1, rng=rng()),
            ValueError,
            "X must have at least one row",
        ),
        (
            lambda x, y: figure_1(np.c_[x, x], y, 0.1, rng=rng()),
            ValueError,
            "X must have one column",
        ),
        (
            lambda x, y: figure_1(x, y, 0.1, rng=0),
            TypeError,
            "rng must be a numpy.random.Generator",
        ),
        (
            lambda x, y: figure_1(x, y, 0.1, rng=rng(), n_random=0),
            ValueError,
            "n_random must be a whole number",
        ),
        (
            lambda x, y: figure_1(x, y, 0.1, rng=rng(), n_rounds=0),
            ValueError,
            "n_rounds must be a whole number",
        ),
        (
            lambda x, y: figure_2(x, y, 0.1, rng=rng(), n_circles=None),
            ValueError,
            "n_circles must be a whole number",
        ),
        (
            lambda x, y: figure_2(x, y, 0.1, rng=rng(), n_circles=1),
            ValueError,
            "n_circles must be at least 2",
        ),
        (
            lambda x, y: figure_2(x, y * np.inf, 0.1, rng=rng()),
            ValueError,
            "y must be finite",
        ),
        (
            lambda x, y: plot_trace(
                gaussian_design(6, 4, rng=rng()), np.ones(6), 0.1, rng=rng()
            ),
            ValueError,
            "rank at most 3",
        ),
        (
            lambda x, y: plot_fits(x, y, 0.1, rng=rng(), n_grid=0),
            ValueError,
            "n_grid must be a whole number",
        ),
        (
            lambda x, y: plot_fits(x, y, 0.1, rng=rng(), width=0),
            ValueError,
            "width must be a whole number",
        ),
        (
            lambda x, y: plot_fits(x, y, 0.1, rng=rng(), decomposition="best"),
            ValueError,
            "method must be one of",
        ),
        (
            lambda x, y: plot_fits(x, y, 0.1, rng=rng(), learning_rate=10.0),
            ValueError,
            "learning_rate must be small",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, rounds=()),
            ValueError,
            "rounds must be increasing",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, rounds=(0, 0.5)),
            ValueError,
            "rounds must be increasing",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, rounds=(-1, 2)),
            ValueError,
            "rounds must be increasing",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, grid=[np.nan]),
            ValueError,
            "grid must be finite",
        ),
        (
            lambda x, y: reweighting_traces(
                GroupLassoProblem(MaskedDesign(x, enumerate_masks(x)), y, 0.1),
                [1.0, -1.0],
                rng=rng(),
            ),
            ValueError,
            "weights must be",
        ),
    ],
)
def test_bad_input_is_refused(line, call, error, words):
    with pytest.raises(error, match=words):
        call(*line)


def test_bad_input_leaves_no_figure_behind(line):
    with pytest.raises(ValueError):
        figure_1(*line, -1.0, rng=rng())
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda x, y: reweighting_traces([x, y], [1.0], rng=rng()),
            TypeError,
            "problem must be a GroupLassoProblem; got list",
        ),
        (
            lambda x, y: plot_trace(add_bias(x), y, "0.1", rng=rng()),
            ValueError,
            "lam must be a positive number",
        ),
        (
            lambda x, y: plot_trace(add_bias(x), y, 0.1, rng=rng(), n_circles=2.5),
            ValueError,
            "n_circles must be a whole number",
        ),
        (
            lambda x, y: plot_trace(add_bias(x), np.ma.masked_array(y), 0.1, rng=rng()),
            TypeError,
            "masked array",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, rounds="012"),
            TypeError,
            "rounds must hold numbers",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, rounds=[[0, 1]]),
            ValueError,
            "rounds must be increasing",
        ),
        (
            lambda x, y: kernel_path(x, y, 0.1, rounds=None),
            TypeError,
            "rounds must be an array of numbers",
        ),
        (
            lambda x, y: reweighting_traces(
                GroupLassoProblem(MaskedDesign(x, enumerate_masks(x)), y, 0.1),
                [1.0, 1.0],
                rng=rng(),
                n_rounds=10**15,
            ),
            ValueError,
            "of memory",
        ),
    ],
)
def test_wrong_kinds_are_refused_in_words(line, call, error, words):
    with pytest.raises(error, match=words):
        call(*line)
