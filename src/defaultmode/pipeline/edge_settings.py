"""What `edges` was told to do: frozen and checked at the door."""

from dataclasses import dataclass
from math import isfinite

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import PHASES

COMPONENTS, MIXED, EACH = "nbs", "mixed", "edgewise"
METHODS = (COMPONENTS, MIXED, EACH)
THRESHOLD_T = 3.1  # our choice, and usual: p = .002 of one edge by many degrees of freedom
PERMUTATIONS, FEWEST_PERMUTATIONS = 5000, 99


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgesAsked:
    """One comparison of all edges.

    contrast : "patients - controls", or two treatments such as "ketamine - placebo"
    phase : of the treatments, acute or after; method : nbs (components of edges), edgewise (each
        edge, by permutation) or mixed (each edge, by a mixed model of all rows)
    denoise : presets, all that were measured where empty; atlas : all where empty
    threshold : |t| above which an edge counts for a component; permutations : of every test
    covariates : columns that are adjusted for, what the plan or the claims adjust for where empty
    motion : whether framewise displacement, where it was measured, is among them
    seed : of every permutation
    """

    contrast: str
    phase: str = "acute"
    method: str = COMPONENTS
    denoise: tuple[str, ...] = ()
    atlas: str = ""
    threshold: float = THRESHOLD_T
    permutations: int = PERMUTATIONS
    covariates: tuple[str, ...] = ()
    motion: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("phase", PHASES[1:])):
            if getattr(self, name) not in known:
                msg = f"{name} is {getattr(self, name)!r}; expected one of {', '.join(known)}."
                raise DefaultModeError("E411", msg)
        if not (isfinite(self.threshold) and self.threshold > 0):
            raise DefaultModeError("E411", f"threshold is {self.threshold:g}; a |t| is above 0.")
        if self.permutations < FEWEST_PERMUTATIONS or self.seed < 0:
            msg = f"permutations are at least {FEWEST_PERMUTATIONS}, and a seed is not negative."
            raise DefaultModeError("E411", msg)
