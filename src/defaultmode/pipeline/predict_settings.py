"""What `predict` was told to do: frozen and checked at the door."""

from dataclasses import dataclass

from defaultmode.core.errors import DefaultModeError
from defaultmode.prediction import BASE_RATES

RULES = ("", "response", "remission")
HARMONISE = ("combat", "none")
REPEATS, PERMUTATIONS = 5, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictSettings:
    """One prediction.

    outcome : column of the study, or the name of a clinical scale; rule : response or remission, as
        its scale defines them; positive : the level that is predicted; session : when it was
        recorded; baseline : the session of the features; both found where they are empty
    features : measures and columns, all known at baseline where empty; without : not these
    denoise, atlas : of the measures, the first by name where empty
    estimator : of `prediction.estimators`; harmonise : "combat" or "none"; regress : columns whose
        part in the measures is taken out; select : how many measures are chosen, 0 for all
    base_rates : shares with the outcome at which predictive values are stated
    repeats : of the folds; permutations : of the labels; seed : of every random stream
    """

    outcome: str
    rule: str = ""
    positive: str = ""
    session: str = ""
    baseline: str = ""
    features: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    denoise: str = ""
    atlas: str = ""
    estimator: str = "ridge"
    harmonise: str = "combat"
    regress: tuple[str, ...] = ()
    select: int = 0
    base_rates: tuple[float, ...] = BASE_RATES
    repeats: int = REPEATS
    permutations: int = PERMUTATIONS
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("rule", RULES), ("harmonise", HARMONISE)):
            if getattr(self, name) not in known:
                msg = f"{name} is {getattr(self, name)!r}; expected one of {', '.join(known)}."
                raise DefaultModeError("E411", msg)
        if self.repeats < 1 or self.permutations < 0 or self.select < 0 or self.seed < 0:
            msg = "repeats must be above 0; permutations, select and seed cannot be negative."
            raise DefaultModeError("E411", msg)
        if not all(0 < rate < 1 for rate in self.base_rates):
            raise DefaultModeError(
                "E411", f"base rates {self.base_rates}: each is between 0 and 1."
            )
