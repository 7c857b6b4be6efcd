"""Which columns of a study a claim's test is about, and which it is adjusted for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import Plan, unknown_column
from defaultmode.core.study import Column, Study
from defaultmode.statistics.design import text
from defaultmode.statistics.occasions import Occasions
from defaultmode.statistics.question import Cells, Question
from defaultmode.statistics.rows import is_motion

Array = NDArray[np.float64]

AGE_AND_SEX = ("age", "sex", "gender")
PHYSIOLOGY = ("respiration", "respiratory", "rvt", "heart_rate", "heartrate")
MOTION, SITE = "framewise displacement", "site"


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A study on which claims are tested: its table, what its rows were, and the plan.

    seed : of every draw; out : the folder of results, None where maps of regions are not at hand
    """

    study: Study
    occasions: Occasions
    plan: Plan
    seed: int = 0
    out: Path | None = None
    cache: dict[str, Array] = field(default_factory=dict)
    responders: dict[str, Array | None] = field(default_factory=dict)  # treatment → who responded

    def numbers(self, column: str) -> Array:
        """Values of a column in the order of the occasions, (n_rows,)."""
        if column not in self.cache:
            values = self.study.table[column].to_numpy(dtype=np.float64)
            self.cache[column] = values[self.occasions.rows]
        return self.cache[column]

    @property
    def nothing(self) -> Array:
        """A column without a value, (n_rows,)."""
        return np.full(len(self.occasions.rows), np.nan)

    def measured(self, measure: str, denoise: str) -> Column | None:
        """The column of a measure in a preset."""
        columns = (c for c in self.study.columns.values() if c.role in {"measure", "quality"})
        return next((c for c in columns if c.measure == measure and c.denoise == denoise), None)

    def of_construct(self, construct: str) -> Column | None:
        """The column that the plan names for a construct, else the one with the most values."""
        planned = self.plan.scales.get(construct, "")
        if planned:
            if planned not in self.study.columns:
                raise unknown_column(planned, "the plan, [scales],")
            return self.study.columns[planned]
        found = [c for c in self.study.named(kind="number") if c.construct == construct]
        return max(found, key=lambda c: int(self.study.table[c.name].notna().sum()), default=None)

    @property
    def presets(self) -> dict[str, bool]:
        """Every measured preset, and whether it removes the global signal."""
        return {
            c.denoise: c.global_signal_removed
            for c in self.study.columns.values()
            if c.role == "measure" and c.measure
        }

    @property
    def atlases(self) -> tuple[str, ...]:
        """The atlases of the study, "" where nothing was measured."""
        return tuple(sorted({str(a) for a in self.occasions.atlas}))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A question with the study behind it, for contrasts that need more than columns."""

    ground: Ground
    question: Question
    cells: Cells
    denoise: str
    atlas: str
    measure: str
    seed: int
    partner: str = ""
    path: str = ""

    @property
    def rng(self) -> np.random.Generator:
        """The stream of this case; the same for the same seed."""
        return np.random.default_rng(np.random.SeedSequence([self.seed, len(self.measure)]))


def between_covariates(ground: Ground) -> dict[str, Array]:
    """Age, sex and site where they are recorded, or what the plan names; raises E436."""
    columns = ground.study.columns
    for name in ground.plan.covariates:
        if name not in columns:
            raise unknown_column(name, "the plan, covariates")
        if ground.study.table[name].nunique() < 2:
            msg = f"the covariate {name!r} has one value in the whole study."
            raise DefaultModeError("E437", msg)
    usual = [n for n in columns if n.lower() in AGE_AND_SEX and columns[n].role == "clinical"]
    found: dict[str, Array] = {}
    for name in ground.plan.covariates or usual:
        found |= _as_numbers(ground, columns[name])
    site = ground.occasions.site[ground.occasions.participant]
    return found | _indicators(SITE, site)


def motion_covariate(ground: Ground, denoise: str) -> dict[str, Array]:
    """Mean framewise displacement of the runs, of the same preset where it was measured in it."""
    columns = [c for c in ground.study.columns.values() if is_motion(c)]
    same = [c for c in columns if c.denoise == denoise]
    for column in (*same, *columns):
        values = ground.numbers(column.name)
        if np.isfinite(values).any():
            return {MOTION: values}
    return {}


def physiology_covariates(ground: Ground) -> dict[str, Array]:
    """Respiration and heart rate of the runs, where tables give them."""
    named = [
        c.name
        for c in ground.study.named(kind="number")
        if not c.measure and any(word in c.name.lower() for word in PHYSIOLOGY)
    ]
    return {name: ground.numbers(name) for name in named}


def _as_numbers(ground: Ground, column: Column) -> Mapping[str, Array]:
    if column.kind == "number":
        return {column.name: ground.numbers(column.name)}
    return _indicators(column.name, text(ground.study, column.name)[ground.occasions.rows])


def _indicators(name: str, labels: NDArray[np.object_]) -> dict[str, Array]:
    """One column of 0 and 1 for each level after the first; NaN where there is no label."""
    levels: Sequence[str] = sorted({str(v) for v in labels if v})
    unknown = np.array([not v for v in labels])
    if unknown.all():
        return {}
    return {
        f"{name} {level}": np.where(unknown, np.nan, (labels == level).astype(np.float64))
        for level in levels[1:]
    }
