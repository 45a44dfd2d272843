"""Estimators keep scikit-learn's conventions: what is not prose in chapter 14."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fixntk.estimators import (
    GatedReLUClassifier,
    GatedReLUClassifierCV,
    GatedReLURegressor,
    GatedReLURegressorCV,
    MKLRegressor,
    NTKClassifier,
    NTKRegressor,
)

EVERY = [
    NTKRegressor,
    NTKClassifier,
    GatedReLURegressor,
    GatedReLUClassifier,
    GatedReLURegressorCV,
    GatedReLUClassifierCV,
    MKLRegressor,
]


@parametrize_with_checks([kind() for kind in EVERY])
def test_scikit_learn_checks(estimator, check):
    check(estimator)
