"""Many targets in one program: classes together, and y of several columns."""

import pickle
from itertools import product

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from fixntk.conic import solve_cvxpy
from fixntk.data import add_bias, gaussian_design
from fixntk.design import MaskedDesign
from fixntk.estimators import (
    GatedReLUClassifier,
    GatedReLUClassifierCV,
    GatedReLURegressor,
    GatedReLURegressorCV,
    MKLRegressor,
    NTKRegressor,
)
from fixntk.group_lasso import GroupLassoProblem
from fixntk.losses import FreeIntercept, SquaredLoss, WeightedLoss, solve
from fixntk.masks import Masks

RNG = np.random.default_rng(0)
X = gaussian_design(40, 3, rng=RNG)
Y = np.maximum(X @ RNG.standard_normal((3, 4)), 0) + 0.1 * RNG.standard_normal((40, 4))
LABELS = np.array(["low", "middle", "high", "top"])[Y.argmax(1)]
NEW = gaussian_design(50, 3, rng=RNG)
FAST = dict(n_gates=30, random_state=0)
TIGHT = dict(tol=1e-10, **FAST)


def program(model, columns, weights):
    "The joint program of a fitted model, from its masks and its strength."
    rows = add_bias(X) if model.fit_intercept else X
    loss = WeightedLoss(SquaredLoss(), weights)
    loss = FreeIntercept(loss) if model.fit_intercept else loss
    design = MaskedDesign(rows, Masks.from_gates(rows, model.masks_.gates))
    return GroupLassoProblem(design, columns, model.lam_, loss=loss)


def agree(model, columns, weights, answers):
    "The model against its definition, `fixntk.solve` and CVXPY."
    problem, W = program(model, columns, weights), np.moveaxis(model.coef_, 0, -1)
    found = model.solution_
    penalty = model.lam_ * np.linalg.norm(W, axis=(1, 2)).sum()
    error = weights @ np.square(answers - columns).sum(1)
    np.testing.assert_allclose(error + penalty, found.objective, rtol=1e-9)
    np.testing.assert_allclose(model.weights_.sum() * model.lam_, penalty, rtol=1e-12)
    assert problem.gap(W) <= 2e-10 and model.dual_gap_ <= 1e-10
    judges = solve(problem, tol=1e-10), solve_cvxpy(problem)
    for judge in judges:  # CVXPY's own gap is about 1e-8
        np.testing.assert_allclose(found.objective, judge.objective, rtol=1e-7)
    share = model.lam_ratio * problem.lam_max
    np.testing.assert_allclose(model.lam_, share, rtol=1e-9)


@pytest.mark.parametrize("free, weighted", list(product([True, False], repeat=2)))
def test_joint_classes_are_one_program(free, weighted):
    weights = np.random.default_rng(1).uniform(0.5, 2, 40) if weighted else np.ones(40)
    options = dict(multi_class="joint", fit_intercept=free, lam_ratio=0.05)
    model = GatedReLUClassifier(**options, **TIGHT).fit(X, LABELS, weights)
    columns = np.where(LABELS[:, None] == model.classes_, 1.0, -1.0)
    agree(model, columns, weights, model.decision_function(X))
    assert model.coef_.shape == (4, model.masks_.p, 3 + free)
    assert model.weights_.shape == (model.masks_.p,)
    scores, shares = model.decision_function(NEW), model.predict_proba(NEW)
    np.testing.assert_array_equal(
        model.predict(NEW), model.classes_[scores.argmax(axis=1)]
    )
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-12)
    assert np.all(shares.argmax(1) == scores.argmax(1))
    inputs = add_bias(NEW) if free else NEW
    np.testing.assert_allclose(model.solution_.predict(inputs), scores, rtol=1e-9)
    _, spread = model.predict(X, return_spread=True)
    assert not spread.any() and np.isclose(model.feature_importances_.sum(), 1)


@pytest.mark.parametrize("free, weighted", list(product([True, False], repeat=2)))
def test_joint_targets_are_one_program(free, weighted):
    weights = np.random.default_rng(1).uniform(0.5, 2, 40) if weighted else np.ones(40)
    options = dict(fit_intercept=free, lam_ratio=0.05, **TIGHT)
    model = GatedReLURegressor(**options).fit(X, Y, weights)
    agree(model, Y, weights, model.predict(X))
    assert model.predict(NEW).shape == (50, 4) and model.score(X, Y, weights) > 0.5


def test_one_strength_for_all_classes_with_weights_by_class():
    options = dict(multi_class="joint", lam_ratio=0.05, **TIGHT)
    chosen = {"low": 3.0, "top": 0.5}
    model = GatedReLUClassifier(class_weight=chosen, **options).fit(X, LABELS)
    weights = np.array([chosen.get(name, 1.0) for name in LABELS])
    columns = np.where(LABELS[:, None] == model.classes_, 1.0, -1.0)
    problem = program(model, columns, weights)
    direct = solve(problem, tol=1e-10).objective
    np.testing.assert_allclose(model.solution_.objective, direct, rtol=1e-9)
    # the variance that the weights take from the targets does not lower lam
    share = weights[:, None] / weights.sum()
    rest = ((columns - (share * columns).sum(0)) ** 2 * share).sum()
    lift = max(columns.var(axis=0).sum() / rest, 1.0)
    lam = 0.05 * problem.lam_max * lift
    np.testing.assert_allclose(model.lam_, lam, rtol=1e-12)


@pytest.mark.parametrize("kind", [GatedReLUClassifier, GatedReLUClassifierCV])
def test_names_of_classes_do_not_matter(kind):
    options = dict(lam_ratio=0.05)
    if kind is GatedReLUClassifierCV:
        options = dict(n_lams=4, cv=KFold(3), lam_min_ratio=0.05)
    model = kind(multi_class="joint", **options, **FAST)
    named = dict(low="z", middle="b", high="y", top="a")
    other = clone(model).fit(X, np.array([named[name] for name in LABELS]))
    model.fit(X, LABELS)
    translated = np.array([named[name] for name in model.predict(NEW)])
    np.testing.assert_array_equal(other.predict(NEW), translated)
    place = [other.classes_.tolist().index(named[name]) for name in model.classes_]
    for method in ("decision_function", "predict_proba"):
        answers = getattr(other, method)(NEW)[:, place]
        # shares are divided by a sum, whose order is that of the names
        np.testing.assert_allclose(answers, getattr(model, method)(NEW), rtol=1e-14)
    np.testing.assert_array_equal(other.coef_[place], model.coef_)


def test_two_classes_are_one_target_either_way():
    two = LABELS == "low"
    models = [
        GatedReLUClassifier(multi_class=way, **FAST).fit(X, two)
        for way in ("ovr", "joint")
    ]
    scores = [model.decision_function(NEW) for model in models]
    np.testing.assert_array_equal(*scores)
    assert scores[0].shape == (50,) and models[1].coef_.ndim == 2


def test_weights_are_copies_and_order_plays_no_part():
    counts = np.random.default_rng(2).integers(0, 4, 40)
    order = np.random.default_rng(3).permutation(np.repeat(np.arange(40), counts))
    for model, target in (
        (GatedReLUClassifier(multi_class="joint", **FAST), LABELS),
        (GatedReLURegressor(**FAST), Y),
    ):
        answer = "predict" if target is Y else "decision_function"
        weighted = getattr(clone(model).fit(X, target, counts), answer)(NEW)
        copied = getattr(clone(model).fit(X[order], target[order]), answer)(NEW)
        np.testing.assert_allclose(weighted, copied, rtol=1e-9, atol=1e-12)


def test_equal_rows_of_different_targets_are_merged():
    rows, columns = np.vstack([X, X[:10]]), np.vstack([Y, Y[:10] + 1])
    model = GatedReLURegressor(**TIGHT).fit(rows, columns)
    error = np.sum((model.predict(rows) - columns) ** 2)
    objective = error + model.lam_ * model.weights_.sum()
    np.testing.assert_allclose(objective, model.solution_.objective, rtol=1e-9)


def test_separate_targets_are_fits_of_their_own():
    several = GatedReLURegressor(multi_target="separate", **FAST).fit(X, Y)
    for k, column in enumerate(Y.T):
        alone = GatedReLURegressor(**FAST).fit(X, column)
        np.testing.assert_allclose(
            several.predict(NEW)[:, k], alone.predict(NEW), rtol=1e-9, atol=1e-12
        )
        assert np.isclose(several.lam_[k], alone.lam_, rtol=1e-12)
    assert several.coef_.shape == (4, several.masks_.p, 4)
    assert several.weights_.shape == (4, several.masks_.p)


@pytest.mark.parametrize("way", ["joint", "separate"])
def test_constants_and_order_of_targets(way):
    model = GatedReLURegressor(multi_target=way, **FAST)
    plain, shift = clone(model).fit(X, Y).predict(NEW), 100 * np.arange(4.0)
    moved = clone(model).fit(X, Y + shift).predict(NEW)
    np.testing.assert_allclose(moved - shift, plain, rtol=1e-6, atol=1e-9)
    turned = clone(model).fit(X, Y[:, ::-1]).predict(NEW)[:, ::-1]
    np.testing.assert_allclose(turned, plain, rtol=1e-6, atol=1e-9)
    larger = clone(model).fit(X, 1e3 * Y).predict(NEW)
    np.testing.assert_allclose(larger, 1e3 * plain, rtol=1e-6, atol=1e-6)


def test_reweighting_goes_from_the_tangent_kernel_to_the_joint_optimum():
    many = dict(lam_ratio=0.05, **FAST)
    at = [
        GatedReLURegressor(n_reweightings=k, **many).fit(X, Y).solution_.objective
        for k in (0, 4, 64)
    ]
    best = GatedReLURegressor(**many).fit(X, Y).solution_.objective
    assert at[0] > at[1] > at[2] >= best * (1 - 1e-9) and at[2] < 1.001 * best
    other = GatedReLURegressor(solver="irls", max_iter=20_000, **many).fit(X, Y)
    np.testing.assert_allclose(other.solution_.objective, best, rtol=2e-6)  # two gaps


def test_tangent_kernel_of_many_targets_is_that_of_each():
    given = dict(n_reweightings=0, lam=1.0, **FAST)
    answers = [
        GatedReLURegressor(multi_target=way, **given).fit(X, Y).predict(NEW)
        for way in ("joint", "separate")
    ]
    np.testing.assert_allclose(*answers, rtol=1e-8, atol=1e-10)  # sums in turn


@pytest.mark.parametrize("way", ["joint", "separate"])
def test_spread_and_constant_targets(way):
    model = GatedReLURegressor(multi_target=way, **FAST)
    answers, spread = model.fit(X, Y).predict(NEW, return_spread=True)
    assert answers.shape == spread.shape == (50, 4) and spread.any()
    flat = clone(model).fit(X, np.tile([1.0, 2.0], (40, 1)))
    np.testing.assert_array_equal(flat.predict(NEW), np.tile([1.0, 2.0], (50, 1)))
    half = clone(model).fit(X, np.column_stack([Y[:, 0], np.full(40, 7.0)]))
    np.testing.assert_allclose(half.predict(NEW)[:, 1], 7, rtol=1e-12)


@pytest.mark.parametrize("way", ["joint", "separate"])
def test_cross_validation_is_a_grid_search(way):
    options = dict(multi_target=way, n_gates=30, random_state=0, tol=1e-9)
    options["gates"] = np.random.default_rng(0).standard_normal((30, 4))
    chosen = GatedReLURegressorCV(n_lams=4, cv=KFold(3), **options).fit(X, Y)
    grid = {"lam_ratio": chosen.lam_ratios_.tolist()}
    rules = dict(cv=KFold(3), scoring="neg_mean_squared_error")
    search = GridSearchCV(GatedReLURegressor(**options), grid, **rules).fit(X, Y)
    generic = [search.cv_results_[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(chosen.scores_[:, 0], generic, rtol=1e-4)  # two gaps
    assert chosen.lam_ratio_ == search.best_params_["lam_ratio"]


def test_classes_together_on_folds():
    options = dict(multi_class="joint", n_gates=30, random_state=0, tol=1e-9)
    options["gates"] = np.random.default_rng(0).standard_normal((30, 4))
    chosen = GatedReLUClassifierCV(n_lams=4, cv=KFold(3), **options).fit(X, LABELS)
    grid = {"lam_ratio": chosen.lam_ratios_[1:].tolist()}
    search = GridSearchCV(GatedReLUClassifier(**options), grid, cv=KFold(3))
    found = search.fit(X, LABELS).cv_results_
    generic = [found[f"split{k}_test_score"] for k in range(3)]
    np.testing.assert_allclose(chosen.scores_[:, 0, 1:], generic, rtol=1e-12)


@pytest.mark.parametrize(
    "model, target",
    [
        (GatedReLUClassifier(multi_class="joint", **FAST), LABELS),
        (GatedReLURegressor(multi_target="joint", **FAST), Y),
        (GatedReLURegressor(multi_target="separate", **FAST), Y),
    ],
)
def test_pickles_clones_and_parameters(model, target):
    name = "multi_class" if target is LABELS else "multi_target"
    assert clone(model).get_params() == model.get_params()
    assert model.get_params()[name] == getattr(model, name)
    fitted = clone(model).fit(X, target)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(NEW), fitted.predict(NEW))
    np.testing.assert_array_equal(again.coef_, fitted.coef_)
    listed = clone(model).fit(X.tolist(), target.tolist())
    np.testing.assert_array_equal(listed.predict(NEW), fitted.predict(NEW))


def test_defaults_are_those_of_before():
    assert GatedReLUClassifier().multi_class == "ovr"
    assert GatedReLUClassifierCV().multi_class == "ovr"
    for way in ("joint", "separate"):
        model = GatedReLURegressor(multi_target=way, **FAST).fit(X, Y[:, 0])
        plain = GatedReLURegressor(**FAST).fit(X, Y[:, 0])
        np.testing.assert_array_equal(model.predict(NEW), plain.predict(NEW))
        assert model.predict(NEW).shape == (50,)
    with pytest.warns(UserWarning, match="column-vector"):
        column = GatedReLURegressor(**FAST).fit(X, Y[:, :1])
    np.testing.assert_array_equal(column.predict(NEW), plain.predict(NEW))


@pytest.mark.parametrize("wrong", ["one", None, True, 3, ["joint"]])
def test_other_ways_are_refused(wrong):
    for kind in (GatedReLUClassifier, GatedReLUClassifierCV):
        with pytest.raises(ValueError, match="multi_class must be one of 'ovr', 'joi"):
            kind(multi_class=wrong).fit(X, LABELS)
    for kind in (GatedReLURegressor, GatedReLURegressorCV):
        with pytest.raises(ValueError, match="multi_target must be one of 'joint', "):
            kind(multi_target=wrong).fit(X, Y)


@pytest.mark.parametrize("loss", ["logistic", "squared_hinge"])
def test_classes_together_have_the_squared_loss(loss):
    says = f"multi_class='joint' goes with loss='squared' only; got loss='{loss}'"
    for kind in (GatedReLUClassifier, GatedReLUClassifierCV):
        with pytest.raises(ValueError, match=says):
            kind(multi_class="joint", loss=loss).fit(X, LABELS)


def test_several_targets_are_checked_like_one():
    for model in (NTKRegressor(), MKLRegressor()):
        with pytest.raises(ValueError, match="1d array"):
            model.fit(X, Y)
    model = GatedReLURegressor(**FAST)
    for wrong, says in (
        (np.where(Y == Y[0, 0], np.nan, Y), "NaN"),
        (np.ma.masked_array(Y, Y > 2), "masked"),
        (np.full((40, 2), "1_0"), "text"),
        (1e41 * Y, "Use another unit"),
        (Y[:30], "inconsistent"),
        (Y[:, :0], "0 feature"),
        (Y[:, :, None], "dim"),
    ):
        with pytest.raises((ValueError, TypeError), match=says):
            model.fit(X, wrong)
    with pytest.raises((ValueError, TypeError)):
        model.fit(X, csr_array(Y))


def test_masks_that_cannot_be_listed_take_one_target_at_a_time():
    rng = np.random.default_rng(0)
    rows = gaussian_design(60, 9, rng=rng)
    model = GatedReLURegressor(gates="all", random_state=0)
    with pytest.raises(ValueError, match="one target at a time"):
        model.fit(rows, rng.standard_normal((60, 2)))
