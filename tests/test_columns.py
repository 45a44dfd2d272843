"""Column generation against newton.solve on all masks, and its way with interrupts; the rest is in the chapter."""

from dataclasses import replace

import numpy as np
import pytest

from fixntk.columns import lam_max_all, price_gates, pricing_bound, solve_all_masks
from fixntk.data import gaussian_design, teacher_data
from fixntk.design import MaskedDesign
from fixntk.group_lasso import GroupLassoProblem
from fixntk.masks import Masks, enumerate_masks, sample_masks
from fixntk.newton import solve


def table(seed):
    """Rank 2 or 3; every second table with repeated, parallel, opposite and zero rows, or small integers full of ties."""
    rng = np.random.default_rng(seed)
    r = 2 + seed % 2
    X = gaussian_design(12 + seed, r, rng=rng)
    if seed % 4 == 1:
        X[1], X[2], X[3], X[4] = X[0], 2 * X[0], -X[0], 0
    elif seed % 4 == 2:
        X = rng.integers(-2, 3, size=(15, r)).astype(float)
    elif seed % 4 == 3:
        X = X @ rng.standard_normal((r, r + 2))  # more columns than the rank
    y = rng.standard_normal(len(X))
    if seed % 4 == 1:
        y[1] = y[0]
    return X, y


@pytest.mark.parametrize("seed", range(20))
def test_same_as_all_enumerated_masks(seed):
    X, y = table(seed)
    every = enumerate_masks(X)
    lam_max, exact = lam_max_all(X, y, rng=np.random.default_rng(seed))
    assert exact
    np.testing.assert_allclose(
        lam_max, GroupLassoProblem(MaskedDesign(X, every), y, 1.0).lam_max, rtol=1e-12
    )
    problem = GroupLassoProblem(
        MaskedDesign(X, every), y, (0.3, 0.03)[seed // 10] * lam_max
    )
    reference = solve(problem, tol=1e-8)
    found = solve_all_masks(
        X, y, problem.lam, tol=1e-8, rng=np.random.default_rng(seed), n_circles=50
    )
    assert found.converged and f"certified over all {every.p} masks" in found.reason
    np.testing.assert_allclose(found.objective, reference.objective, rtol=1e-7)
    spread = np.zeros((every.p, X.shape[1]))
    both = every | found.masks
    assert both.p == every.p
    names = {column.tobytes(): i for i, column in enumerate(every.patterns.T)}
    for column, row in zip(found.masks.patterns.T, found.W):
        spread[names[column.tobytes()]] = row
    np.testing.assert_allclose(
        problem.gap(spread), found.gap, atol=1e-12
    )  # the gap that is reported is the one over all masks


@pytest.mark.parametrize("seed", range(8))
def test_one_circle_of_a_plane_prices_every_mask(seed):
    rng = np.random.default_rng(seed)
    X = (
        gaussian_design(20, 2, rng=rng)
        if seed % 2
        else rng.integers(-2, 3, size=(20, 2)).astype(float)
    )
    z = rng.standard_normal(20)
    best = MaskedDesign(X, enumerate_masks(X)).correlation_norms(z).max()
    gates, values = price_gates(X, z, n_circles=1, rng=rng)
    np.testing.assert_allclose(values[0], best, rtol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(X.T @ ((X @ gates[0] >= 0) * z)), values[0], rtol=1e-12
    )
    assert best <= pricing_bound(X, z) * (1 + 1e-12)


def test_gates_are_distinct_ranked_and_belong_to_open_cells():
    rng = np.random.default_rng(0)
    X = gaussian_design(30, 4, rng=rng)
    X[5:10], X[10:12], X[12] = X[0], -X[1:3], 0
    z = rng.standard_normal(30)
    every = enumerate_masks(X)
    gates, values = price_gates(X, z, n_circles=100, rng=rng, gates=every.gates[:3])
    masks = Masks.from_gates(X, gates)
    assert (
        masks.p == len(gates)
        and np.all(np.diff(values) <= 0)
        and (every | masks).p == every.p
    )
    np.testing.assert_allclose(
        MaskedDesign(X, masks).correlation_norms(z), values, rtol=1e-12
    )


@pytest.mark.parametrize(
    "n, d", [(30, 4), (600, 60)]
)  # one block of walkers, and several that two threads share
def test_one_seed_one_answer(n, d):
    rng = np.random.default_rng(0)
    X, z = gaussian_design(n, d, rng=rng), rng.standard_normal(n)
    first, again = (
        price_gates(X, z, n_circles=64, rng=np.random.default_rng(1)) for _ in range(2)
    )
    for one, other in zip(first, again):
        np.testing.assert_array_equal(one, other)


def test_every_other_walk_begins_at_a_gate_that_is_given():
    rng = np.random.default_rng(0)
    X, z = gaussian_design(60, 6, rng=rng), rng.standard_normal(60)
    good, best = price_gates(X, z, n_circles=2000, rng=rng)
    gates, values = price_gates(
        X, z, n_circles=2, rng=np.random.default_rng(1), gates=good[:1]
    )
    assert values[0] >= best[0] * (1 - 1e-12)  # its circle passes through the gate
    assert np.all(
        Masks.from_gates(X, np.vstack([gates, good[:1]])).patterns
        == Masks.from_gates(X, gates).patterns
    )


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 2)),
        np.ones((4, 1)),
        np.array([[1.0], [-1.0]]),
        np.array([[2.0]]),
        np.eye(2, 5),
    ],
)
def test_tiny_tables(X):
    y = np.arange(1.0, len(X) + 1)
    every = MaskedDesign(X, enumerate_masks(X))
    found = solve_all_masks(
        X, y, 0.5, tol=1e-8, rng=np.random.default_rng(0), n_circles=50
    )
    assert found.converged
    np.testing.assert_allclose(
        found.objective,
        solve(GroupLassoProblem(every, y, 0.5), tol=1e-8).objective,
        rtol=1e-7,
    )


def data(n=60, d=6):
    rng = np.random.default_rng(1)
    X = gaussian_design(n, d, rng=rng)
    return X, teacher_data(X, 5, noise=0.1, kind="relu", rng=rng)


def test_start_must_belong_to_the_table():
    X, y = data()
    first = solve_all_masks(
        X, y, 2.0, rng=np.random.default_rng(0), max_masks=1, n_circles=10, max_rounds=2
    )
    with pytest.raises(ValueError, match="start must have masks of the rows of X"):
        solve_all_masks(X[::-1], y, 2.0, rng=np.random.default_rng(0), start=first)
    moved = solve_all_masks(
        3 * X,
        y,
        2.0,
        rng=np.random.default_rng(0),
        max_masks=1,
        n_circles=10,
        max_rounds=3,
        start=first,
    )
    assert (
        moved.n_iter > first.n_iter
    )  # a positive multiple of the table has the same masks


def test_interrupt_keeps_everything_and_resumes():
    X, y = data()
    seen = []

    def stop_after_five(text):
        seen.append(text)
        if len(seen) == 5:
            raise KeyboardInterrupt

    first = solve_all_masks(
        X,
        y,
        2.0,
        rng=np.random.default_rng(0),
        max_masks=1,
        n_circles=10,
        progress=stop_after_five,
    )
    assert (
        not first.converged
        and "interrupted after 5 rounds" in first.reason
        and "start" in first.reason
    )
    assert first.details["interrupted"] and not first.proven_over.startswith(
        "all masks"
    )
    assert len(first.history["objective"]) == 5 and "round 5: objective" in seen[-1]
    np.testing.assert_allclose(
        first.objective, first.history["objective"][-1], rtol=1e-12
    )
    second = solve_all_masks(
        X, y, 2.0, rng=np.random.default_rng(1), max_masks=1, n_circles=10, start=first
    )
    assert second.converged and "evidence and not proof" in second.reason
    assert second.history["objective"][:5] == first.history["objective"]
    assert np.all(np.diff(second.history["objective"]) <= 1e-5 * second.objective)
    assert second.details["circles"][5] > first.details["circles"][-1]
    again = solve_all_masks(
        X, y, 2.0, rng=np.random.default_rng(2), max_masks=1, n_circles=10, start=second
    )
    assert again.n_iter > second.n_iter and again.objective <= second.objective * (
        1 + 1e-5
    )  # going on never loses


def test_interrupt_inside_the_solver_and_max_rounds(monkeypatch):
    X, y = data()
    import fixntk.searches as columns

    real, calls = columns.solve, []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(columns, "solve", interrupted)
    kept = solve_all_masks(
        X, y, 2.0, rng=np.random.default_rng(0), max_masks=1, n_circles=10
    )
    assert (
        not kept.converged
        and "interrupted after 4 rounds" in kept.reason
        and kept.weights.any()
    )
    np.testing.assert_allclose(
        kept.objective,
        GroupLassoProblem(MaskedDesign(X, kept.masks), y, 2.0).objective(kept.W),
        rtol=1e-12,
    )
    monkeypatch.undo()
    short = solve_all_masks(
        X, y, 2.0, rng=np.random.default_rng(0), max_masks=1, n_circles=10, max_rounds=2
    )
    assert not short.converged and "max_rounds" in short.reason and short.n_iter == 2


def test_zero_is_the_answer_from_lam_max_on():
    X, y = table(4)
    lam_max, _ = lam_max_all(X, y, rng=np.random.default_rng(0))
    zero = solve_all_masks(X, y, lam_max * (1 + 1e-9), rng=np.random.default_rng(0))
    assert zero.converged and not zero.W.any()
    assert solve_all_masks(
        X, y, 0.99 * lam_max, tol=1e-9, rng=np.random.default_rng(0)
    ).W.any()


def test_bad_input():
    X, y = table(0)
    rng = np.random.default_rng(0)
    for call, words in (
        (lambda: solve_all_masks(X, y, 0.0, rng=rng), "lam must be a positive"),
        (lambda: solve_all_masks(X, y[:-1], 1.0, rng=rng), "y must have one entry"),
        (lambda: solve_all_masks(X, y, 1.0, tol=0, rng=rng), "tol must be"),
        (lambda: solve_all_masks(X, y, 1.0, rng=rng, n_circles=0), "n_circles must be"),
        (lambda: solve_all_masks(X * np.nan, y, 1.0, rng=rng), "X must be finite"),
        (lambda: price_gates(X, y, n_circles=1.5, rng=rng), "n_circles must be"),
        (
            lambda: price_gates(X, y, n_circles=9, rng=rng, gates=np.ones((2, 7))),
            "gates must have",
        ),
        (lambda: price_gates(X, y[:3], n_circles=9, rng=rng), "z must have one entry"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError, match="rng must be"):
        solve_all_masks(X, y, 1.0, rng=0)


def test_wrong_kinds_are_named():
    X, y = table(0)
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match="start must be a Solution"):
        solve_all_masks(X, y, 1.0, rng=rng, start=3)
    with pytest.raises(TypeError, match="progress must be a function"):
        solve_all_masks(X, y, 1.0, rng=rng, progress=True)
    calls = {
        "X": lambda bad: (
            price_gates(bad, y, n_circles=9, rng=rng),
            lam_max_all(bad, y, rng=rng),
            pricing_bound(bad, y),
        ),
        "y": lambda bad: (
            lam_max_all(X, bad, rng=rng),
            solve_all_masks(X, bad, 1.0, rng=rng),
        ),
        "z": lambda bad: (
            price_gates(X, bad, n_circles=9, rng=rng),
            pricing_bound(X, bad),
        ),
        "gates": lambda bad: price_gates(X, y, n_circles=9, rng=rng, gates=bad),
        "n_circles": lambda bad: price_gates(X, y, n_circles=bad, rng=rng),
        "max_masks": lambda bad: lam_max_all(X, y, rng=rng, max_masks=bad),
        "max_rounds": lambda bad: solve_all_masks(X, y, 1.0, rng=rng, max_rounds=bad),
        "lam": lambda bad: solve_all_masks(X, y, bad, rng=rng),
        "tol": lambda bad: solve_all_masks(X, y, 1.0, rng=rng, tol=bad),
    }
    hidden, dates = (
        np.ma.masked_array(X, X > 0),
        np.full(X.shape, "2020-01-01", dtype="M8[D]"),
    )
    for name, call in calls.items():
        for bad in (
            "a",
            [[1.0], [1.0, 2.0]],
            object(),
            Masks,
            1j,
            -1,
            hidden,
            dates,
            np.full(X.shape, "1_0"),
            np.nan,
        ):
            with pytest.raises((TypeError, ValueError), match=f"^{name} must"):
                call(bad)


@pytest.mark.parametrize("circles", [10**11, 10**40])
def test_too_many_circles_are_refused_before_the_work(circles):
    X, y = table(0)
    for call in (
        lambda: price_gates(X, y, n_circles=circles, rng=np.random.default_rng(0)),
        lambda: solve_all_masks(
            X, y, 1.0, n_circles=circles, rng=np.random.default_rng(0)
        ),
    ):
        with pytest.raises(ValueError, match="n_circles"):
            call()


@pytest.mark.parametrize("max_masks", [1, 1000])
@pytest.mark.parametrize("column", [0.1, 0.7, 1e-9, 3e8])
def test_a_largest_strength_of_pure_rounding_is_zero(max_masks, column):
    y = np.tile([0.1, -0.3, 0.2], 50)  # sums to zero but for rounding
    X = np.full((150, 2), column)
    assert abs(y.sum()) > 0
    value, exact = lam_max_all(X, y, rng=np.random.default_rng(0), max_masks=max_masks)
    assert value == 0 and exact == (max_masks > 1)


@pytest.mark.parametrize("size", [1e150, 1e-150])
def test_extreme_units_change_the_unit_only(size):
    X, y = table(0)
    gates, values = price_gates(X, y, n_circles=20, rng=np.random.default_rng(0))
    again, moved = price_gates(size * X, y, n_circles=20, rng=np.random.default_rng(0))
    np.testing.assert_allclose(moved[0], size * values[0], rtol=1e-12)
    np.testing.assert_allclose(
        pricing_bound(size * X, y), size * pricing_bound(X, y), rtol=1e-12
    )
    np.testing.assert_allclose(
        pricing_bound(X, size * y), size * pricing_bound(X, y), rtol=1e-12
    )
    np.testing.assert_allclose(
        lam_max_all(size * X, y, rng=np.random.default_rng(0))[0],
        2 * size * values[0],
        rtol=1e-12,
    )


@pytest.mark.parametrize("factor", [1e3, 1e20, -1e20, 1e150, 1e250])
def test_a_start_that_is_far_too_large_is_shortened(factor):
    X, y = table(6)
    lam = 0.1 * lam_max_all(X, y, rng=np.random.default_rng(0))[0]
    found = solve_all_masks(X, y, lam, tol=1e-6, rng=np.random.default_rng(0))
    again = solve_all_masks(
        X,
        y,
        lam,
        tol=1e-6,
        rng=np.random.default_rng(0),
        start=replace(found, W=factor * found.W),
    )
    assert again.converged
    np.testing.assert_allclose(
        again.objective, found.objective, rtol=2e-6
    )  # both within tol


def test_a_start_with_broken_coefficients_is_refused():
    X, y = table(6)
    found = solve_all_masks(X, y, 1.0, rng=np.random.default_rng(0))
    for W in (
        np.nan * found.W,
        found.W[:, :-1],
        found.W[:-1] if len(found.W) > 1 else np.vstack([found.W, found.W]),
    ):
        with pytest.raises(ValueError, match="start.W must"):
            solve_all_masks(
                X, y, 1.0, rng=np.random.default_rng(0), start=replace(found, W=W)
            )


@pytest.mark.parametrize(
    "X, y",
    [
        (np.zeros((4, 2)), np.ones(4)),
        (np.eye(4, 2), np.zeros(4)),
        (np.full((6, 2), 0.1), np.tile([0.1, -0.1], 3)),
    ],
)
def test_nothing_to_explain_is_zero(X, y):
    for max_masks in (1, 100):
        found = solve_all_masks(
            X, y, 0.5, rng=np.random.default_rng(0), n_circles=10, max_masks=max_masks
        )
        assert (
            found.converged
            and not found.W.any()
            and lam_max_all(X, y, rng=np.random.default_rng(0), max_masks=max_masks)[0]
            == 0
        )


def test_what_is_proven_is_said_in_one_word():
    X, y = data(40, 4)
    listed = solve_all_masks(X, y, 2.0, rng=np.random.default_rng(0), n_circles=20)
    assert (
        listed.proven_over == "all masks of open cells"
        and "masks of open cells" in listed.reason
    )
    walked = solve_all_masks(
        X, y, 2.0, rng=np.random.default_rng(0), n_circles=20, max_masks=1, n_paths=2
    )
    assert (
        walked.proven_over.startswith("the masks kept")
        and "2 independent path(s)" in walked.reason
    )
    assert not walked.details["interrupted"] and walked.converged
    assert walked.objective >= listed.objective * (1 - 1e-4)
    fresh = price_gates(
        X,
        y - MaskedDesign(X, walked.masks).predict(walked.W),
        n_circles=400,
        rng=np.random.default_rng(5),
    )[1]
    assert 2 * fresh[0] / 2.0 <= 1 + 1e-3


def test_interrupt_in_the_second_path_keeps_the_first_and_owes_it():
    X, y = data(40, 4)

    def stop(text):
        if text.startswith("path 2, round 3"):
            raise KeyboardInterrupt

    first = solve_all_masks(
        X,
        y,
        2.0,
        rng=np.random.default_rng(0),
        n_circles=10,
        max_masks=1,
        n_paths=2,
        progress=stop,
    )
    assert (
        not first.converged
        and first.details["interrupted"]
        and "interrupted after" in first.reason
    )
    texts = []
    second = solve_all_masks(
        X,
        y,
        2.0,
        rng=np.random.default_rng(1),
        n_circles=10,
        max_masks=1,
        n_paths=2,
        start=first,
        progress=texts.append,
    )
    assert second.converged and any(text.startswith("path 2") for text in texts)
    assert second.objective <= first.objective * (1 + 1e-5)


def test_one_column_in_two_units():
    """Pressure in two units, or a column that is the sum of two: its rounding is no direction of its own."""
    exact = 0
    for seed in range(80):
        rng = np.random.default_rng(1000 + seed)
        n = 4 + seed % 12
        a, b = rng.normal(1000, 10, n), rng.normal(5, 2, n)
        X = np.column_stack([a, 0.750061683 * a, b] if seed % 2 else [a, b, a + b])
        X, y = (
            np.column_stack([(X - X.mean(0)) / X.std(0), np.ones(n)]),
            rng.standard_normal(n),
        )
        value, sure = lam_max_all(X, y, rng=rng, n_circles=200)
        sampled = GroupLassoProblem(
            MaskedDesign(X, sample_masks(X, 1000, rng=rng)), y, 1.0
        ).lam_max
        assert value >= sampled * (1 - 1e-9)
        exact += sure
    assert exact >= 79  # at most one in a hundred may be refused


def test_a_second_path_goes_on_where_the_first_had_stopped():
    X = np.random.default_rng(0).standard_normal((50, 6))
    y = np.random.default_rng(1).standard_normal(50)
    rng = np.random.default_rng(0)
    top, _ = lam_max_all(X, y, rng=rng, n_circles=500, max_masks=1)
    choice = dict(n_circles=10, max_masks=1)
    one, two = (
        solve_all_masks(
            X, y, 0.1 * top, rng=np.random.default_rng(3), n_paths=k, **choice
        )
        for k in (1, 2)
    )
    assert two.objective <= one.objective * (1 + 1e-4)
    assert two.history["objective"][: one.n_iter] == one.history["objective"]
    assert (one.details["paths"], two.details["paths"]) == (1, 2)
    assert two.details["circles"][-1] > one.details["circles"][-1]


def test_a_solution_is_over_the_masks_it_kept_and_keeps_one_record():
    X, y = data(40, 4)
    found = solve_all_masks(X, y, 2.0, rng=np.random.default_rng(0), n_circles=20)
    assert (
        found.design.p == found.masks.p == len(found.W) and not found.W.flags.writeable
    )
    assert set(found.history) == {"objective", "gap", "masks", "steps"}
    rounds = {len(v) for v in found.history.values()}
    assert rounds == {len(found.details[k]) for k in ("violation", "circles")}
    np.testing.assert_allclose(
        found.predict(X), found.network().predict(X), rtol=1e-9, atol=1e-12
    )


def test_max_iter_and_its_older_name():
    X, y = data()
    for name in ("max_iter", "max_rounds"):
        choice = {name: 2, "n_circles": 10, "max_masks": 1}
        short = solve_all_masks(X, y, 2.0, rng=np.random.default_rng(0), **choice)
        assert short.n_iter == 2 and not short.converged


def test_a_far_search_takes_masks_from_every_hill():
    from fixntk.generation import spread_out

    rows = np.zeros((30, 100), dtype=bool)
    rows[10:20, :50] = rows[20:, 50:] = True
    rows[np.arange(30), np.arange(30)] ^= True  # variants of three masks
    assert spread_out(rows, 10) == [0, 10, 20] and spread_out(rows, 2) == [0, 10]


def test_only_masks_of_open_cells_are_in_use():
    X = np.array([[-1.0, -1, 0], [3, 3, 3], [3, 3, 0], [3, 3, 3]])
    y, rng = np.array([0.0, 0, 0, 1]), np.random.default_rng(0)
    found = solve_all_masks(X, y, 0.01, tol=1e-7, rng=rng)
    every = {tuple(column) for column in enumerate_masks(X).patterns.T}
    assert {tuple(column) for column in found.masks.patterns.T} <= every


def test_a_start_over_masks_of_the_boundary_is_left():
    X = np.array([[-1.0, -1, 0], [3, 3, 3], [3, 3, 0], [3, 3, 3]])
    y = np.array([0.0, 0, 0, 1])
    found = {
        boundary: solve(
            GroupLassoProblem(
                MaskedDesign(X, enumerate_masks(X, boundary=boundary)), y, 0.01
            ),
            tol=1e-9,
        )
        for boundary in (True, False)
    }
    assert found[True].objective < found[False].objective - 1e-4
    rng = np.random.default_rng(0)
    ended = solve_all_masks(X, y, 0.01, tol=1e-7, rng=rng, start=found[True])
    np.testing.assert_allclose(ended.objective, found[False].objective, rtol=1e-6)
    every = {tuple(column) for column in enumerate_masks(X).patterns.T}
    assert {tuple(column) for column in ended.masks.patterns.T} <= every
