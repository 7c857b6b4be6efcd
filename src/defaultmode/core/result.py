"""What every statistic, claim, prediction and fit returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Result:
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
