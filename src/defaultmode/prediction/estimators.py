"""The models that can be asked for; each fits every penalty at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.prediction.cohort import Array, Kind
from defaultmode.prediction.ridge import linear_ridge, logistic_ridge

# features (n_rows, n_features), outcome (n_rows,) → slopes (n_features, k), intercepts (k,),
# strongest penalty first
FitPath = Callable[[Array, Array], tuple[Array, Array]]
L1_SHARE = 0.5
_ROUNDING = 1e-9  # of standardised features
_PENALTIES_PATH = 10.0 ** np.linspace(0.0, -2.0, 8)  # of the smallest penalty that drops everything
_SAGA_TOLERANCE, _SAGA_ITERATIONS = 1e-4, 5000


@dataclass(frozen=True, slots=True)
class Estimator:
    """A family of models: its name, what outcome it is for, how it is fitted, its sources."""

    name: str
    kind: Kind
    fit: FitPath
    sentence: str
    cites: tuple[str, ...]


def logistic_elastic_net(features: Array, outcome: Array) -> tuple[Array, Array]:
    """Slopes and intercepts of scikit-learn's elastic net logistic regression at every penalty.

    Zou & Hastie (2005), half of the penalty on absolute slopes.
    """
    from sklearn.linear_model import LogisticRegression

    n, k = len(outcome), len(_PENALTIES_PATH)
    strongest = _drops_everything(features, outcome)
    if not strongest > 0:
        share = np.clip(outcome.mean(), 1 / (n + 2), 1 - 1 / (n + 2))
        return np.zeros((features.shape[1], k)), np.full(k, np.log(share / (1 - share)))
    model = LogisticRegression(
        l1_ratio=L1_SHARE, solver="saga", tol=_SAGA_TOLERANCE, max_iter=_SAGA_ITERATIONS,
        warm_start=True, random_state=0,
    )  # fmt: skip
    found = [
        model.set_params(C=1 / (n * strongest * share)).fit(features, outcome)
        and (model.coef_[0].copy(), float(model.intercept_[0]))
        for share in _PENALTIES_PATH
    ]
    return np.stack([s for s, _ in found], axis=1), np.array([i for _, i in found])


def linear_elastic_net(features: Array, outcome: Array) -> tuple[Array, Array]:
    """Slopes and intercepts of scikit-learn's elastic net at every penalty; Zou & Hastie (2005)."""
    from sklearn.linear_model import enet_path

    middle, mean = features.mean(axis=0), outcome.mean()
    alphas = _drops_everything(features, outcome) * _PENALTIES_PATH
    if not alphas.any():
        return np.zeros((features.shape[1], len(alphas))), np.full(len(alphas), mean)
    slopes = enet_path(features - middle, outcome - mean, l1_ratio=L1_SHARE, alphas=alphas)[1]
    return slopes, mean - middle @ slopes


def _drops_everything(features: Array, outcome: Array) -> float:
    """The smallest penalty at which every slope is zero; 0 where no feature varies."""
    products = (features - features.mean(axis=0)).T @ (outcome - outcome.mean())
    largest = float(np.abs(products).max(initial=0.0)) / (len(outcome) * L1_SHARE)
    return largest if largest > _ROUNDING else 0.0


ESTIMATORS = (
    Estimator(
        "ridge", "binary", logistic_ridge,
        "Logistic regression with a ridge penalty.", ("LeCessie1992", "Bohning1988"),
    ),
    Estimator(
        "elastic_net", "binary", logistic_elastic_net,
        "Logistic regression with an elastic net penalty.", ("ZouHastie2005", "Pedregosa2011"),
    ),
    Estimator(
        "ridge", "continuous", linear_ridge,
        "Linear regression with a ridge penalty.", ("HoerlKennard1970",),
    ),
    Estimator(
        "elastic_net", "continuous", linear_elastic_net,
        "Linear regression with an elastic net penalty.", ("ZouHastie2005", "Pedregosa2011"),
    ),
)  # fmt: skip


def find_estimator(name: str, kind: Kind) -> Estimator:
    """The estimator of this name for this kind of outcome; raises E410."""
    for estimator in ESTIMATORS:
        if (estimator.name, estimator.kind) == (name, kind):
            return estimator
    known = ", ".join(sorted({e.name for e in ESTIMATORS}))
    raise DefaultModeError("E410", f"no estimator is called {name!r}; there are {known}.")
