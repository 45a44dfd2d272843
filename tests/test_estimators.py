"""Estimators keep scikit-learn's conventions: what is not prose in chapter 15."""

import pickle
import warnings
from itertools import islice

import numpy as np
import pytest
import sklearn
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedShuffleSplit,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fixntk.data import add_bias, gaussian_design, teacher_data
from fixntk.design import CentredDesign, MaskedDesign
from fixntk.draws import draw_all, wander
from fixntk.estimators import (
    GatedReLUClassifier,
    GatedReLUClassifierCV,
    GatedReLURegressor,
    GatedReLURegressorCV,
    MKLClassifier,
    MKLClassifierCV,
    MKLRegressor,
    MKLRegressorCV,
    NTKClassifier,
    NTKRegressor,
)
from fixntk.fits import stages_of
from fixntk.group_lasso import GroupLassoProblem
from fixntk.masks import Masks, is_complete
from fixntk.newton import solve

EVERY = [
    NTKRegressor,
    NTKClassifier,
    GatedReLURegressor,
    GatedReLUClassifier,
    GatedReLURegressorCV,
    GatedReLUClassifierCV,
    MKLRegressor,
    MKLClassifier,
    MKLRegressorCV,
    MKLClassifierCV,
]


@parametrize_with_checks([kind() for kind in EVERY])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def table(n=60, d=3, seed=0):
    rng = np.random.default_rng(seed)
    X = gaussian_design(n, d, rng=rng)
    return X, teacher_data(X, 4, noise=0.2, kind="relu", rng=rng)


X, y = table()
LABELS = np.array(["low", "middle", "high"])[np.digitize(y, np.quantile(y, [0.3, 0.7]))]
FAST = dict(n_gates=40, random_state=0)


@pytest.mark.parametrize("gates", ["gaussian", "circles", "all", "array"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_every_kind_of_gates_is_certified_on_its_masks(gates, fit_intercept):
    inputs = add_bias(X[:20]) if fit_intercept else X[:20]
    given = (
        np.random.default_rng(1).standard_normal((30, inputs.shape[1]))
        if gates == "array"
        else gates
    )
    model = GatedReLURegressor(gates=given, fit_intercept=fit_intercept, **FAST).fit(
        X[:20], y[:20]
    )
    assert model.masks_ == Masks(inputs @ model.masks_.gates.T >= 0, model.masks_.gates)
    design, target = MaskedDesign(inputs, model.masks_), y[:20]
    if fit_intercept:
        design, target = CentredDesign(design, np.ones(20)), target - target.mean()
    problem = GroupLassoProblem(design, target, model.lam_)
    answers = MaskedDesign(inputs, model.masks_).predict(model.coef_) + model.intercept_
    np.testing.assert_allclose(model.predict(X[:20]), answers, rtol=1e-9, atol=1e-12)
    error = np.sum((answers - y[:20]) ** 2)
    np.testing.assert_allclose(
        error + model.lam_ * model.weights_.sum(), model.solution_.objective, rtol=1e-9
    )
    np.testing.assert_allclose(
        problem.objective(model.coef_), model.solution_.objective, rtol=1e-9
    )
    assert problem.gap(model.coef_) <= model.tol and model.dual_gap_ <= model.tol
    np.testing.assert_allclose(
        model.weights_, np.linalg.norm(model.coef_, axis=1), rtol=1e-12
    )
    assert gates != "all" or is_complete(model.masks_, inputs)


def test_masks_too_many_to_list_are_generated():
    rng = np.random.default_rng(2)
    rows = gaussian_design(40, 5, rng=rng)
    heights = teacher_data(rows, 4, noise=0.1, kind="relu", rng=rng)
    model = GatedReLURegressor(
        gates="all", lam_ratio=0.1, tol=1e-4, random_state=0
    ).fit(rows, heights)
    drawn = GatedReLURegressor(lam=model.lam_, n_gates=5000, random_state=0).fit(
        rows, heights
    )
    assert (
        model.dual_gap_ <= 1e-4
        and model.solution_.objective < drawn.solution_.objective
    )
    error = np.sum((model.predict(rows) - heights) ** 2)
    np.testing.assert_allclose(
        error + model.lam_ * model.weights_.sum(), model.solution_.objective, rtol=1e-9
    )
    np.testing.assert_allclose(
        model.predict(rows).mean(), heights.mean(), atol=1e-9
    )  # the constant is free
    labels = np.digitize(heights, np.quantile(heights, [0.3, 0.7]))
    several = GatedReLUClassifier(
        gates="all", lam_ratio=0.3, tol=1e-3, random_state=0
    ).fit(rows, labels)
    assert several.coef_.shape == (3, several.masks_.p, 6)
    for W, found in zip(several.coef_, several.solution_):
        design = MaskedDesign(add_bias(rows), several.masks_)
        np.testing.assert_allclose(
            design.predict(W),
            MaskedDesign(add_bias(rows), found.masks).predict(found.W),
            atol=1e-9,
        )
    with pytest.raises(ValueError, match="gates='all' can list at most"):
        GatedReLURegressorCV(gates="all").fit(rows, heights)
    with pytest.raises(ValueError, match="gates='all' can list at most"):
        GatedReLURegressor(gates="all", solver="irls").fit(rows, heights)


def scores(model):
    "What the model says of X before it is rounded to classes."
    return model.decision_function(X) if is_classifier(model) else model.predict(X)


@pytest.mark.parametrize("kind", EVERY)
def test_order_copies_and_weights_do_not_matter(kind):
    target = LABELS if is_classifier(kind()) else y
    options = {
        name: value
        for name, value in (FAST | {"n_lams": 4}).items()
        if name in kind().get_params()
    }
    rng = np.random.default_rng(3)
    order, weights = rng.permutation(60), rng.integers(0, 3, 60)
    answers = scores(kind(**options).fit(X, target))
    if "cv" not in kind().get_params():  # folds depend on the order
        moved = scores(kind(**options).fit(X[order], target[order]))
        copied = scores(
            kind(**options).fit(
                np.repeat(X, weights, axis=0), np.repeat(target, weights)
            )
        )
        weighted = scores(kind(**options).fit(X, target, weights))
        if "gates" in kind().get_params():  # rows are sorted and merged before the fit
            np.testing.assert_array_equal(moved, answers)
            np.testing.assert_array_equal(copied, weighted)
        else:  # kernels of rows in another order or of more rows: rounding, and for MKL a gap of 1e-6
            np.testing.assert_allclose(moved, answers, rtol=1e-6, atol=1e-9)
            np.testing.assert_allclose(copied, weighted, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(
        scores(kind(**options).fit(X, target)), answers
    )  # one seed, one answer


@pytest.mark.parametrize("kind", EVERY)
def test_layouts_types_pickles_and_clones(kind):
    target = LABELS if is_classifier(kind()) else y
    options = {
        name: value
        for name, value in (FAST | {"n_lams": 3}).items()
        if name in kind().get_params()
    }
    model = kind(**options).fit(X, target)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params() and not hasattr(
        clone(model), "n_features_in_"
    )
    frozen, strided = X.copy(), np.repeat(X, 2, axis=1)[:, ::2]
    frozen.flags.writeable = False
    for same in (frozen, strided, np.asfortranarray(X)):
        np.testing.assert_array_equal(
            kind(**options).fit(same, target).predict(X), model.predict(X)
        )
    rounded = X.astype(np.float32)
    single = kind(**options).fit(rounded, target)
    assert single.predict(rounded).dtype == model.predict(X).dtype
    double = kind(**options).fit(rounded.astype(float), target)
    np.testing.assert_array_equal(
        single.predict(rounded), double.predict(rounded.astype(float))
    )  # computed in float64
    np.testing.assert_allclose(
        scores(single), scores(model), atol=1e-6
    )  # float32 keeps seven digits of X, and scores are of size one


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    "rows",
    [
        np.c_[X, np.ones(60), np.zeros(60)],
        X[:, :1],
        np.round(X[:, :2]),
        np.c_[X, X],
        1e8 * X,
    ],
    ids=["constant columns", "d=1", "many equal rows", "equal columns", "huge"],
)
def test_degenerate_tables(kind, rows):
    target = LABELS if is_classifier(kind()) else y
    options = {
        name: value
        for name, value in (FAST | {"n_lams": 3, "cv": 3}).items()
        if name in kind().get_params()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "cross-validation chose the smallest lam")
        model = kind(**options).fit(rows, target)
        model.predict(rows[:1])
    assert getattr(model, "dual_gap_", 0) <= 1e-6


def test_targets_without_variation():
    for kind in (NTKRegressor, GatedReLURegressor, MKLRegressor):
        np.testing.assert_allclose(
            kind().fit(X, np.zeros(60)).predict(X), 0, atol=1e-12
        )
    np.testing.assert_allclose(
        MKLRegressor().fit(X, np.full(60, 3.0)).predict(X), 3, rtol=1e-9
    )
    with pytest.raises(ValueError, match="kernels must differ"):
        MKLRegressor().fit(np.ones((5, 2)), y[:5])


def test_reweighting_ends_at_the_tangent_kernel_and_at_the_optimum():
    optimum = GatedReLURegressor(lam_ratio=0.1, tol=1e-9, **FAST).fit(X, y)
    late = GatedReLURegressor(lam_ratio=0.1, solver="irls", tol=1e-5, **FAST).fit(X, y)
    np.testing.assert_allclose(
        late.solution_.objective, optimum.solution_.objective, rtol=1e-5
    )
    start = GatedReLURegressor(lam=2.0, n_reweightings=0, **FAST).fit(X, y)
    gates = np.random.default_rng(
        np.random.RandomState(0).randint(2**31, size=4)
    ).standard_normal((40, 4))
    kernel = (
        sum(
            np.outer(m, m) * (add_bias(X) @ add_bias(X).T)
            for m in (add_bias(X) @ gates.T >= 0).T
        )
        / 40
    )
    bordered = np.block(
        [[kernel + np.eye(60), np.ones((60, 1))], [np.ones((1, 60)), np.zeros((1, 1))]]
    )
    *dual, constant = np.linalg.solve(bordered, np.r_[y, 0])
    np.testing.assert_allclose(
        start.predict(X), kernel @ dual + constant, rtol=1e-9, atol=1e-12
    )


def test_cross_validation_takes_any_splitter():
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    listed = GatedReLURegressorCV(n_lams=4, cv=folds, **FAST).fit(X, y)
    split = GatedReLURegressorCV(
        n_lams=4, cv=KFold(3, shuffle=True, random_state=0), **FAST
    ).fit(X, y)
    np.testing.assert_array_equal(listed.scores_, split.scores_)
    assert listed.scores_.shape == (3, 1, 4)
    assert (
        listed.lam_ratio_
        == split.lam_ratio_
        == listed.lam_ratios_[listed.scores_.mean(0)[0].argmax()]
    )
    apart = GatedReLUClassifierCV(
        n_lams=3, cv=StratifiedShuffleSplit(2, random_state=0), **FAST
    ).fit(X, LABELS)
    assert apart.scores_.shape == (2, 1, 3) and np.all(
        (0 <= apart.scores_) & (apart.scores_ <= 1)
    )
    family = GatedReLURegressorCV(
        n_lams=3,
        cv=2,
        solver="irls",
        n_reweightings=[3, 0, None],
        max_iter=50,
        tol=1e-3,
        **FAST,
    )
    family.fit(X, y)
    assert family.scores_.shape == (2, 3, 3)
    means = family.scores_.mean(0)
    assert (
        means[[0, 3, None].index(family.n_reweightings_)].max()
        == means.max()
        > np.median(means)
    )
    mixed = GatedReLURegressorCV(
        n_lams=3, cv=2, n_reweightings=[None, 0, 3], tol=1e-6, **FAST
    ).fit(X, y)
    np.testing.assert_array_equal(
        mixed.scores_[:, :2], family.scores_[:, :2]
    )  # the solver matters for the optimum only
    optima = GatedReLURegressorCV(n_lams=3, cv=2, tol=1e-6, **FAST).fit(X, y)
    np.testing.assert_array_equal(mixed.scores_[:, 2], optima.scores_[:, 0])
    for k, stage in enumerate([0, 3]):  # stages are fits of their own
        train, test = next(KFold(2).split(X))
        alone = GatedReLURegressor(
            n_reweightings=stage, lam_ratio=family.lam_ratios_[2], **FAST
        )
        error = np.mean((alone.fit(X[train], y[train]).predict(X[test]) - y[test]) ** 2)
        np.testing.assert_allclose(-family.scores_[0, k, 2], error, rtol=1e-6)


def test_list_of_reweightings_is_checked_before_any_fit():
    assert stages_of(np.int64(0)) == stages_of([0, np.int64(0)]) == [0] and stages_of(
        np.array([None, 3, 0])
    ) == [0, 3, None]
    folds = [(list(range(0, 60, 2)), list(range(1, 60, 2)))]  # lists, not arrays
    model = GatedReLURegressorCV(
        n_lams=2, cv=folds, n_reweightings=np.array([0, 1]), **FAST
    ).fit(X, y)
    assert model.scores_.shape == (1, 2, 2) and isinstance(model.n_reweightings_, int)


def test_folds_without_weight_are_refused():
    weights = np.ones(60)
    weights[:12] = 0  # the first of five folds
    with pytest.raises(
        ValueError,
        match="cv must leave a row of positive sample weight in every part .* 5 folds and 48 such rows",
    ):
        GatedReLURegressorCV(n_lams=2, **FAST).fit(X, y, weights)
    weights[0] = 1
    assert GatedReLURegressorCV(n_lams=2, **FAST).fit(X, y, weights).scores_.shape == (
        5,
        1,
        2,
    )


def test_all_masks_start_from_weights_of_sum_one():
    "Rank five: the weights are sampled, and masks that no circle met share what is left."
    rows = gaussian_design(16, 5, rng=np.random.default_rng(6))
    masks, weights = draw_all(rows, np.random.default_rng(7))
    assert is_complete(masks, rows) and weights.min() > 0
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)


def test_spread():
    model = GatedReLURegressor(**FAST).fit(X, y)
    rng = np.random.default_rng(4)
    new = gaussian_design(50, 3, rng=rng)
    answers, spread = model.predict(new, return_spread=True)
    np.testing.assert_array_equal(answers, model.predict(new))
    np.testing.assert_array_equal(spread, model.predict(new, return_spread=True)[1])
    assert spread.max() > 0 and np.all(model.predict(X, return_spread=True)[1] == 0)
    labels, spread = (
        GatedReLUClassifier(**FAST).fit(X, LABELS).predict(new, return_spread=True)
    )
    assert labels.shape == (50,) and spread.shape == (50, 3)


def test_walk_keeps_to_its_cells():
    rng = np.random.default_rng(5)
    gates = rng.standard_normal((20, 3))
    walk = islice(wander(X, gates, rng), 50)
    moved = [
        np.array_equal(X @ step.T >= 0, X @ gates.T >= 0)
        and not np.allclose(step, gates)
        for step in walk
    ]
    assert all(moved)


def test_one_warning_when_the_gap_is_missed():
    for model in (
        GatedReLURegressor(max_iter=1),
        GatedReLURegressor(solver="irls", max_iter=2),
        MKLRegressor(max_iter=1, tol=1e-15),
    ):
        with pytest.warns(ConvergenceWarning) as caught:
            model.fit(X, y)
        assert len(caught) == 1 and model.dual_gap_ > model.tol


LOSSES = ("squared", "logistic", "squared_hinge")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("labels", [LABELS, y > 0.3], ids=["three", "two"])
def test_probabilities_are_shares_where_nothing_is_learned(loss, labels):
    weights = np.random.default_rng(8).integers(1, 4, 60)
    for kind in (GatedReLUClassifier, NTKClassifier):
        options = (
            dict(loss=loss, lam_ratio=1.0, **FAST)
            if kind is GatedReLUClassifier
            else dict(ridge=1e14)
        )
        model = kind(**options).fit(X, labels, weights)
        shares = [
            weights[labels == name].sum() / weights.sum() for name in model.classes_
        ]
        np.testing.assert_allclose(
            model.predict_proba(X), np.tile(shares, (60, 1)), atol=1e-9
        )
        assert set(model.predict(X)) == {model.classes_[np.argmax(shares)]}
    model = GatedReLUClassifier(loss=loss, lam_ratio=0.1, **FAST).fit(X, labels)
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1, rtol=1e-12)
    np.testing.assert_array_equal(
        model.classes_[model.predict_proba(X).argmax(1)], model.predict(X)
    )


def test_formulas_of_probabilities():
    for loss in LOSSES:
        model = GatedReLUClassifier(loss=loss, lam_ratio=0.1, **FAST).fit(X, y > 0)
        score = model.decision_function(X)
        right = (
            1 / (1 + np.exp(-score))
            if loss == "logistic"
            else np.clip((score + 1) / 2, 0, 1)
        )
        np.testing.assert_allclose(
            model.predict_proba(X)[:, 1], right, rtol=1e-9, atol=1e-12
        )
    with pytest.raises(
        ValueError,
        match="goes with solver='newton' and n_reweightings=None only; got solver='newton', n_reweightings=3",
    ):
        GatedReLUClassifier(loss="logistic", n_reweightings=3).fit(X, LABELS)


@pytest.mark.parametrize(
    "model, says",
    [
        (NTKRegressor(ridge=-1.0), "ridge must be a positive number; got -1.0"),
        (NTKRegressor(ridge_ratio=0), "ridge_ratio must be a positive number"),
        (GatedReLURegressor(lam=0.0), "lam must be a positive number"),
        (GatedReLURegressor(lam_ratio=np.nan), "lam_ratio must be a positive number"),
        (GatedReLURegressor(n_gates=0), "n_gates must be a whole number"),
        (GatedReLURegressor(gates="some"), "gates must be one of"),
        (
            GatedReLURegressor(gates=np.ones((2, 3))),
            "gates must have one column for each of the 4 columns",
        ),
        (GatedReLURegressor(gates=np.full((2, 4), np.nan)), "gates must be finite"),
        (GatedReLURegressor(solver="adam"), "solver must be one of"),
        (
            GatedReLURegressor(solver="irls", n_reweightings=-1),
            "n_reweightings must be a whole number",
        ),
        (
            GatedReLURegressor(n_reweightings=[]),
            "n_reweightings must be a whole number of at least 0, or None; got []",
        ),
        (
            GatedReLURegressor(n_reweightings=0.0),
            "n_reweightings must be a whole number of at least 0, or None; got 0.0",
        ),
        (
            GatedReLURegressor(n_reweightings=False),
            "n_reweightings must be a whole number of at least 0, or None; got False",
        ),
        (
            GatedReLURegressorCV(n_reweightings=[]),
            "n_reweightings must be a whole number of at least 0, or None, or a list of these; got []",
        ),
        (
            GatedReLURegressorCV(n_reweightings=()),
            "n_reweightings must be a whole number of at least 0, or None, or a list of these; got ()",
        ),
        (
            GatedReLURegressorCV(n_reweightings=[0.0, 1]),
            "n_reweightings must be a whole number of at least 0, or None, or a list of these; got 0.0",
        ),
        (
            GatedReLURegressorCV(n_reweightings=[False]),
            "n_reweightings must be a whole number of at least 0, or None, or a list of these; got False",
        ),
        (
            GatedReLURegressorCV(n_reweightings="2"),
            "n_reweightings must be a whole number of at least 0, or None, or a list of these; got '2'",
        ),
        (
            GatedReLURegressor(solver="irls", max_iter=-1),
            "max_iter must be a whole number of at least 1; got -1",
        ),
        (
            GatedReLURegressor(solver="irls", max_iter=None),
            "max_iter must be a whole number of at least 1; got None",
        ),
        (
            GatedReLURegressor(n_reweightings=2, max_iter=0),
            "max_iter must be a whole number of at least 1; got 0",
        ),
        (
            GatedReLURegressorCV(max_iter=2.5),
            "max_iter must be a whole number of at least 1; got 2.5",
        ),
        (
            MKLRegressor(max_iter=False),
            "max_iter must be a whole number of at least 1; got False",
        ),
        (GatedReLURegressor(tol=-1.0), "tol must be a positive number; got -1.0"),
        (
            GatedReLURegressorCV(lam_min_ratio=0.0),
            "lam_min_ratio must be a positive number",
        ),
        (
            GatedReLURegressorCV(lam_min_ratio=1.0),
            "lam_min_ratio must be below 1, since the path descends from lam_max; got 1",
        ),
        (GatedReLURegressorCV(lam_min_ratio=1.5), "lam_min_ratio must be below 1"),
        (GatedReLURegressorCV(n_lams=0), "n_lams must be a whole number"),
        (MKLRegressor(kernels="rbf"), "kernels must be a list"),
        (
            MKLRegressor(kernels=5),
            "kernels must be a list of at least one kernel; got 5",
        ),
        (
            MKLRegressor(kernels=None),
            "kernels must be a list of at least one kernel; got None",
        ),
        (MKLRegressor(kernels=[]), "kernels must be a list"),
        (MKLRegressor(kernels=["cubic"]), "kernels must be one of"),
        (
            MKLRegressor(kernels=[lambda X, Y: np.full((len(X), len(Y)), np.nan)]),
            "kernels must be finite",
        ),
        (MKLRegressor(kernels=[lambda X, Y: -X @ Y.T]), "positive semidefinite"),
        (
            MKLRegressor(kernels=[[7]]),
            "kernels must be names, functions, or groups of column numbers from 0 to 2; got [7]",
        ),
    ],
)
def test_bad_parameters_are_refused(model, says):
    with pytest.raises((ValueError, TypeError)) as caught:
        model.fit(X, y)
    assert says in str(caught.value)


def test_bad_data_are_refused():
    with pytest.raises(ValueError, match="at least two classes"):
        GatedReLUClassifier().fit(X, np.ones(60, int))
    with pytest.raises(ValueError, match="at least two classes"):
        NTKClassifier().fit(X, LABELS, LABELS == "low")
    with pytest.raises(ValueError, match="loss must be one of"):
        GatedReLUClassifier(loss="absolute").fit(X, LABELS)
    for weights in (-np.ones(60), np.zeros(60), np.full(60, np.nan), np.ones(59)):
        with pytest.raises(ValueError):
            GatedReLURegressor().fit(X, y, weights)


@pytest.mark.parametrize("kind", EVERY)
def test_input_is_refused_before_it_is_converted(kind):
    target = LABELS if is_classifier(kind()) else y
    options = {
        name: value
        for name, value in (FAST | {"n_lams": 3}).items()
        if name in kind().get_params()
    }
    model = kind(**options)
    hidden, dates, text = (
        np.ma.array(X, mask=X > 1),
        X.astype("timedelta64[s]"),
        np.full(X.shape, "1_0"),
    )
    missing, mixed = np.full(X.shape, np.datetime64("NaT")), X.astype(object)
    mixed[3, 1] = "1_0"
    for rows, says in (
        (hidden, "X must be a plain array"),
        (dates, "dates or times"),
        (missing, "dates or times"),
        (text, "text"),
        (mixed, "'1_0'"),
    ):
        with pytest.raises(TypeError, match=says):
            model.fit(rows, target)
    with pytest.raises(TypeError, match="y must be a plain array; got a masked array"):
        model.fit(X, np.ma.array(target, mask=y > 1))
    with pytest.raises(TypeError, match="X must be an array of numbers; got generator"):
        model.fit((row for row in X), target)
    with pytest.raises(ValueError, match="X must have rows of equal length"):
        model.fit([[1.0], *X.tolist()[1:]], target)
    with pytest.raises(
        ValueError, match="double precision; got a whole number of 401 digits"
    ):
        model.fit([[10**400, 1, 2], *X.tolist()[1:]], target)
    with pytest.raises(TypeError, match="sample_weight must hold numbers; got text"):
        model.fit(X, target, np.full(60, "1_0"))
    if not is_classifier(model):
        for heights in (
            np.full(60, np.datetime64("2020-01-01")),
            np.full(60, "1_0"),
            np.array(["1_0", *y[1:]], dtype=object),
        ):
            with pytest.raises(TypeError, match="y must hold numbers"):
                model.fit(X, heights)
    model.fit(X, target)
    with pytest.raises(TypeError, match="X must be a plain array"):
        model.predict(hidden)
    for factor in (1e150, 1e-150):
        with pytest.raises(
            ValueError,
            match="X must have its largest number between 1e-40 and 1e\\+40 in size",
        ):
            kind(**options).fit(factor * X, target)


@pytest.mark.parametrize(
    "shift, scale",
    [
        (1e3, 1.0),
        (1.7e9, 1e5),
        (np.array([5e5, 4.5e6, 300.0]), np.array([1e3, 1e3, 10.0])),
    ],
)
def test_kernels_of_columns_far_from_zero(shift, scale):
    kernels = ["linear", "rbf", "ntk", [0], [1, 2], lambda X, Y: X @ Y.T]
    plain = MKLRegressor(kernels=kernels, tol=1e-9).fit(X, y)
    rows = scale * X + shift
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = MKLRegressor(kernels=kernels, tol=1e-9).fit(rows, y)
    assert model.dual_gap_ <= 1e-9 and model.score(rows, y) > 0.9
    if np.isscalar(shift) and shift == 1e3:
        np.testing.assert_allclose(
            model.predict(rows), plain.predict(X), atol=1e-4
        )  # answers move with the root of the gap


def test_columns_far_from_standardised_are_named():
    kelvin = np.c_[X, 290 + 10 * X[:, 0]]
    for kind in (NTKRegressor, GatedReLURegressor, GatedReLURegressorCV):
        for rows in (kelvin, X * [1.0, 1e4, 1.0], 1e-8 * X):
            with pytest.warns(
                UserWarning,
                match=r"X has columns far from standardised.* make_pipeline\(StandardScaler\(\), ...\)",
            ):
                try:
                    kind().set_params(**({} if kind is NTKRegressor else FAST)).fit(
                        rows, y
                    )
                except ConvergenceWarning:
                    pass


@pytest.mark.parametrize("loss", LOSSES)
def test_class_weights(loss):
    options = dict(loss=loss, lam=0.5, **FAST)
    chosen = {"low": 2.0, "middle": 3.0}  # "high" weighs 1
    named = GatedReLUClassifier(class_weight=chosen, **options).fit(X, LABELS)
    given = GatedReLUClassifier(**options).fit(
        X, LABELS, [chosen.get(name, 1.0) for name in LABELS]
    )
    np.testing.assert_allclose(
        named.decision_function(X), given.decision_function(X), rtol=1e-9, atol=1e-12
    )
    counts = np.random.default_rng(9).integers(1, 4, 60)
    total = {name: counts[LABELS == name].sum() for name in named.classes_}
    even = [
        counts.sum() / 3 / total[name] * count for name, count in zip(LABELS, counts)
    ]
    balanced = GatedReLUClassifier(class_weight="balanced", **options).fit(
        X, LABELS, counts
    )
    np.testing.assert_allclose(
        balanced.decision_function(X),
        GatedReLUClassifier(**options).fit(X, LABELS, even).decision_function(X),
        rtol=1e-6,
        atol=1e-9,
    )
    without = GatedReLUClassifier(class_weight={"high": 0}, **options).fit(X, LABELS)
    assert list(without.classes_) == ["low", "middle"]
    for wrong in ("even", {"other": 1.0}, {"low": -1.0}, [1, 2, 3], 2.0):
        with pytest.raises(ValueError, match="class_weight must be"):
            GatedReLUClassifier(class_weight=wrong, **options).fit(X, LABELS)


def test_ties_of_classes_do_not_depend_on_names_or_order():
    rows, names = np.array([[3.0, 0.0], [0.0, 1.0]]), np.array(["a", "b"])
    for order in ([0, 1], [1, 0]):
        for columns in ([0, 1], [1, 0]):
            for labels in (names, names[::-1]):
                model = NTKClassifier(fit_intercept=False).fit(
                    rows[order][:, columns], labels[order]
                )
                assert model.predict(np.zeros((1, 2))) == labels[0]  # the longer row


def test_too_large_tables_are_refused_before_the_work(monkeypatch):
    from fixntk import machine

    monkeypatch.setattr(machine, "available_memory", lambda: 60**2 * 8)
    monkeypatch.setattr(
        machine, "_LITTLE", 0, raising=False
    )  # below this size nobody asks how much is free
    for kind in EVERY:
        with pytest.raises(
            ValueError,
            match=r"X, whose 60 rows .* needs about .* and 28.8 kB are free. Fit to fewer rows",
        ):
            kind().fit(X, LABELS if is_classifier(kind()) else y)


def test_interrupts_end_the_fit(monkeypatch):
    from fixntk import samples

    rows = gaussian_design(40, 5, rng=np.random.default_rng(2))
    search = samples.solve_all_masks

    def interrupted(*args, progress, **options):
        def stop(text):
            raise KeyboardInterrupt

        return search(*args, progress=stop, **options)

    monkeypatch.setattr(samples, "solve_all_masks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        GatedReLURegressor(gates="all", lam_ratio=0.1, random_state=0).fit(
            rows, rows[:, 0]
        )


def test_few_masks_are_not_called_too_many(monkeypatch):
    from fixntk import draws

    def refuse(X, **options):
        raise ValueError("X must have planes that double precision can tell apart.")

    model = GatedReLURegressorCV(gates="all", cv=2, n_lams=2)
    monkeypatch.setattr(draws, "enumerate_masks", refuse)
    with pytest.raises(ValueError, match="double precision can tell apart"):
        model.fit(X[:4], y[:4])
    monkeypatch.undo()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert model.fit(X[:4], y[:4]).masks_.p == 16  # 2 (1 + 3 + 3 + 1)


def test_folds_as_bools_tuples_and_groups():
    folds = list(KFold(3).split(X))
    options = dict(n_lams=3, lam_min_ratio=0.1, **FAST)
    expected = GatedReLURegressorCV(cv=folds, **options).fit(X, y).scores_
    bools = [tuple(np.isin(np.arange(60), part) for part in fold) for fold in folds]
    tuples = [tuple(tuple(part.tolist()) for part in fold) for fold in folds]
    for same in (bools, tuples, iter(folds)):
        np.testing.assert_array_equal(
            GatedReLURegressorCV(cv=same, **options).fit(X, y).scores_, expected
        )
    with pytest.raises(ValueError, match="cv must give row numbers from 0 to 59"):
        GatedReLURegressorCV(cv=[([0.5, 1.0], [2.0])], **options).fit(X, y)
    groups = np.repeat(np.arange(6), 10)
    by_group = GatedReLURegressorCV(cv=GroupKFold(3), **options).fit(
        X, y, groups=groups
    )
    listed = GatedReLURegressorCV(
        cv=list(GroupKFold(3).split(X, y, groups)), **options
    ).fit(X, y)
    np.testing.assert_array_equal(by_group.scores_, listed.scores_)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        GatedReLURegressorCV(cv=GroupKFold(3), **options).fit(X, y, groups=groups[1:])
    with sklearn.config_context(enable_metadata_routing=True):
        scores = cross_validate(
            GatedReLURegressorCV(cv=GroupKFold(2), **options),
            X,
            y,
            cv=GroupKFold(3),
            params={"groups": groups},
            error_score="raise",
        )
    assert len(scores["test_score"]) == 3


def test_grids_of_lam():
    with pytest.raises(
        ValueError, match="n_lams must be at least 2, since the first value is lam_max"
    ):
        GatedReLURegressorCV(n_lams=1).fit(X, y)
    with pytest.warns(
        UserWarning,
        match="chose the smallest lam of the grid, 0.5 lam_max.* Lower lam_min_ratio, to 0.05",
    ):
        GatedReLURegressorCV(n_lams=3, lam_min_ratio=0.5, **FAST).fit(X, y)
    with pytest.raises(ValueError, match="tol must be a positive number; got 0"):
        GatedReLURegressor(tol=0).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="fits to training parts missed tol"):
        GatedReLURegressorCV(n_lams=3, lam_min_ratio=0.1, max_iter=1, **FAST).fit(X, y)


def test_importances_choose_columns():
    rows = np.c_[X, np.random.default_rng(4).standard_normal((60, 3))]
    heights = rows[:, 1] * 3
    model = GatedReLURegressor(lam_ratio=0.1, **FAST)
    importance = model.fit(rows, heights).feature_importances_
    assert importance.shape == (6,) and importance.argmax() == 1
    np.testing.assert_allclose(importance.sum(), 1, rtol=1e-12)
    kept = RFE(
        model, n_features_to_select=2, importance_getter="feature_importances_"
    ).fit(rows, heights)
    assert kept.support_[1]
    assert (
        SelectFromModel(model, importance_getter="feature_importances_")
        .fit(rows, heights)
        .get_support()[1]
    )
    several = GatedReLUClassifier(lam_ratio=0.1, **FAST).fit(
        rows, np.digitize(heights, [-1, 1])
    )
    assert (
        several.feature_importances_.shape == (6,)
        and several.feature_importances_.argmax() == 1
    )


def test_verbose_shows_folds_and_lams(capsys):
    GatedReLURegressorCV(n_lams=2, cv=2, verbose=True, **FAST).fit(X, y)
    shown = capsys.readouterr().out
    assert "fold 1 of 2" in shown and "lam 2 of 2" in shown and "target 1 of 1" in shown
    GatedReLURegressor(**FAST).fit(X, y)
    assert capsys.readouterr().out == ""


def test_fits_run_on_one_thread(monkeypatch):
    from fixntk import mixtures
    from fixntk.machine import blas_threads

    seen, inner = [], mixtures.ntk
    monkeypatch.setattr(
        mixtures,
        "ntk",
        lambda *tables: (seen.append(max(blas_threads())), inner(*tables))[1],
    )
    NTKRegressor().fit(X, y).predict(X)
    assert seen == [1, 1]


@pytest.mark.parametrize("kind", EVERY)
def test_parameters_of_wrong_kinds(kind):
    target = LABELS if is_classifier(kind()) else y
    for name in kind().get_params():
        for wrong in ({}, "nonsense", object(), [[1], [2, 3]], 1 + 2j):
            if name == "class_weight" and wrong == {}:
                continue  # every class weighs 1
            with pytest.raises(
                (ValueError, TypeError), match=f"{name}|cannot be used to seed"
            ):
                kind().set_params(**{name: wrong}).fit(X, target)


def test_constant_columns_leave_nothing_to_learn():
    for loss in LOSSES:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = GatedReLUClassifier(loss=loss, **FAST).fit(
                np.full((60, 2), 0.1), np.arange(60) % 2
            )
        assert model.lam_ == 1 and not model.coef_.any()
        np.testing.assert_allclose(model.predict_proba(X[:1, :2]), 0.5, atol=1e-12)


def test_generated_masks_reach_the_optimum_over_all_with_a_free_constant(monkeypatch):
    from fixntk import draws

    rows, heights, weights = (
        X[:14],
        y[:14] + 50,
        np.random.default_rng(7).uniform(0.2, 2, 14),
    )
    options = dict(gates="all", lam_ratio=0.1, tol=1e-7, random_state=0)
    listed = GatedReLURegressor(**options).fit(rows, heights, weights)
    monkeypatch.setattr(draws, "MOST", 100)
    generated = GatedReLURegressor(**options).fit(rows, heights, weights)
    assert (
        generated.masks_.p < listed.masks_.p
        and "certified over all" in generated.solution_.reason
    )
    np.testing.assert_allclose(generated.lam_, listed.lam_, rtol=1e-9)
    np.testing.assert_allclose(
        generated.solution_.objective, listed.solution_.objective, rtol=1e-6
    )
    np.testing.assert_allclose(
        generated.predict(rows), listed.predict(rows), atol=1e-3
    )  # answers move with the root of the gap
    error = weights @ (generated.predict(rows) - heights) ** 2
    np.testing.assert_allclose(
        error + generated.lam_ * generated.weights_.sum(),
        generated.solution_.objective,
        rtol=1e-9,
    )


@pytest.mark.parametrize(
    "model",
    [NTKRegressor(), MKLRegressor(), GatedReLURegressor(n_gates=4), NTKClassifier()],
)
def test_masked_entries_inside_a_list_are_refused(model):
    X = np.random.default_rng(0).standard_normal((12, 2))
    y = (
        np.where(X[:, 0] > 0, "up", "down")
        if hasattr(model, "class_weight")
        else X[:, 0]
    )
    hidden = np.ma.masked_array(X, mask=np.eye(12, 2))
    with pytest.raises(TypeError, match="X must be a plain array; got a masked array"):
        clone(model).fit(list(hidden), y)
    with pytest.raises(
        TypeError, match="y must be a plain array; got a masked array"
    ):  # a hidden label became the class '0.0'
        clone(model).fit(X, list(np.ma.masked_array(y, mask=np.arange(12) == 0)))
    with pytest.raises(TypeError, match="X must be a plain array; got a masked array"):
        clone(model).fit(X, y).predict(list(hidden))


@pytest.mark.parametrize(
    "model",
    [
        NTKClassifier(),
        GatedReLUClassifier(n_gates=4, loss="logistic"),
        GatedReLURegressor(n_gates=4),
    ],
)
@pytest.mark.parametrize("weight", [1e-300, 1e300, np.inf])
def test_weights_whose_products_leave_double_precision_are_refused(model, weight):
    X = np.random.default_rng(0).standard_normal(
        (12, 2)
    )  # 1e-300 gave a constant without a word
    with pytest.raises(
        ValueError, match="NaN|infinity|sample_weight must have its largest number"
    ):
        clone(model).fit(X, X[:, 0] > 0, sample_weight=np.full(12, weight))
    if hasattr(model, "class_weight") and np.isfinite(weight):
        with pytest.raises(
            ValueError,
            match="sample_weight times class_weight must have its largest number",
        ):
            clone(model).set_params(class_weight={False: weight, True: weight}).fit(
                X, X[:, 0] > 0
            )


def test_kernels_of_differences_do_not_see_an_offset_without_an_intercept_either():
    X = (
        np.random.default_rng(0).integers(-50, 50, (8, 2)) / 8
    )  # exact, with 2^26 added too
    fits = [
        MKLRegressor(kernels=["rbf", "laplacian"], fit_intercept=False)
        .fit(rows, X[:, 0])
        .predict(rows)
        for rows in (X, X + 2.0**26)
    ]
    np.testing.assert_allclose(
        *fits, atol=1e-6
    )  # means of 2^26 round by 1e-8; the kernel was "not positive semidefinite"


@pytest.mark.parametrize("gates", ["gaussian", "circles"])
def test_small_integer_kinds_of_n_gates_count_as_any_other(gates):
    X = np.random.default_rng(0).standard_normal(
        (30, 3)
    )  # 30 * 200 does not fit in eight bits, nor does -200
    fits = [
        GatedReLURegressor(
            n_gates=count, gates=gates, random_state=0, verbose=np.False_
        )
        .fit(X, X[:, 0])
        .coef_
        for count in (100, np.int8(100), np.uint8(100), np.uint64(100))
    ]
    for coef in fits[1:]:
        np.testing.assert_array_equal(coef, fits[0])


def test_too_many_gates_for_memory_name_the_argument():
    X = np.random.default_rng(0).standard_normal((30, 3))
    with pytest.raises(
        ValueError, match=r"n_gates=1000000000000 masks, needs about .* Lower n_gates"
    ):
        GatedReLURegressor(n_gates=10**12).fit(X, X[:, 0])


def test_masked_groups_are_refused():
    X = np.random.default_rng(0).standard_normal((12, 2))
    groups = np.ma.masked_array(np.arange(12) % 4, mask=np.arange(12) == 0)
    for hidden in (groups, list(groups), groups.astype(str)):
        with pytest.raises(
            TypeError, match="groups must be a plain array; got a masked array"
        ):
            GatedReLURegressorCV(n_gates=3, n_lams=2, cv=GroupKFold(2)).fit(
                X, X[:, 0], groups=hidden
            )


def test_a_missing_date_is_no_class():
    X = np.random.default_rng(0).standard_normal((12, 2))
    with pytest.raises(
        ValueError, match="y must name the class of each sample; got NaT"
    ):
        NTKClassifier().fit(X, np.array(["2020", "NaT", "2021"] * 4, dtype="M8[Y]"))


def patients():
    "The diabetes data, standardised on the rows for training, which come first."
    X, y = load_diabetes(return_X_y=True)
    train, test = train_test_split(np.arange(len(y)), test_size=142, random_state=0)
    X = StandardScaler().fit(X[train]).transform(X)
    return X[train], y[train], X[test], y[test]


def test_three_copies_weigh_three_in_the_tangent_kernel():
    X, y, new, _ = patients()
    copies = NTKRegressor().fit(np.repeat(X, 3, axis=0), np.repeat(y, 3))
    weighted = NTKRegressor().fit(X, y, np.full(300, 3.0))
    np.testing.assert_allclose(weighted.predict(new), copies.predict(new), rtol=1e-9)


def test_the_certificate_is_that_of_the_centred_problem():
    X, y, _, _ = patients()
    model = GatedReLURegressor(random_state=0).fit(X, y)
    design = CentredDesign(MaskedDesign(add_bias(X), model.masks_), np.ones(300))
    problem = GroupLassoProblem(design, y - y.mean(), model.lam_)
    np.testing.assert_allclose(problem.lam_max, 100 * model.lam_, rtol=1e-9)
    # the gap is what rounding leaves of a difference
    np.testing.assert_allclose(problem.gap(model.coef_), model.dual_gap_, atol=1e-9)


def test_weighted_samples_are_scaled_rows_in_any_order():
    X, y, new, _ = patients()
    rng = np.random.default_rng(0)
    counts, order = rng.integers(0, 4, 300), rng.permutation(300)
    plain, mixed = (GatedReLURegressor(random_state=0) for _ in range(2))
    plain.fit(X, y, counts)
    mixed.fit(X[order], y[order], counts[order])
    np.testing.assert_allclose(mixed.predict(new), plain.predict(new), rtol=1e-9)
    s = rng.uniform(0.1, 3, 300)
    model = GatedReLURegressor(random_state=0, tol=1e-9).fit(X, y, s)
    rows = np.sqrt(s)[:, None] * add_bias(X)
    design = CentredDesign(MaskedDesign(rows, model.masks_), np.sqrt(s))
    rest = np.sqrt(s) * (y - np.average(y, weights=s))
    direct = solve(GroupLassoProblem(design, rest, model.lam_), tol=1e-9)
    found = model.solution_.objective
    np.testing.assert_allclose(found, direct.objective, rtol=2e-9)  # two gaps
    loss = s @ (model.predict(X) - y) ** 2
    penalty = model.lam_ * model.weights_.sum()
    np.testing.assert_allclose(loss + penalty, found, rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"n_reweightings": 3}])
def test_scale_of_table_and_target(options):
    X, y, new, _ = patients()
    options = dict(fit_intercept=False, random_state=0, **options)
    plain = GatedReLURegressor(**options).fit(X, y)
    scaled = GatedReLURegressor(**options).fit(1000 * X, y / 1000)
    # tol is 1e-6 of the objective
    answers = 1000 * scaled.predict(1000 * new)
    np.testing.assert_allclose(answers, plain.predict(new), rtol=1e-4)


def test_error_of_drawn_gates_falls_with_the_root_of_their_number():
    X, y, _, _ = patients()
    X, y = X[:80, :3], y[:80]
    exact = NTKRegressor(ridge=10.0, fit_intercept=False).fit(X, y).predict(X)
    options = dict(lam=20.0, n_reweightings=0, fit_intercept=False)
    errors = []
    for n_gates in (1000, 16_000):
        fits = [
            GatedReLURegressor(n_gates=n_gates, random_state=seed, **options).fit(X, y)
            for seed in range(5)
        ]
        answers = np.array([one.predict(X) for one in fits])
        errors.append(np.sqrt(np.mean((answers - exact) ** 2)))
    # four is expected; five draws settle that within a factor of two
    assert 2 < errors[0] / errors[1] < 8


def test_a_mixture_is_the_ridge_regression_with_its_weights():
    X, y, _, _ = patients()
    mix = MKLRegressor(kernels=["linear", "ntk", "rbf", [2], [8]]).fit(X, y)
    np.testing.assert_allclose(mix.weights_.sum(), 1, rtol=1e-9)
    error = np.sum((y - mix.predict(X)) ** 2)
    objective = error + mix.lam_ * mix.solution_.weights.sum()
    # ridge regression and solution differ within the gap
    np.testing.assert_allclose(objective, mix.solution_.objective, rtol=mix.tol)
    assert mix.dual_gap_ <= mix.tol


def test_one_warning_for_all_classes_and_none_for_an_early_stop():
    X, y, _, _ = patients()
    with pytest.warns(ConvergenceWarning) as caught:
        hasty = GatedReLUClassifier(max_iter=1, random_state=0)
        hasty.fit(X, np.digitize(y, [100, 200]))
    assert len(caught) == 1 and hasty.dual_gap_ > hasty.tol
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GatedReLUClassifier(n_reweightings=1, n_gates=50).fit(X, y > 100)


def test_classes_are_one_against_the_rest_over_the_same_masks():
    iris, kind = load_iris(return_X_y=True)
    iris, options = StandardScaler().fit_transform(iris), dict(random_state=0, tol=1e-9)
    together = GatedReLUClassifier(**options).fit(iris, kind).decision_function(iris)
    for k in range(3):
        alone = GatedReLUClassifier(**options).fit(iris, kind == k)
        # answers move with the root of the gap
        np.testing.assert_allclose(
            together[:, k], alone.decision_function(iris), atol=1e-4
        )


def test_an_inspected_model_of_the_wisconsin_data():
    table = load_breast_cancer()
    names = table.target_names[table.target]
    A, B, a, b = train_test_split(
        table.data, names, test_size=0.3, random_state=0, stratify=names
    )
    model = make_pipeline(StandardScaler(), GatedReLUClassifier(random_state=0))
    network = model.fit(A, a)[-1]
    assert set(network.classes_) == {"benign", "malignant"}
    _, spread = network.predict(model[0].transform(B), return_spread=True)
    score = model.decision_function(B)
    assert np.all(spread >= 0) and np.median(spread) < np.median(np.abs(score))
    few = GatedReLUClassifier(n_gates=200, random_state=0)
    choices = {
        "gatedreluclassifier__lam_ratio": [0.01, 0.1],
        "gatedreluclassifier__n_reweightings": [0, 1, 4],
    }
    search = GridSearchCV(make_pipeline(StandardScaler(), few), choices, cv=3)
    assert search.fit(A, a).score(B, b) > 0.9


@pytest.mark.parametrize("kind", [kind for kind in EVERY if is_classifier(kind())])
def test_a_missing_label_is_no_class(kind):
    labels = ["up", "down"] * 6
    for missing in (None, float("nan"), np.datetime64("NaT")):
        for hidden in (
            [missing, *labels[1:]],
            np.array([missing, *labels[1:]], object),
        ):
            with pytest.raises(ValueError, match="y must name the class .* missing"):
                kind().fit(X[:12], hidden)  # a list made the class 'nan'
    words = NTKClassifier().fit(X[:12], ["nan", "a"] * 6)  # the word is a name
    assert words.classes_.tolist() == ["a", "nan"]


def test_probabilities_add_up_where_no_class_is_likely():
    from fixntk.classes import probabilities

    found = probabilities(np.array([[-2.0, -1.5, -1.5], [-3.0, -4.0, -5.0]]), False)
    np.testing.assert_array_equal(found, [[0, 0.5, 0.5], [1, 0, 0]])  # was 0, 1, 1


def test_solutions_answer_new_rows_as_the_estimator_does():
    new = gaussian_design(20, 3, rng=np.random.default_rng(1))
    weights = np.random.default_rng(2).integers(0, 3, 60)
    model = GatedReLURegressor(**FAST).fit(X, y + 100, weights)
    answers = model.solution_.predict(add_bias(new))
    np.testing.assert_allclose(answers, model.predict(new), rtol=1e-12)
    assert model.solution_.intercept == model.intercept_
    assert model.solution_.lam == model.lam_
    several = GatedReLUClassifier(loss="logistic", **FAST).fit(X, LABELS)
    answers = [solution.predict(add_bias(new)) for solution in several.solution_]
    found = several.decision_function(new)
    np.testing.assert_allclose(np.transpose(answers), found, rtol=1e-9, atol=1e-12)
