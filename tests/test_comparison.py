"""Comparisons from Python: baselines, metrics, groups, rare classes, the verdict, the page."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris, make_friedman1
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score

from fixntk.compare import compare, compare_file
from fixntk.encoding import table_pipeline
from fixntk.estimators import NTKClassifier
from fixntk.scoring import METRICS

QUICK = dict(folds=3, gates=20)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.standard_normal(120), "w": rng.choice(["a", "b"], 120)})
    y = np.where(X.x + (X.w == "a") + 0.5 * rng.standard_normal(120) > 0.5, "yes", "no")
    return X, pd.Series(y, name="bought")


def test_scores_of_a_file_and_a_frame_are_the_same(frame, tmp_path):
    X, y = frame
    X.assign(bought=y).to_csv(tmp_path / "t.csv", index=False)
    by_file = compare_file(tmp_path / "t.csv", "bought", progress=None, **QUICK)
    by_frame = compare(X, y, **QUICK)
    pd.testing.assert_frame_equal(by_file.scores, by_frame.scores, rtol=1e-9)
    assert by_file.verdict == by_frame.verdict


def test_the_order_of_columns_and_names_of_classes_change_nothing(frame):
    X, y = frame
    first = compare(X, y, baselines=False, **QUICK)
    names = {"yes": "1st", "no": "zero"}
    second = compare(X, y.map(names), baselines=False, **QUICK)
    pd.testing.assert_frame_equal(first.scores, second.scores, rtol=1e-9)


def test_the_pipeline_takes_frames_and_the_parts_hold_together(frame):
    X, y = frame
    found = compare(X, y, **QUICK)
    assert found.best == found.scores.mean().idxmax()
    assert list(found.scores) == [
        *("majority class", "logistic regression", "support vectors"),
        *("gradient boosting", "NTK", "partly fixed", "fully fixed"),
    ]
    assert found.pipeline.predict(X[["w", "x"]][X.columns]).shape == (120,)
    assert len(found.verdict) == 3 and "relative duality gap" in found.certificate[-1]
    assert len(found.figure().axes) == 2
    assert found.best in str(found)


def test_a_page_stands_alone_and_escapes_what_comes_from_the_table(frame, tmp_path):
    X, y = frame
    X = X.rename(columns={"x": "<script>alert(1)</script>"})
    compare(X, y, baselines=False, **QUICK).report(tmp_path / "r.html", "<b>mine</b>")
    page = (tmp_path / "r.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "<b>mine" not in page and "http://" not in page and "https://" not in page
    assert "data:image/png;base64" in page and "color-scheme: light dark" in page


@pytest.mark.parametrize("name", ["accuracy", "balanced-accuracy", "auc", "log-loss"])
def test_metrics_are_those_of_scikit_learn(name):
    X, y = load_iris(return_X_y=True)
    rng = np.random.default_rng(0)
    X = X + rng.standard_normal(X.shape)  # so that nothing is perfect
    for rows in (np.arange(150), np.arange(50, 150)):
        model = LogisticRegression(max_iter=1000).fit(X[rows][::2], y[rows][::2])
        A, b = X[rows][1::2], y[rows][1::2]
        shares = model.predict_proba(A)
        expected = {
            "accuracy": model.score(A, b),
            "balanced-accuracy": balanced_accuracy_score(b, model.predict(A)),
            "auc": np.mean(
                [roc_auc_score(b == k, scores_of(model, A)[k]) for k in np.unique(b)]
            ),
            "log-loss": log_loss(b, shares),
        }[name]
        np.testing.assert_allclose(METRICS[name](model, A, b), expected, rtol=1e-12)


def scores_of(model, A):
    "The score of each class; of two, the second has minus that of the first."
    scores = model.decision_function(A)
    both = scores.T if scores.ndim == 2 else [-scores, scores]
    return dict(zip(model.classes_, both))


def test_rare_classes_are_found_where_the_metric_asks_for_them():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1500, 3))
    y = np.where(X[:, 0] ** 2 + X[:, 1] ** 2 > 9.2, "rare", "usual")
    assert 0.005 < np.mean(y == "rare") < 0.02
    with pytest.warns(UserWarning, match="takes no model"):
        options = dict(folds=3, gates=100, class_weight="balanced", metric="auc")
        found = compare(X, y, **options)
    means = found.scores.mean()
    assert means["majority class"] == 0.5 and means["fully fixed"] > 0.75
    assert means["fully fixed"] > means["logistic regression"] + 0.2  # a ring
    with pytest.warns(UserWarning, match="takes no model"):
        told = compare(X, y, folds=3, gates=20, baselines=False).verdict
    assert "--metric auc and with --class-weight balanced" in told[2]


def test_rows_of_one_group_stay_together():
    "The target is a property of the group: only a leak can know it."
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 6)
    X = rng.standard_normal((30, 4))[groups] + 0.01 * rng.standard_normal((180, 4))
    y = rng.standard_normal(30)[groups]
    alone = compare(X, y, baselines=False, **QUICK).scores.mean()
    together = compare(X, y, groups=groups, baselines=False, **QUICK).scores.mean()
    assert alone["NTK"] > 0.9 and together["NTK"] < 0.2


def test_probabilities_need_few_rows_of_a_class():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 2)), np.array(["usual"] * 56 + ["rare"] * 4)
    scores = compare(X, y, metric="log-loss", folds=2, gates=9).scores
    assert np.isfinite(scores.to_numpy()).all()


def test_losses_are_small_where_models_are_good():
    X, y = make_friedman1(200, noise=0.5, random_state=0)
    found = compare(X, y, metric="mae", **QUICK)
    means = found.scores.mean()
    assert found.best == means.idxmin() and means["mean"] == means.max()
    assert f"{means.min():.3f}" in found.verdict[0]


def test_a_pipeline_is_its_steps_by_hand(frame):
    X, y = frame
    scores = cross_val_score(table_pipeline(NTKClassifier()), X, y, cv=4)
    encoded = np.column_stack([X.x, X.w == "b"]).astype(float)
    for score, (train, test) in zip(scores, StratifiedKFold(4).split(X, y)):
        made = (encoded - encoded[train].mean(0)) / encoded[train].std(0)
        model = NTKClassifier().fit(made[train], y.iloc[train])
        assert score == model.score(made[test], y.iloc[test])


@pytest.mark.parametrize("columns", [None, [0, 1], [("a", 1), ("a", 2)]])
def test_new_rows_come_as_those_of_the_fit_did(columns):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2))
    table = X if columns is None else pd.DataFrame(X, columns=columns)
    found = compare(table, X[:, 0] ** 2, baselines=False, **QUICK)
    assert found.predict(table[:5]).shape == (5,)
    expected = found.pipeline.predict(found.outcome.plan.frame)
    np.testing.assert_array_equal(found.predict(table), expected)


@pytest.mark.parametrize("folds, groups", [(2, 4), (3, 6)])
def test_few_groups_are_enough_for_the_inner_folds(folds, groups):
    rng = np.random.default_rng(0)
    X, groups = rng.standard_normal((96, 2)), np.arange(96) % groups
    options = dict(groups=groups, folds=folds, gates=9)
    for y in (X[:, 0] ** 2, np.where(X[:, 1] > 0, "u", "v")):
        assert np.isfinite(compare(X, y, **options).scores.to_numpy()).all()
    only = np.where(groups == 0, "rare", "usual")
    with pytest.raises(ValueError, match="class 'rare' is in 1. Merge small"):
        compare(X, only, **options)


def test_what_the_last_fit_warns_of_is_said(monkeypatch):
    from fixntk import comparison

    fit = comparison.fit_one

    def warned(frame, y, train, test, *rest):
        return fit(frame, y, train, test, *rest)[0], ["gap"] if test is None else []

    monkeypatch.setattr(comparison, "fit_one", warned)
    X = np.random.default_rng(0).standard_normal((40, 2))
    with pytest.warns(UserWarning, match="in 1 of 13 fits: gap"):
        compare(X, X[:, 0], baselines=False, **QUICK)


def test_new_words_and_gaps_in_a_pipeline(frame):
    X, y = frame
    model = table_pipeline(NTKClassifier()).fit(X, y)
    new = pd.DataFrame({"x": [np.nan, 1.0], "w": ["a", "never seen"]})
    with pytest.warns(UserWarning, match="unknown categories"):
        assert set(model.predict(new)) <= {"yes", "no"}


@pytest.mark.parametrize(
    "change, words",
    [
        (dict(metric="mae"), "does not belong to a classification"),
        (dict(metric="f1"), "metric must be one of"),
        (dict(class_weight="even"), "class_weight must be one of 'balanced'"),
        (dict(groups=[1, 2]), "groups must have one entry"),
        (dict(groups=np.repeat([1, 2], 60)), "at least 6 groups"),
        (dict(folds=1), "folds must be at least 2"),
        (dict(threads=0), "threads must be"),
        (dict(drop="z"), "no column 'z'"),
        (dict(baselines="none"), "baselines must be"),
        (dict(metric=["auc"]), "metric must be"),
        (dict(drop=3), "drop must be"),
    ],
)
def test_what_makes_no_sense_is_refused(change, words, frame):
    with pytest.raises((ValueError, TypeError), match=words):
        compare(*frame, **QUICK | change)


def test_columns_that_give_the_answer_away_are_left_out_of_frames():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"row": np.arange(90), "x": rng.standard_normal(90)})
    with pytest.warns(UserWarning, match="row gives the answer away"):
        found = compare(X, np.repeat(list("abc"), 30), baselines=False, **QUICK)
    assert found.scores["NTK"].mean() < 0.6


def test_targets_whose_squares_overflow_are_said():
    X, y = make_friedman1(60, noise=0.5, random_state=0)
    with pytest.warns(UserWarning, match="divided by a power of two"):
        large = compare(X, 1e200 * y, baselines=False, **QUICK).scores
    usual = compare(X, y, baselines=False, **QUICK).scores
    np.testing.assert_allclose(large, usual, rtol=1e-6, atol=1e-9)
