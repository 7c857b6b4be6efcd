"""Rows of made studies without a table: who, when, under what; and the ledger's answers on them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from defaultmode.claims import Claim, Test, find_claim, judge, over_presets
from defaultmode.claims.claim import Contrast
from defaultmode.core.result import Estimate
from defaultmode.pipeline.judging import inside_smallest
from defaultmode.pipeline.specifying import Specification
from defaultmode.statistics.answers import answer
from defaultmode.statistics.groups_named import CONTROLS, PATIENTS
from defaultmode.statistics.occasions import ACUTE, AFTER, BASELINE, Occasions
from defaultmode.statistics.question import Cells, Question
from nulls.world import Array, Found, of_estimates

DRUG, OTHER = "ketamine", "placebo"
ALIKE = 0.8  # correlation of what two presets give of one scan
ANY: Claim = find_claim("C9")  # its rules are those of every claim whose first test decides
Columns = dict[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a study; phase, treatment and group are labels, "" where there is none."""

    participant: np.ndarray
    phase: np.ndarray
    treatment: np.ndarray
    group: np.ndarray  # of each person
    period: np.ndarray

    @property
    def cells(self) -> Cells:
        """All rows, as the ledger takes them."""
        n, people = len(self.participant), len(self.group)
        none = np.full(n, "", dtype=object)
        found = Occasions(
            rows=np.arange(n), people=tuple(map(str, range(people))),
            participant=self.participant.astype(np.intp), treatment=self.treatment.astype(object),
            phase=self.phase.astype(object), days=np.full(n, np.nan),
            period=self.period.astype(np.intp), session=none, atlas=none, task=none,
            group=self.group.astype(object), site=np.full(people, "", dtype=object),
        )  # fmt: skip
        return Cells(found, np.ones(n, dtype=bool))

    def at(self, treatment: str, phase: str) -> np.ndarray:
        """1.0 in the rows of a treatment and phase, else 0."""
        return ((self.treatment == treatment) & (self.phase == phase)).astype(np.float64)

    def noise(self, rng: np.random.Generator, *, trait: float = 1.0) -> Array:
        """A person's own level, of standard deviation `trait`, and noise of 1 in each row."""
        own = rng.normal(size=len(self.group)) * trait
        return np.asarray(own[self.participant] + rng.normal(size=len(self.participant)))


def groups(n: int, m: int) -> Rows:
    """N patients and m controls, one scan each."""
    size = n + m
    none = np.full(size, "")
    group = np.repeat([PATIENTS, CONTROLS], [n, m])
    return Rows(np.arange(size), none, none, group, np.zeros(size))


def crossover(n: int, phases: tuple[str, ...] = (BASELINE, ACUTE), *, first: int = 2) -> Rows:
    """Everybody under both treatments, the drug first in one of every `first` people."""
    k = len(phases)
    who = np.repeat(np.arange(n), 2 * k)
    drug = np.tile(np.repeat([DRUG, OTHER], k), n)
    early = np.where(who % first == 0, DRUG, OTHER)
    period = np.where(drug == early, 1, 2)
    return Rows(who, np.tile(phases, 2 * n), drug, np.full(n, ""), period)


def parallel(n: int, m: int, phases: tuple[str, ...] = (BASELINE, ACUTE, AFTER)) -> Rows:
    """N people under the drug, m under the other, each in every phase."""
    k = len(phases)
    who = np.repeat(np.arange(n + m), k)
    arm = np.where(who < n, DRUG, OTHER)
    return Rows(who, np.tile(phases, n + m), arm, np.full(n + m, ""), np.zeros(len(who)))


def asked(
    question: Question,
    rows: Rows,
    make: Callable[[np.random.Generator], Columns],
    *,
    truth: float = 0.0,
    verdicts: bool = False,
) -> Callable[[int, np.random.Generator], Found]:
    """A procedure that answers the question anew for every set of made columns.

    make : outcome and whatever else of the question changes; verdicts : they are counted too
    """
    cells = rows.cells

    def simulate(n: int, rng: np.random.Generator) -> Found:
        found, words = [], Counter[str]()
        for _ in range(n):
            columns = make(rng)
            estimate, _ = answer(replace(question, **_parts(columns, question)), cells)
            found.append(estimate)
            if verdicts:
                again = _alike(columns, rows, rng)
                other, _ = answer(replace(question, **_parts(again, question)), cells)
                words.update(_verdicts(question, estimate, other))
        return replace(of_estimates(found, truth), words=dict(words))

    return simulate


def _parts(columns: Columns, question: Question) -> dict[str, object]:
    named = {"outcome", "partner", "responders"}
    others = {name: v for name, v in columns.items() if name not in named}
    parts: dict[str, object] = {name: v for name, v in columns.items() if name in named}
    return parts | ({"covariates": others} if others else {}) | {"contrast": question.contrast}


def _alike(columns: Columns, rows: Rows, rng: np.random.Generator) -> Columns:
    """The same study in another preset: everything but the outcome's own noise is the same."""
    y = columns["outcome"]
    noise = rows.noise(rng) * y.std() / np.sqrt(2)
    return columns | {"outcome": np.sqrt(ALIKE) * y + np.sqrt(1 - ALIKE) * noise}


def _verdicts(question: Question, one: Estimate, other: Estimate) -> Iterator[str]:
    """The verdict in the first preset, and over both."""
    smallest = 0.1 if one.statistic == "Pearson r" else 0.2
    contrast: Contrast = question.contrast  # type: ignore[assignment]
    test = Test("made", "", "made", contrast, "increase", smallest, 0.3, "")
    verdicts = {}
    for preset, estimate in (("first", one), ("second", other)):
        made = Specification(ANY, test, "", preset, "", "", estimate, None)
        inside = np.isfinite(estimate.value) and inside_smallest(made)
        verdicts[preset] = judge(test, estimate, inside=bool(inside), p=estimate.p)
    yield verdicts["first"].word
    yield f"both: {over_presets(ANY, verdicts, list(verdicts)).word}"
