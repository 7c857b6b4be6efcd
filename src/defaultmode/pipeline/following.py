"""What became of people on every clinical scale: response, remission, course, carry-over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from defaultmode.core.missing import Missing
from defaultmode.core.result import Result
from defaultmode.core.study import Study
from defaultmode.statistics.clinical_course import ClinicalCourse, clinical_course
from defaultmode.statistics.occasions import Occasions


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """The course of every scale that has a baseline and a later visit, one table for each matter.

    outcomes : a row per participant, scale and later visit; course : per group, treatment and
    visit; carry_over : per test of a crossover; sentences : what to print
    """

    outcomes: Result
    course: Result
    carry_over: Result
    sentences: tuple[str, ...]

    @property
    def results(self) -> dict[str, Result]:
        """File name → the result in it; nothing where no scale could be followed."""
        named = {
            "clinical_outcomes.tsv": self.outcomes,
            "clinical_course.tsv": self.course,
            "carry_over.tsv": self.carry_over,
        }
        return {name: result for name, result in named.items() if len(result.table)}


def follow(study: Study, occasions: Occasions) -> Followed:
    """Follow every number column of a known scale that changes between visits; raises E418."""
    found = dict(_courses(study, occasions))
    outcomes = _stacked({name: Result(one.outcomes, "") for name, one in found.items()})
    course = _stacked({name: one.course for name, one in found.items()})
    carried = _stacked({name: one.carry_over for name, one in found.items()})
    notes = tuple(dict.fromkeys(n for one in found.values() for n in one.notes))
    sentences = tuple(
        f"{name}: {result.sentence}"
        for name, one in found.items()
        for result in (one.course, one.carry_over)
        if len(result.table)
    )
    return Followed(outcomes, replace(course, notes=notes), carried, sentences)


def _courses(study: Study, occasions: Occasions) -> Iterator[tuple[str, ClinicalCourse]]:
    for column in study.named(role="clinical", kind="number"):
        if column.scale and column.level != "participant":
            found = clinical_course(study, occasions, column.name)
            if not isinstance(found, Missing) and found.outcomes["change"].notna().any():
                yield column.name, found


def _stacked(parts: dict[str, Result]) -> Result:
    """The tables of all scales below one another, with the column in front."""
    tables: Sequence[pd.DataFrame] = [
        result.table.assign(column=name)[["column", *result.table.columns]]
        for name, result in parts.items()
        if len(result.table)
    ]
    whole = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    cites = dict.fromkeys(key for result in parts.values() for key in result.cites)
    notes = dict.fromkeys(note for result in parts.values() for note in result.notes)
    return Result(whole, "", cites=tuple(cites), notes=tuple(notes))
