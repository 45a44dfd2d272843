"""Gated ReLU networks as certified convex programs.

What most users need is here, and comes when it is first asked for: `solve`, `Masks` and the
estimators. Everything else is in the modules, one a chapter of the book.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:  # for editors and type checkers; nothing is imported when it runs
    from .estimators import (
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
    from .losses import solve
    from .masks import Masks

__all__ = [
    "GatedReLUClassifier",
    "GatedReLUClassifierCV",
    "GatedReLURegressor",
    "GatedReLURegressorCV",
    "MKLClassifier",
    "MKLClassifierCV",
    "MKLRegressor",
    "MKLRegressorCV",
    "Masks",
    "NTKClassifier",
    "NTKRegressor",
    "solve",
]

_HOMES = {"Masks": "masks:Masks", "solve": "losses:solve"}  # others: estimators


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, original = _HOMES.get(name, f"estimators:{name}").partition(":")
    value = getattr(import_module(f".{module}", __name__), original)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
