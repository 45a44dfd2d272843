"""Families of stages, paths of strengths and rows of folds, on problems of every loss."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import LeaveOneGroupOut, StratifiedKFold

from fixntk.data import gaussian_design, teacher_data
from fixntk.design import MaskedDesign
from fixntk.folds import along, best_of, family, fold_rows
from fixntk.group_lasso import GroupLassoProblem, SquaredLoss
from fixntk.losses import FreeIntercept, HuberLoss, LogisticLoss, WeightedLoss, solve
from fixntk.masks import sample_masks
from fixntk.reweighting import irls


def problem(loss=SquaredLoss(), seed=0):
    rng = np.random.default_rng(seed)
    X = gaussian_design(30, 3, rng=rng)
    y = teacher_data(X, 4, noise=0.2, kind="relu", rng=rng)
    y = np.where(y > np.median(y), 1.0, -1.0) if "Logistic" in repr(loss) else y
    made = GroupLassoProblem(
        MaskedDesign(X, sample_masks(X, 40, rng=rng)), y, 1.0, loss=loss
    )
    return replace(made, lam=0.1 * made.lam_max)


@pytest.mark.parametrize(
    "loss",
    [
        SquaredLoss(),
        HuberLoss(0.5),
        LogisticLoss(),
        FreeIntercept(WeightedLoss(SquaredLoss(), np.linspace(0.5, 2, 30))),
    ],
    ids=["squared", "huber", "logistic", "weighted and free"],
)
def test_a_path_ends_where_fits_from_nothing_end(loss):
    made = problem(loss)
    lams = made.lam_max * np.geomspace(1, 0.05, 5)
    shares = np.full(made.design.p, 1 / made.design.p)
    path = [found for [found] in along(made, lams, shares, [None], tol=1e-8)]
    for lam, found in zip(lams, path):
        alone = solve(replace(made, lam=lam), tol=1e-8)
        assert found.lam == lam and found.gap <= 1e-8
        np.testing.assert_allclose(found.objective, alone.objective, rtol=2e-8)


def test_stages_are_runs_of_their_own_and_the_start_plays_no_part():
    made = problem()
    shares = np.random.default_rng(1).dirichlet(np.ones(made.design.p))
    start = solve(made)
    found = family(made, shares, [0, 2, None], start=start, tol=1e-9)
    for stage, one in zip([0, 2], found):
        alone = irls(made, weights=shares, max_iter=stage + 1, tol=0)
        np.testing.assert_allclose(one.W, alone.W, rtol=1e-9, atol=1e-12)
    assert found[2].gap <= 1e-9
    by_rounds = family(made, shares, [None], solver="irls", tol=1e-4, max_iter=2000)
    assert by_rounds[0].gap <= 1e-4
    np.testing.assert_allclose(by_rounds[0].objective, found[2].objective, rtol=1e-4)


def test_rows_of_folds_count_those_that_are_on():
    X, labels = np.zeros((8, 1)), np.array([1.0, -1.0] * 4)
    on = np.array([True, True, False, True, True, True, True, False])
    last = [(np.arange(-8, -4), [-1, -2])]  # numbers from the end
    [[train, test]] = fold_rows(last, X, labels, classifier=False, on=on)
    assert train.tolist() == [0, 1, 2] and test.tolist() == [5]
    folds = fold_rows(2, X, labels, classifier=True)
    halves = [test for _, test in StratifiedKFold(2).split(X, labels)]
    for (_, test), half in zip(folds, halves):
        assert test.tolist() == half.tolist()
    groups = np.arange(8) // 4
    by_group = fold_rows(LeaveOneGroupOut(), X, labels, classifier=False, groups=groups)
    assert [test.tolist() for _, test in by_group] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    with pytest.raises(ValueError, match="every part of every fold; got 2 folds and 4"):
        halves = [([0, 1], [2, 3]), ([2, 3], [4])]
        fold_rows(halves, X, labels, classifier=False, on=np.arange(8) < 4)


def test_ties_within_rounding_go_to_the_first():
    scores = np.zeros((3, 2, 4))
    scores[:, 1, 2], scores[:, 0, 3] = 1 + 1e-15, 1
    assert best_of(scores) == (0, 3)
    assert best_of(-scores) == (0, 0)
