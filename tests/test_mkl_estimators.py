"""Mixtures of kernels: computed ones, named columns, classes, and the path with a ridge of its own."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fixntk.estimators import (
    MKLClassifier,
    MKLClassifierCV,
    MKLRegressor,
    MKLRegressorCV,
)
from fixntk.kernel_factors import narrow_factor, wide_factor
from fixntk.kernels import ntk

FEW = dict(n_lams=3, n_ridges=2, cv=2)
SPARE = {
    "check_estimators_dtypes": "it cuts a kernel to whole numbers, which is none then",
    "check_decision_proba_consistency": "it gives a table of two columns for a kernel",
}


def expected(estimator):
    return SPARE if estimator.kernels == "precomputed" else {}


@parametrize_with_checks(
    [
        MKLRegressor(kernels="precomputed"),
        MKLClassifier(kernels="precomputed"),
        MKLRegressorCV(kernels="precomputed", **FEW),
    ],
    expected_failed_checks=expected,
)
def test_scikit_learn_checks_with_computed_kernels(estimator, check):
    check(estimator)


def table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 4)) * [1.0, 20.0, 1.0, 1.0] + [0.0, 5.0, 0.0, 0.0]
    y = X[:, 0] + np.sin(X[:, 1] / 10) + 0.3 * rng.standard_normal(n)
    return X, y


X, y = table()
LABELS = np.array(["low", "middle", "high"])[np.digitize(y, np.quantile(y, [0.3, 0.7]))]
TRAIN, TEST = np.arange(40), np.arange(40, 60)
CLOSE = dict(tol=1e-10)


def computed(rows, others):
    Z, V = (A / X[TRAIN].std(0) for A in (rows, others))
    return [Z @ V.T, rbf_kernel(Z, V), ntk(Z, V), np.outer(Z[:, 2], V[:, 2])]


FUNCTIONS = [lambda A, B, i=i: computed(A, B)[i] for i in range(4)]
ALL = [MKLRegressor, MKLClassifier, MKLRegressorCV, MKLClassifierCV]


def made(kind, **options):
    few = dict(n_lams=4, n_ridges=3, cv=3) if kind.__name__.endswith("CV") else {}
    return kind(**{**CLOSE, **few, **options})


def answers(model, rows):
    classes = hasattr(model, "classes_")
    return model.decision_function(rows) if classes else model.predict(rows)


def target(kind):
    return LABELS if "Classifier" in kind.__name__ else y


@pytest.fixture(autouse=True)
def no_edge():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "cross-validation chose the smallest")
        yield


# Computed kernels


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("weighted", [False, True])
def test_computed_kernels_give_what_functions_give(kind, weighted):
    t = target(kind)
    weights = np.random.default_rng(1).integers(0, 3, 40) if weighted else np.ones(40)
    here = made(kind, kernels=FUNCTIONS).fit(X[TRAIN], t[TRAIN], weights)
    K, new = computed(X[TRAIN], X[TRAIN]), computed(X[TEST], X[TRAIN])
    wanted = answers(here, X[TEST])
    for fit, ask in (
        (K, new),
        (np.array(K), np.array(new)),
        (np.stack(K, axis=-1), np.stack(new, axis=-1)),
    ):
        given = made(kind, kernels="precomputed").fit(fit, t[TRAIN], weights)
        np.testing.assert_allclose(answers(given, ask), wanted, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(given.weights_, here.weights_, atol=1e-9)
        assert given.kernel_names_ == [f"kernel {i}" for i in range(4)]
        assert given.X_fit_ is None and given.n_features_in_ == 40


def test_a_single_computed_kernel_may_come_as_it_is():
    K, new = computed(X[TRAIN], X[TRAIN])[1], computed(X[TEST], X[TRAIN])[1]
    flat = MKLRegressor(kernels="precomputed").fit(K, y[TRAIN])
    deep = MKLRegressor(kernels="precomputed").fit([K], y[TRAIN])
    np.testing.assert_array_equal(flat.predict(new), deep.predict([new]))
    assert flat.weights_.tolist() == [1.0]


def test_generic_searches_cut_computed_kernels():
    K = np.stack(computed(X, X), axis=-1)
    folds = KFold(3)
    scores = cross_val_score(MKLRegressor(kernels="precomputed"), K, y, cv=folds)
    for score, (train, test) in zip(scores, folds.split(X)):
        model = MKLRegressor(kernels="precomputed").fit(K[train][:, train], y[train])
        assert score == pytest.approx(model.score(K[test][:, train], y[test]))
    grid = {"lam_ratio": [0.3, 0.03]}
    search = GridSearchCV(MKLClassifier(kernels="precomputed"), grid, cv=3)
    assert search.fit(K, LABELS).predict(K).shape == (60,)


def test_kernels_in_single_precision_are_put_right():
    K = np.array(computed(X, X))
    exact = MKLRegressor(kernels="precomputed").fit(K, y).predict(K)
    short = MKLRegressor(kernels="precomputed").fit(K.astype(np.float32), y)
    np.testing.assert_allclose(short.predict(K), exact, atol=1e-3)


@pytest.mark.parametrize("kind", [MKLRegressor, MKLClassifierCV])
@pytest.mark.parametrize(
    "given, says",
    [
        (np.ones((60, 3)), "square kernels of the rows of the fit"),
        (np.ones((2, 60, 50)), "X must hold kernels of 60 rows with 60"),
        (np.ones((2, 2, 60, 60)), "inconsistent|dim"),
        (np.triu(np.ones((60, 60))), "symmetric and positive semidefinite"),
        ([np.eye(60), -np.eye(60)], "semidefinite; got kernel 1"),
        ([np.eye(60), np.eye(59)], "X must have rows of equal length"),
        ([np.eye(60), np.full((60, 60), np.nan)], "NaN"),
        (np.ones((60, 60)), "kernels must differ"),
        (["a", "b"], "X must hold numbers|could not convert"),
    ],
)
def test_what_is_no_kernel_is_refused(kind, given, says):
    model = made(kind, kernels="precomputed")
    with pytest.raises((ValueError, TypeError), match=says):
        model.fit(given, target(kind))


def test_wrong_shapes_at_predict_are_refused():
    K = np.array(computed(X, X))
    model = MKLRegressor(kernels="precomputed").fit(K, y)
    for new in (K[:3], K[:, :, :59], [K[0, :5]], K[:, :5, :5]):
        with pytest.raises(ValueError, match="X must hold kernels of m rows with 60"):
            model.predict(new)
    with pytest.raises(ValueError, match="X has 4 features"):
        model.predict(X)
    with pytest.raises(ValueError, match="NaN"):
        model.predict(np.full((4, 2, 60), np.nan))


# Names


FRAME = pd.DataFrame(X, columns=["age", "bmi", "bp", "rbf"])


@pytest.mark.parametrize("kind", ALL)
def test_columns_by_name_are_columns_by_number(kind):
    named = ["bmi", ["age", "bp"], ("rbf", ["bmi", "rbf"]), ["rbf"], "rbf"]
    counted = [[1], [0, 2], ("rbf", [1, 3]), [3], "rbf"]
    by_name = made(kind, kernels=named).fit(FRAME, target(kind))
    by_number = made(kind, kernels=counted).fit(X, target(kind))
    np.testing.assert_array_equal(answers(by_name, FRAME), answers(by_number, X))
    called = ["bmi", "age, bp", "rbf(bmi, rbf)", "rbf", "rbf"]
    assert by_name.kernel_names_ == called
    assert by_number.kernel_names_ == ["x1", "x0, x2", "rbf(x1, x3)", "x3", "rbf"]
    assert len(by_name.weights_) == 5


def test_own_names_and_pickles():
    kernels = {"size": ["bmi", "bp"], "shape": ("ntk", ["age"]), "all": "linear"}
    model = clone(MKLRegressor(kernels=kernels)).fit(FRAME, y)
    assert model.kernel_names_ == ["size", "shape", "all"]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(FRAME), model.predict(FRAME))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(FRAME[["bmi", "age", "bp", "rbf"]])


def test_a_kernel_of_some_columns_sees_these_columns_only():
    one = MKLRegressor(kernels=[("rbf", ["age"]), ("ntk", ["bp"])]).fit(FRAME, y)
    two = MKLRegressor(kernels=["rbf"]).fit(FRAME[["age"]], y)
    np.testing.assert_array_equal(
        one.predict(FRAME.assign(bmi=0.0)), one.predict(FRAME)
    )
    alone = MKLRegressor(kernels=[("rbf", ["age"])]).fit(FRAME, y)
    np.testing.assert_allclose(
        alone.predict(FRAME), two.predict(FRAME[["age"]]), rtol=1e-9
    )


@pytest.mark.parametrize(
    "kernels, says",
    [
        (["bmx"], "kernels must be one of"),
        ([["bmx"]], r"kernels must name .* got \['bmx'\], and the columns of X have"),
        ([("rbf", ["age", "bmx"])], r"kernels must name .* got \['age', 'bmx'\]"),
        ([("cubic", ["age"])], "kernels must be names, functions, or groups"),
        ([("rbf", [7])], "column numbers from 0 to 3"),
        ([("rbf", [])], "column numbers from 0 to 3"),
        ({}, "kernels must be a list of at least one kernel"),
        ({"a": "cubic"}, "kernels must be one of"),
        ("rbf", "kernels must be a list of at least one kernel"),
    ],
)
def test_unknown_names_are_refused(kernels, says):
    for kind in (MKLRegressor, MKLRegressorCV):
        with pytest.raises(ValueError, match=says):
            kind(kernels=kernels).fit(FRAME, y)
    with pytest.raises(ValueError, match="no names, for it is a plain array"):
        MKLRegressor(kernels=[["age"]]).fit(X, y)


# Classes


def test_two_classes_are_the_regressor_on_signs():
    signs = np.where(y > 0.2, 1.0, -1.0)
    for labels in (signs, np.where(signs > 0, "yes", "no"), np.where(signs > 0, 0, 9)):
        model = MKLClassifier(**CLOSE).fit(X, labels)
        plain = MKLRegressor(**CLOSE).fit(
            X, np.where(labels == model.classes_[1], 1, -1)
        )
        np.testing.assert_allclose(
            model.decision_function(X), plain.predict(X), atol=1e-9
        )
        np.testing.assert_allclose(model.weights_, plain.weights_, atol=1e-9)
        assert model.lam_hat_ == pytest.approx(plain.lam_hat_)


def test_three_classes_share_the_weights_that_a_direct_search_finds():
    """(13) for several columns: the weights minimise tr Y'(K + lam_hat I)^-1 Y."""
    iris, kind = load_iris(return_X_y=True)
    iris, kind = StandardScaler().fit_transform(iris[::3]), kind[::3]
    model = MKLClassifier(kernels=[[0], [1], [2], [3], "rbf"], **CLOSE).fit(iris, kind)
    assert model.weights_.shape == (5,) and model.score(iris, kind) > 0.9
    Y = np.where(kind[:, None] == model.classes_, 1.0, -1.0)
    Y -= Y.mean(0)
    P = np.eye(len(Y)) - 1 / len(Y)
    raw = [np.outer(c, c) for c in iris.T] + [rbf_kernel(iris)]
    kernels = np.array([P @ K @ P for K in raw])
    kernels /= np.einsum("pii->p", kernels)[:, None, None] / len(Y)

    def value(logits):
        shares = np.exp(logits - logits.max())
        K = np.tensordot(shares / shares.sum(), kernels, 1)
        return np.sum(Y * np.linalg.solve(K + model.lam_hat_ * np.eye(len(Y)), Y))

    found = value(np.log(np.maximum(model.weights_, 1e-300)))
    searched = minimize(value, np.zeros(5), method="BFGS", options=dict(gtol=1e-8))
    assert found <= searched.fun * (1 + 1e-6)
    K = np.tensordot(model.weights_, kernels, 1)
    dual = np.linalg.solve(K + model.lam_hat_ * np.eye(len(Y)), Y)
    mean = np.where(kind[:, None] == model.classes_, 1.0, -1.0).mean(0)
    np.testing.assert_allclose(
        model.decision_function(iris), mean + K @ dual, atol=1e-8
    )


@pytest.mark.parametrize("kind", [MKLClassifier, MKLClassifierCV])
def test_names_and_order_of_classes_change_nothing(kind):
    other = {"low": "z", "middle": "a", "high": "m"}
    renamed = np.array([other[name] for name in LABELS])
    first = made(kind).fit(X, LABELS)
    second = made(kind).fit(X, renamed)
    same = [other[name] for name in first.predict(X)]
    assert second.predict(X).tolist() == same
    np.testing.assert_allclose(first.weights_, second.weights_, atol=1e-6)
    np.testing.assert_allclose(first.predict_proba(X).sum(1), 1, rtol=1e-12)


def test_the_zero_solution_predicts_the_majority():
    for labels in (y > np.quantile(y, 0.3), LABELS):
        model = MKLClassifier(lam_ratio=1.0).fit(X, labels)
        names, counts = np.unique(labels, return_counts=True)
        assert set(model.predict(X)) == {names[counts.argmax()]}
        assert not model.dual_coef_.any() and model.lam_hat_ == np.inf
        if len(names) == 2:
            shares = counts / counts.sum()
            np.testing.assert_allclose(model.predict_proba(X[:1])[0], shares)


def test_class_weights_are_sample_weights():
    chosen = {"low": 2.0, "middle": 3.0}
    weights = [chosen.get(name, 1.0) for name in LABELS]
    named = MKLClassifier(class_weight=chosen, lam=0.5, **CLOSE).fit(X, LABELS)
    given = MKLClassifier(lam=0.5, **CLOSE).fit(X, LABELS, weights)
    np.testing.assert_allclose(
        named.decision_function(X), given.decision_function(X), atol=1e-7
    )


# What changes nothing


@pytest.mark.parametrize("kind", [MKLRegressor, MKLRegressorCV])
def test_a_constant_added_to_y_is_added_to_the_answers(kind):
    plain, more = (made(kind).fit(X, y + c) for c in (0.0, 1000.0))
    np.testing.assert_allclose(more.predict(X) - 1000, plain.predict(X), atol=1e-6)
    np.testing.assert_allclose(more.weights_, plain.weights_, atol=1e-6)
    assert more.intercept_ == pytest.approx(plain.intercept_ + 1000)


@pytest.mark.parametrize("kind", ALL)
def test_order_and_size_of_kernels_change_nothing(kind):
    kernels = computed(X, X)
    plain = made(kind, kernels="precomputed").fit(kernels, target(kind))
    order = [2, 0, 3, 1]
    turned = made(kind, kernels="precomputed")
    turned.fit([kernels[i] for i in order], target(kind))
    np.testing.assert_allclose(turned.weights_, plain.weights_[order], atol=1e-5)
    sizes = [1e-6, 1.0, 1e7, 3.0]
    scaled = [c * K for c, K in zip(sizes, kernels)]
    sized = made(kind, kernels="precomputed").fit(scaled, target(kind))
    np.testing.assert_allclose(sized.weights_, plain.weights_, atol=1e-5)
    wanted = answers(plain, kernels)
    for model, given in ((turned, [kernels[i] for i in order]), (sized, scaled)):
        np.testing.assert_allclose(answers(model, given), wanted, atol=1e-5)  # two gaps


@pytest.mark.parametrize("kind", ALL)
def test_order_and_copies_of_rows_change_nothing(kind):
    order = np.random.default_rng(3).permutation(60)
    t = target(kind)
    folds = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    place = np.argsort(order)
    options = dict(cv=folds) if "CV" in kind.__name__ else {}
    moved = dict(cv=[(place[a], place[b]) for a, b in folds]) if options else {}
    plain = made(kind, **options).fit(X, t)
    other = made(kind, **moved).fit(X[order], t[order])
    np.testing.assert_allclose(answers(plain, X), answers(other, X), atol=1e-5)


def test_a_constant_of_a_kernel_changes_nothing():
    kernels = computed(X, X)
    plain = MKLRegressor(kernels="precomputed", **CLOSE).fit(kernels, y)
    lifted = [K + 5.0 for K in kernels]
    model = MKLRegressor(kernels="precomputed", **CLOSE).fit(lifted, y)
    np.testing.assert_allclose(model.predict(lifted), plain.predict(kernels), atol=1e-6)


# The ridge and the path


def test_a_ridge_of_its_own_leaves_the_mixture():
    plain = MKLRegressor(**CLOSE).fit(X, y)
    same = MKLRegressor(ridge=plain.lam_hat_, **CLOSE).fit(X, y)
    other = MKLRegressor(ridge=7.0, **CLOSE).fit(X, y)
    np.testing.assert_allclose(same.predict(X), plain.predict(X), rtol=1e-9)
    np.testing.assert_array_equal(other.weights_, plain.weights_)
    assert other.ridge_ == 7.0 and other.lam_hat_ == plain.lam_hat_
    assert not np.allclose(other.predict(X), plain.predict(X))


@pytest.mark.parametrize("n_ridges", [0, 3])
@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("layout", ["rows", "precomputed"])
def test_scores_are_those_of_fits_from_nothing(n_ridges, labels, layout):
    """Each entry of scores_ against a fit of its own on the training part."""
    t = LABELS if labels else y
    cv, one = (
        (MKLClassifierCV, MKLClassifier) if labels else (MKLRegressorCV, MKLRegressor)
    )
    weights = np.random.default_rng(5).integers(0, 3, 60).astype(float)
    rows = layout == "rows"
    kernels = FUNCTIONS[:2] + ["rbf", [0], ("ntk", [1, 3])] if rows else "precomputed"
    given = X if rows else np.stack(computed(X, X), axis=-1)
    path = cv(kernels=kernels, n_lams=4, n_ridges=n_ridges, cv=KFold(3), **CLOSE)
    path.fit(given, t, weights)
    assert path.scores_.shape == (3, max(n_ridges, 1), 4)
    for k, (train, test) in enumerate(KFold(3).split(X)):
        total = weights[train].sum()
        for i, share in enumerate(path.ridge_ratios_ if n_ridges else [None]):
            for j, ratio in enumerate(path.lam_ratios_):
                ridge = None if share is None else share * total
                alone = one(kernels=kernels, lam_ratio=ratio, ridge=ridge, **CLOSE)
                fit = given[train] if rows else given[train][:, train]
                ask = given[test] if rows else given[test][:, train]
                alone.fit(fit, t[train], weights[train])
                if labels:
                    score = alone.score(ask, t[test], weights[test])
                    assert abs(path.scores_[k, i, j] - score) < 1e-12
                else:
                    error = np.average(
                        (alone.predict(ask) - t[test]) ** 2, weights=weights[test]
                    )
                    # answers move with the root of two gaps of 1e-10
                    assert -path.scores_[k, i, j] == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize("cv, one", [ALL[2:][::-1], ALL[2:]])
def test_the_chosen_fit_is_the_fit_of_its_choice(cv, one):
    single = MKLClassifier if "Classifier" in cv.__name__ else MKLRegressor
    path = made(cv).fit(X, target(cv))
    i, j = np.unravel_index(path.scores_.mean(0).argmax(), (3, 4))
    assert path.lam_ratio_ == path.lam_ratios_[j]
    assert path.ridge_ == pytest.approx(60 * path.ridge_ratios_[i])
    alone = single(lam_ratio=path.lam_ratio_, ridge=path.ridge_, **CLOSE)
    alone.fit(X, target(cv))
    np.testing.assert_array_equal(answers(path, X), answers(alone, X))
    assert path.dual_gap_ <= path.tol


def test_groups_splitters_progress_and_rows_of_weight_zero(capsys):
    groups, weights = np.arange(60) // 6, np.ones(60)
    weights[:6] = 0
    model = made(MKLRegressorCV, cv=GroupKFold(3), verbose=True)
    model.fit(X, y, weights, groups=groups)
    assert "fold 3 of 3" in capsys.readouterr().out
    fewer = made(MKLRegressorCV, cv=GroupKFold(3)).fit(X[6:], y[6:], groups=groups[6:])
    assert capsys.readouterr().out == ""
    assert model.scores_.shape == fewer.scores_.shape == (3, 3, 4)


def test_the_smallest_lam_is_said():
    with pytest.warns(UserWarning, match="chose the smallest lam of the grid"):
        MKLRegressorCV(n_lams=2, lam_min_ratio=0.9).fit(X, y)


@pytest.mark.parametrize(
    "model, says",
    [
        (MKLRegressor(ridge=0.0), "ridge must be a positive number"),
        (MKLRegressorCV(n_ridges=-1), "n_ridges must be a whole number"),
        (MKLRegressorCV(n_lams=1), "n_lams must be at least 2"),
        (MKLRegressorCV(lam_min_ratio=1.0), "lam_min_ratio must be below 1"),
        (MKLRegressorCV(tol=0.0), "tol must be a positive number"),
        (MKLRegressorCV(verbose="yes"), "verbose must be"),
    ],
)
def test_bad_parameters_are_refused(model, says):
    with pytest.raises((ValueError, TypeError), match=says):
        model.fit(X, y)


# Factors


@pytest.mark.parametrize("rank", [0, 1, 3, 8])
def test_narrow_factors_are_those_of_eigenvectors(rank):
    B = np.random.default_rng(rank).standard_normal((30, rank))
    narrow, wide = narrow_factor(B @ B.T), wide_factor(B @ B.T, 0, 1.0)
    assert narrow.shape == wide.shape == (30, rank)
    np.testing.assert_allclose(narrow @ narrow.T, wide @ wide.T, atol=1e-12)
    lengths = lambda A: np.sort((A**2).sum(0))
    np.testing.assert_allclose(lengths(narrow), lengths(wide), rtol=1e-9)
