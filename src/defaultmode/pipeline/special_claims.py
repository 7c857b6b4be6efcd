"""Claims that no single coefficient answers: maps, mediation, normalisation, prediction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from defaultmode.core.result import Estimate
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.statistics.question import Cells, Question, untestable


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A question with the study behind it, for contrasts that need more than columns."""

    ground: Ground
    question: Question
    cells: Cells
    denoise: str
    atlas: str
    measure: str


def _later(case: Case) -> Estimate:
    raise untestable(f"{case.question.contrast} is not there yet")


SPECIAL: Mapping[str, Callable[[Case], Estimate]] = dict.fromkeys(
    ("normalisation", "mediation", "moderation", "prediction", "overlap", "enrichment",
     "within scan"), _later,
)  # fmt: skip
