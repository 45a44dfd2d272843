"""What must not change a fit, or change it in a known way: all estimators, small random tables."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sklearn.base import is_classifier
from threadpoolctl import threadpool_limits

from fixntk import estimators

pytestmark = pytest.mark.filterwarnings(
    "ignore:X has columns far", "ignore:cross-validation chose"
)
GATED = dict(n_gates=12, random_state=0)
LOSSES = ("squared", "logistic", "squared_hinge")
REGRESSORS = [
    estimators.NTKRegressor(),
    estimators.MKLRegressor(tol=1e-10),
    estimators.GatedReLURegressor(**GATED),
    estimators.GatedReLURegressor(n_reweightings=2, **GATED),
    estimators.GatedReLURegressorCV(n_lams=3, cv=2, **GATED),
]
CLASSIFIERS = [
    estimators.NTKClassifier(),
    *(
        estimators.GatedReLUClassifier(loss=loss, lam_ratio=0.05, **GATED)
        for loss in LOSSES
    ),
    estimators.GatedReLUClassifier(n_reweightings=1, **GATED),
    estimators.GatedReLUClassifierCV(n_lams=3, cv=2, **GATED),
]
EVERY = REGRESSORS + CLASSIFIERS
seeds = st.integers(0, 2**16)


def few(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def table(seed, kind, n=20):
    "Rows of size one, and targets: heights, or two or three classes by turns."
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 3))
    heights = np.maximum(X[:, 0], 0) + X[:, 1] + 0.3 * rng.standard_normal(n)
    if not is_classifier(kind):
        return X, heights
    return X, np.digitize(
        heights, np.quantile(heights, [0.6] if seed % 2 else [0.3, 0.7])
    )


def fitted(kind, X, y, weights=None, **options):
    from sklearn.base import clone

    return clone(kind).set_params(**options).fit(X, y, weights)


def scores(model, X):
    return model.decision_function(X) if is_classifier(model) else model.predict(X)


def name(kind):
    return f"{type(kind).__name__}-{getattr(kind, 'loss', '')}-{getattr(kind, 'n_reweightings', '')}"


@pytest.mark.parametrize("kind", REGRESSORS, ids=name)
@given(seed=seeds, shift=st.sampled_from([2000.0, -3e4, 1e6]), weighted=st.booleans())
@few(5)
def test_adding_to_y_adds_to_predictions(kind, seed, shift, weighted):
    X, y = table(seed, kind)
    y = (
        np.round(y * 2**20) / 2**20
    )  # so that y + shift has the same digits; else it is y that changes
    weights = np.random.default_rng(seed).uniform(0.1, 3, len(y)) if weighted else None
    plain, moved = fitted(kind, X, y, weights), fitted(kind, X, y + shift, weights)
    np.testing.assert_allclose(
        moved.predict(X) - shift, plain.predict(X), rtol=0, atol=1e-9
    )
    for attribute in (
        "coef_",
        "dual_coef_",
        "weights_",
        "dual_gap_",
        "lam_",
        "lam_ratio_",
    ):
        if hasattr(plain, attribute):
            np.testing.assert_allclose(
                getattr(moved, attribute),
                getattr(plain, attribute),
                rtol=1e-9,
                atol=1e-12,
            )
    flat = fitted(kind, X, np.full(len(y), 7.0), weights)
    np.testing.assert_allclose(flat.predict(2 * X), 7, rtol=1e-12)


@pytest.mark.parametrize("kind", REGRESSORS, ids=name)
@given(seed=seeds, power=st.integers(-20, 20), sign=st.sampled_from([1.0, -1.0]))
@few(4)
def test_scale_of_y(kind, seed, power, sign):
    X, y = table(seed, kind)
    factor = sign * 2.0**power
    plain, scaled = fitted(kind, X, y), fitted(kind, X, factor * y)
    # the same steps up to rounding, as for the sign, where another row is the least
    np.testing.assert_allclose(
        scaled.predict(X) / factor, plain.predict(X), rtol=1e-6, atol=1e-8
    )


@given(
    seed=seeds,
    powers=st.tuples(*[st.integers(-12, 30)] * 3),
    shift=st.sampled_from([0.0, 1e3, 5e6]),
)
@few(6)
def test_units_of_columns_do_not_matter_to_kernels_that_standardise(
    seed, powers, shift
):
    kind = estimators.MKLRegressor(tol=1e-10)
    X, y = table(seed, kind)
    X = np.round(X * 2**20) / 2**20
    plain, moved = (
        fitted(kind, X, y),
        fitted(kind, (X + shift) * 2.0 ** np.array(powers), y),
    )
    # a mean of 5e6 deviations leaves ten digits of X, and answers move with the root of the gap
    np.testing.assert_allclose(
        moved.predict((X + shift) * 2.0 ** np.array(powers)),
        plain.predict(X),
        atol=1e-4,
    )


@pytest.mark.parametrize(
    "kind",
    [
        estimators.NTKRegressor(),
        estimators.GatedReLURegressor(**GATED),
        estimators.GatedReLURegressorCV(n_lams=3, cv=2, **GATED),
    ],
    ids=name,
)
@given(seed=seeds, power=st.integers(-20, 20))
@few(3)
def test_scale_of_the_table_without_intercept(kind, seed, power):
    X, y = table(seed, kind)
    plain, scaled = (
        fitted(kind, factor * X, y, fit_intercept=False) for factor in (1.0, 2.0**power)
    )
    np.testing.assert_allclose(
        scaled.predict(2.0**power * X), plain.predict(X), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("kind", CLASSIFIERS, ids=name)
@given(
    seed=seeds,
    order=st.permutations(["u", "v", "w"]),
    strength=st.sampled_from([None, 1.0]),
    intercept=st.booleans(),
)
@few(4)
def test_names_of_classes_do_not_matter(kind, seed, order, strength, intercept):
    X, y = table(seed, kind)
    options = (
        {}
        if strength is None or "lam_ratio" not in kind.get_params()
        else {"lam_ratio": strength}
    )
    plain = fitted(kind, X, y, fit_intercept=intercept, **options)
    renamed = fitted(kind, X, np.array(order)[y], fit_intercept=intercept, **options)
    np.testing.assert_array_equal(renamed.predict(X), np.array(order)[plain.predict(X)])
    place = [list(renamed.classes_).index(order[k]) for k in plain.classes_]
    np.testing.assert_allclose(
        renamed.predict_proba(X)[:, place], plain.predict_proba(X), atol=1e-14
    )  # 1 - p and sums round
    if options and kind.n_reweightings is None:  # at lam_max the majority
        assert (
            set(plain.predict(X)) == {np.bincount(y).argmax()}
            or np.ptp(np.bincount(y)) == 0
        )


@pytest.mark.parametrize(
    "kind", [kind for kind in EVERY if "cv" not in kind.get_params()], ids=name
)
@given(seed=seeds)
@few(2)
def test_order_of_rows_and_counts_for_copies(kind, seed):
    X, y = table(seed, kind)
    rng = np.random.default_rng(seed)
    order, counts = (
        rng.permutation(len(y)),
        np.r_[rng.integers(0, 3, len(y) - 6), np.ones(6, int)],
    )
    close = (
        dict(rtol=1e-6, atol=1e-8)
        if "gates" not in kind.get_params()
        else dict(rtol=1e-12, atol=1e-12)
    )  # kernels keep copies apart
    weighted = fitted(kind, X, y, counts)
    copied = fitted(kind, np.repeat(X, counts, axis=0), np.repeat(y, counts))
    dropped = fitted(kind, X[counts > 0], y[counts > 0], counts[counts > 0])
    moved = fitted(kind, X[order], y[order], counts[order])
    for other in (copied, dropped, moved):
        np.testing.assert_allclose(scores(other, X), scores(weighted, X), **close)
    if (
        "lam_ratio" in kind.get_params()
    ):  # one number for all rows; the ridge of the tangent kernel knows no ratio to weights
        np.testing.assert_allclose(
            scores(fitted(kind, X, y, 3.0), X),
            scores(fitted(kind, X, y), X),
            rtol=1e-5,
            atol=1e-6,
        )


@pytest.mark.parametrize(
    "kind", [kind for kind in EVERY if "cv" not in kind.get_params()], ids=name
)
@given(seed=seeds, factor=st.sampled_from([0.25, 4.0, 1024.0]))
@few(3)
def test_all_weights_times_c_is_strength_over_c(kind, seed, factor):
    X, y = table(seed, kind)
    strength = "ridge" if "ridge" in kind.get_params() else "lam"
    plain = fitted(kind, X, y, **{strength: 0.5})
    heavy = fitted(kind, X, y, np.full(len(y), factor), **{strength: 0.5 * factor})
    np.testing.assert_allclose(
        scores(heavy, X), scores(plain, X), rtol=1e-5, atol=1e-6
    )  # two fits within 1e-6 of one objective


@pytest.mark.parametrize(
    "kind",
    [
        estimators.NTKRegressor(),
        estimators.NTKClassifier(),
        estimators.MKLRegressor(),
        estimators.GatedReLURegressor(),
        estimators.GatedReLUClassifier(),
    ],
    ids=name,
)
@given(seed=seeds, order=st.permutations(range(3)))
@few(3)
def test_order_of_columns(kind, seed, order):
    X, y = table(seed, kind)
    options = [{}, {}]
    if "gates" in kind.get_params():
        gates = np.random.default_rng(seed).standard_normal((20, 4))
        options = [
            dict(gates=gates, lam_ratio=0.1, tol=1e-11),
            dict(gates=gates[:, [*order, 3]], lam_ratio=0.1, tol=1e-11),
        ]
    plain, moved = (
        fitted(kind, X, y, **options[0]),
        fitted(kind, X[:, order], y, **options[1]),
    )
    # rounding, and for the fits by Newton the root of their gap
    np.testing.assert_allclose(scores(moved, X[:, order]), scores(plain, X), atol=1e-4)


@pytest.mark.parametrize("kind", EVERY, ids=name)
@given(seed=seeds)
@few(1)
def test_one_row_threads_and_layouts(kind, seed):
    X, y = table(seed, kind)
    X = np.round(4 * X) / 4  # exact in every type below; rows on planes too
    model = fitted(kind, X, y)
    alone = np.concatenate([scores(model, row[None, :]) for row in X])
    np.testing.assert_allclose(alone, scores(model, X), rtol=1e-9, atol=1e-11)
    for threads in (1, 2):
        with threadpool_limits(threads):
            np.testing.assert_array_equal(
                scores(fitted(kind, X, y), X), scores(model, X)
            )
    locked = X.copy()
    locked.flags.writeable = False
    others = [
        X.astype(np.float32),
        X.astype(np.float16),
        np.asfortranarray(X),
        locked,
        X[:, ::-1][:, ::-1],
        X.tolist(),
    ]
    for same in others:
        np.testing.assert_array_equal(
            scores(fitted(kind, same, y), same), scores(model, X)
        )
    for convert in (np.int8, bool):
        rows = np.round(2 * X).astype(convert)
        whole = fitted(kind, rows.astype(float), y)
        np.testing.assert_array_equal(
            scores(fitted(kind, rows, y), rows), scores(whole, rows.astype(float))
        )


def test_meta_estimators_take_every_loss():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier

    X, y = table(3, CLASSIFIERS[0], n=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in CLASSIFIERS[:4]:
            for outer in (
                AdaBoostClassifier(kind, n_estimators=2),
                BaggingClassifier(kind, n_estimators=2, random_state=0),
                CalibratedClassifierCV(kind, cv=2),
            ):
                assert outer.fit(X, y).score(X, y) > 0.6
