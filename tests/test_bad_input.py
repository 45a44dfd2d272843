"""Wrong input is refused before any work, by a message that names the argument and says what to do."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from fixntk.data import add_bias, gaussian_design, teacher_data, toy_line
from fixntk.kernels import finite_width_ntk, kernel_ridge, ntk
from fixntk.networks import (
    GatedReLUNetwork,
    ReLUNetwork,
    random_network,
    train_by_gradient_descent,
    weight_decay_objective,
)

X, y = np.arange(6.0).reshape(3, 2), np.ones(3)
RNG = np.random.default_rng(0)
NETWORK = ReLUNetwork(np.ones((2, 2)), np.ones(2))
TAKES_X = {
    "add_bias": add_bias,
    "teacher_data": lambda X: teacher_data(X, 2, noise=0, kind="relu", rng=RNG),
    "ntk": ntk,
    "ntk, Y": lambda Y: ntk(X, Y),
    "finite_width_ntk": lambda X: finite_width_ntk(
        X, width=2, parameterization="relu", rng=RNG
    ),
    "predict": NETWORK.predict,
    "objective": lambda X: weight_decay_objective(NETWORK, X, y, 1.0),
    "descent": lambda X: train_by_gradient_descent(NETWORK, X, y, 1.0),
    "kernel_ridge, K": lambda K: kernel_ridge(K, y, 1.0),
    "ReLUNetwork, W": lambda W: ReLUNetwork(W, y),
    "GatedReLUNetwork, gates": lambda gates: GatedReLUNetwork(gates, X, y),
}


@pytest.mark.parametrize("name", TAKES_X)
@pytest.mark.parametrize(
    "bad, says",
    [
        (np.array([[np.nan, 1.0]] * 3), "must be finite; got nan"),
        (np.array([[1.0, np.inf]] * 3), "must be finite; got inf"),
        (np.ones(3), "must be a table of shape"),
        (np.ones((3, 2, 2)), "must be a table of shape"),
        (np.ones((0, 2)), "at least one row and one column"),
        (np.ones((3, 0)), "at least one row and one column"),
        ([["a", "b"]] * 3, "must hold numbers"),
        (np.ones((3, 2)) * 1j, "must hold real numbers"),
        (np.ma.array(np.ones((3, 2)), mask=[[0, 1]] * 3), "got a masked array"),
        (np.full((3, 2), "NaT", "datetime64[D]"), "got dates or times"),
        ([["1_0", "2"]] * 3, "got text"),
        (csr_array(np.ones((3, 2))), "got a sparse one"),
        ([[1.0, 2.0], [3.0], [4.0]], "rows of equal length"),
        ([[1.0, None]] * 3, "got None"),
        ([[1.0, 10**400]] * 3, "got a whole number of 401 digits"),
        (2.0, r"got shape \(\)"),
        ({"a": [1.0, 2.0]}, "got dict"),
    ],
    ids="nan,inf,1-D,3-D,no rows,no columns,text,complex,masked,dates,underscores,sparse,ragged,missing,huge,scalar,dict".split(
        ","
    ),
)
def test_tables(name, bad, says):
    argument = name.split(", ")[1] if ", " in name else "X"
    with pytest.raises((ValueError, TypeError), match=says) as caught:
        TAKES_X[name](bad)
    message = str(caught.value)
    assert (
        message.startswith(argument) and message.count(".") >= 2
    )  # names the argument, ends with what to do


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: toy_line(0, rng=RNG), "n must be a whole number of at least 1; got 0"),
        (lambda: toy_line(5, rng=0), "rng must be a numpy.random.Generator; got int"),
        (lambda: gaussian_design(5, 1.5, rng=RNG), "d must be a whole number"),
        (
            lambda: teacher_data(X, 0, noise=0, kind="relu", rng=RNG),
            "width must be a whole number",
        ),
        (
            lambda: teacher_data(X, 2, noise=-1, kind="relu", rng=RNG),
            "noise must be a number of at least zero; got -1",
        ),
        (
            lambda: teacher_data(X, 2, noise=0, kind="tanh", rng=RNG),
            "kind must be one of 'relu', 'gated'; got 'tanh'",
        ),
        (
            lambda: finite_width_ntk(X, width=0, parameterization="relu", rng=RNG),
            "width must be a whole number of at least 1; got 0",
        ),
        (
            lambda: finite_width_ntk(X, width=2, parameterization="both", rng=RNG),
            "parameterization must be one of",
        ),
        (lambda: ntk(X, np.ones((2, 3))), "Y must have as many columns as X, 2; got 3"),
        (
            lambda: finite_width_ntk(
                X, np.ones((2, 3)), width=2, parameterization="relu", rng=RNG
            ),
            "Y must have as many columns as X, 2; got 3",
        ),
        (
            lambda: kernel_ridge(np.eye(3), y, -1.0),
            "ridge must be a positive number; got -1.0",
        ),
        (
            lambda: kernel_ridge(np.eye(3), y, np.nan),
            "ridge must be a positive number; got nan",
        ),
        (
            lambda: kernel_ridge(np.eye(3), np.ones(2), 1.0),
            "y must have one entry for each of the 3 rows of K; got 2",
        ),
        (lambda: kernel_ridge(np.eye(3), [1.0, np.nan, 1.0], 1.0), "y must be finite"),
        (
            lambda: kernel_ridge(np.ones((3, 2)), y, 1.0),
            "K must be a square symmetric matrix",
        ),
        (
            lambda: weight_decay_objective(NETWORK, X, y[:, None], 1.0),
            "y must be one-dimensional",
        ),
        (
            lambda: weight_decay_objective(NETWORK, X, y, -1.0),
            "lam must be a number of at least zero",
        ),
        (lambda: NETWORK.predict(np.ones((3, 3))), "X must have 2 columns"),
        (
            lambda: ReLUNetwork(np.ones((2, 2)), np.ones(3)),
            "output must have one entry for each of the 2 rows of W",
        ),
        (
            lambda: GatedReLUNetwork(np.ones((2, 3)), np.ones((2, 2))),
            "gates must have the shape of W",
        ),
        (lambda: random_network(2, 0, rng=RNG), "width must be a whole number"),
        (
            lambda: train_by_gradient_descent(NETWORK, X, y, 1.0, learning_rate=-1),
            "learning_rate must be a positive number",
        ),
        (
            lambda: train_by_gradient_descent(NETWORK, X, y, 1.0, learning_rate=100.0),
            "learning_rate must be small enough",
        ),
        (
            lambda: train_by_gradient_descent(NETWORK, X, y, 1.0, n_steps=0),
            "n_steps must be a whole number",
        ),
    ],
)
def test_other_arguments(call, says):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert says in str(caught.value)
