"""How many people to enrol, and how many a prediction model needs."""

from math import ceil, log

from defaultmode.core.errors import DefaultModeError

ROUNDING = 1e-9  # so that 90 / 0.9 is 100 people, not 101
Z_95 = 1.96  # as the source has it


def enrolled(n: int, dropout: float) -> int:
    """People to enrol so that n complete, where a share drops out; raises E432."""
    return ceil(n / _staying(dropout) - ROUNDING)


def completing(n: int, dropout: float) -> int:
    """People of n who complete where a share drops out, rounded down; raises E432."""
    return int(n * _staying(dropout) + ROUNDING)


def riley_shrinkage(predictors: int, explained: float, *, shrinkage: float = 0.9) -> int:
    """People for a model whose predictions need to be shrunk no further than this.

    explained : Cox–Snell R² that is expected of the model. Raises E432 where it is not between 0
    and the shrinkage. Riley et al. (2019), criterion 1.
    """
    if not (0 < shrinkage < 1 and 0 < explained < shrinkage and predictors >= 1):
        msg = (
            f"{predictors} predictors that explain {explained:g}: at least one is needed, and a "
            f"share between 0 and {shrinkage:g}."
        )
        raise DefaultModeError("E432", msg)
    return ceil(predictors / ((shrinkage - 1) * log(1 - explained / shrinkage)))


def riley_intercept(prevalence: float, *, margin: float = 0.05) -> int:
    """People to know the overall share of responders to within this margin, at 95 %.

    Raises E432 for a prevalence that is not between 0 and 1. Riley et al. (2019), criterion 3.
    """
    if not 0 < prevalence < 1:
        msg = f"prevalence is {prevalence:g}; it must be between 0 and 1."
        raise DefaultModeError("E432", msg)
    return ceil((Z_95 / margin) ** 2 * prevalence * (1 - prevalence))


def _staying(dropout: float) -> float:
    if not 0 <= dropout < 1:
        msg = f"dropout is {dropout:g}; it must be at least 0 and below 1."
        raise DefaultModeError("E432", msg)
    return 1 - dropout
