"""What every statistic, claim, prediction and fit returns."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from defaultmode.core.notebook import MOST_ROWS, Preview, Shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Result(Shown):
    """A tidy table of effects with intervals, the sentence to print, and where it comes from.

    table : one row per effect; sentence : what it says in words; cites : keys of the reference
    list; seed : of the random stream, None where nothing was drawn; settings : what was chosen;
    notes : what a reader must know before believing it.
    """

    table: pd.DataFrame
    sentence: str
    cites: tuple[str, ...] = ()
    seed: int | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "sentence": self.sentence,
            "rows": len(self.table),
            "sources": self.cites,
            "seed": self.seed,
            "notes": self.notes,
        }

    def preview(self) -> Preview:
        """Its first effects."""
        first = self.table.head(MOST_ROWS)
        return Preview(tuple(self.table.columns), first.to_numpy().tolist(), len(self.table))


@dataclass(frozen=True, slots=True)
class Estimate:
    """One effect, or the reason why there is none; numbers are NaN where they do not apply.

    statistic : Hedges g, d (of one sample), d_z, Pearson r and the like
    value, ci_low, ci_high : the standardised effect and its 95 % interval
    se : standard error on the scale on which the estimate is normal (z for correlations)
    p : two-sided; df : degrees of freedom behind it; p_permuted : of a permutation test
    n, n_reference : participants behind the effect
    raw : the effect in the outcome's unit; unit : that unit
    reason, code : why there is no value; empty where there is one
    how : the test in words, for a reader of the table
    """

    statistic: str
    value: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    se: float = math.nan
    p: float = math.nan
    df: float = math.nan
    n: int = 0
    n_reference: int = 0
    raw: float = math.nan
    unit: str = ""
    p_permuted: float = math.nan
    reason: str = ""
    code: str = ""
    how: str = ""
