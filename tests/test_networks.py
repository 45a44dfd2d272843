"""Networks own their numbers, decide ties alone, and name what is wrong with an argument."""

import copy
import pickle
from itertools import product

import numpy as np
import pytest

from fixntk.data import gaussian_design, teacher_data, toy_line
from fixntk.machine import blas_threads
from fixntk.networks import (
    GatedReLUNetwork,
    ReLUNetwork,
    balanced,
    objective_gradient,
    random_network,
    train_by_gradient_descent,
    weight_decay_objective,
)

LATTICE = np.array(list(product(range(-4, 5), repeat=3))) / 10
GATES = np.array(
    [[0.1, 0.2, -0.3], [0.3, -0.1, 0.1], [0.7, 0.7, -0.7], [0.0, 0.0, 0.0]]
)
NETWORKS = [
    ReLUNetwork(GATES, np.arange(4.0)),
    GatedReLUNetwork(GATES, GATES[::-1] + 1, np.arange(1.0, 5)),
]
X, Y = np.random.default_rng(0).standard_normal((5, 3)), np.ones(5)


@pytest.mark.parametrize(
    "network", NETWORKS, ids=lambda network: type(network).__name__
)
def test_one_row_alone_and_in_a_table(network):
    table, answers = network.is_open(LATTICE), network.predict(LATTICE)
    for k, row in enumerate(LATTICE):
        np.testing.assert_array_equal(network.is_open(row[None])[0], table[k])
        np.testing.assert_allclose(
            network.predict(row[None])[0], answers[k], rtol=0, atol=1e-14
        )  # of terms up to 20
    np.testing.assert_array_equal(network.is_open(LATTICE[::-1])[::-1], table)
    np.testing.assert_array_equal(
        network.is_open(LATTICE[:, ::-1]),
        type(network).is_open(flipped(network), LATTICE),
    )


def flipped(network):
    "The same network for inputs in the opposite order of columns."
    parts = {
        name: value[:, ::-1] if value.ndim == 2 else value
        for name, value in vars(network).items()
    }
    return type(network)(**parts)


@pytest.mark.parametrize(
    "network", NETWORKS, ids=lambda network: type(network).__name__
)
def test_arrays_are_copied_and_locked(network):
    parts = {name: np.array(value) for name, value in vars(network).items()}
    again = type(network)(**parts)
    for values in parts.values():
        values[:] = 7
    np.testing.assert_array_equal(again.predict(X), network.predict(X))
    for one in (
        again,
        pickle.loads(pickle.dumps(again)),
        copy.deepcopy(again),
        copy.copy(again),
        balanced(again),
    ):
        for name, values in vars(one).items():
            assert not values.flags.writeable and values.base is None, name
    with pytest.raises(AttributeError):
        network.W = parts["W"]


@pytest.mark.parametrize(
    "call",
    [
        lambda network: weight_decay_objective(network, X, Y, 0.1),
        lambda network: objective_gradient(network, X, Y, 0.1),
        lambda network: train_by_gradient_descent(network, X, Y, 0.1),
        balanced,
    ],
)
@pytest.mark.parametrize(
    "wrong",
    [None, GATES, [GATES, GATES], ReLUNetwork, lambda X: X, {"W": GATES}],
    ids=lambda w: type(w).__name__,
)
def test_what_is_no_network(call, wrong):
    with pytest.raises(
        TypeError, match="network must be a ReLUNetwork or GatedReLUNetwork; got"
    ):
        call(wrong)


@pytest.mark.parametrize(
    "call, says",
    [
        (
            lambda rng: ReLUNetwork([1.0, 2.0], [1.0]),
            "W must be a table of shape .n, d., one row a neuron",
        ),
        (
            lambda rng: GatedReLUNetwork([1.0], [[1.0]]),
            "gates must be a table of shape .n, d., one row a gate",
        ),
        (
            lambda rng: random_network(2, 3, gated=1, rng=rng),
            "gated must be True or False; got 1",
        ),
        (lambda rng: random_network(2, 10**15, rng=rng), "needs about .* of memory"),
        (
            lambda rng: train_by_gradient_descent(
                NETWORKS[0], X, Y, 0.1, n_steps=10**15
            ),
            "n_steps: .* needs about .* of memory",
        ),
        (
            lambda rng: gaussian_design(10**9, 10**9, rng=rng),
            "needs about .* of memory",
        ),
        (lambda rng: toy_line(10**15, rng=rng), "needs about .* of memory"),
        (
            lambda rng: teacher_data(X, 10**15, noise=0, kind="relu", rng=rng),
            "needs about .* of memory",
        ),
        (
            lambda rng: weight_decay_objective(
                NETWORKS[0], X, np.ma.array(Y, mask=True), 1
            ),
            "y must be a plain array; got a masked",
        ),
        (
            lambda rng: NETWORKS[1].predict(X.astype("datetime64[s]")),
            "X must hold numbers; got dates",
        ),
        (
            lambda rng: NETWORKS[1].predict([["1_0", "2", "3"]]),
            "X must hold numbers; got text",
        ),
    ],
)
def test_other_arguments(call, says):
    with pytest.raises((TypeError, ValueError), match=says):
        call(np.random.default_rng(0))


def test_refusals_of_networks():
    one, rng = ReLUNetwork([[1.0, 1.0]], [2.0]), np.random.default_rng(0)
    train = train_by_gradient_descent
    for call, says in (
        (lambda: one.W.__setitem__(0, 1.0), "read-only"),
        (lambda: one.predict(np.ones((2, 3))), "X must have 2 columns"),
        (lambda: ReLUNetwork([[1.0]], [1.0, 2.0]), "for each of the 1 rows of W"),
        (
            lambda: GatedReLUNetwork([[1.0]], [[1.0, 1.0]], [2.0]),
            "gates must have the shape of W, .1, 2.; got .1, 1.",
        ),
        (
            lambda: weight_decay_objective(one, np.ones((2, 2)), [1.0, 2.0], -1),
            "lam must be a number of at least zero; got -1",
        ),
        (
            lambda: train(NETWORKS[0], X, Y, 0.1, learning_rate=0),
            "learning_rate must be a positive number",
        ),
        (
            lambda: train(NETWORKS[0], X, Y, 0.1, n_steps=0),
            "n_steps must be a whole number of at least 1",
        ),
        (lambda: train(NETWORKS[0], X[:, :2], Y, 0.1), "X must have 3 columns"),
        (
            lambda: random_network(3, 0, rng=rng),
            "width must be a whole number of at least 1; got 0",
        ),
    ):
        with pytest.raises(ValueError, match=says):
            call()


def test_short_kinds_of_numbers_give_the_long_answer():
    for kind in (np.float16, np.float32, np.int8, bool):
        table = (10 * X).astype(kind)
        np.testing.assert_array_equal(
            NETWORKS[1].predict(table), NETWORKS[1].predict(table.astype(float))
        )


def test_descent_gives_the_threads_back():
    before = blas_threads()
    train_by_gradient_descent(
        random_network(3, 4, rng=np.random.default_rng(0)), X, Y, 0.1, n_steps=5
    )
    with pytest.raises(ValueError, match="Try 1"):
        train_by_gradient_descent(NETWORKS[0], X, Y, 0.1, learning_rate=10.0)
    assert blas_threads() == before
