"""`study`: measures and clinical tables → comparisons → the report."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from defaultmode.core.result import Result
from defaultmode.core.settings import Settings
from defaultmode.core.study import Study
from defaultmode.outputs import ledger_dictionary, result_file, study_files
from defaultmode.pipeline.blinding import blinded
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.following import Followed, follow
from defaultmode.pipeline.freezing import BLINDED, Planned, Standing, standing
from defaultmode.pipeline.gathering import eyes_on, gather_study, needs_eyes, with_ratings
from defaultmode.pipeline.ledger import Ledger, ledger
from defaultmode.pipeline.virtual_sources import virtual_warning
from defaultmode.running import write_text
from defaultmode.statistics import Design, compare, correlate, design_of
from defaultmode.statistics.reliability import reliability

STAMPED = {"claims", "specifications"}  # files that say of every row that it is blinded


@dataclass(frozen=True, slots=True, eq=False)
class StudyReport:
    """What `study` found: the study itself, its results, and what needs a person's eyes."""

    out: Path
    study: Study
    results: tuple[Result, ...]
    ledger: Ledger
    followed: Followed
    reliability: Result
    stamp: Standing
    notices: tuple[str, ...]
    seconds: float

    @property
    def exit(self) -> int:
        """0, or 4 where runs, participants or cells of the tables need a person's eyes."""
        return 4 if needs_eyes(self.study, self.notices) else 0

    @property
    def for_eyes(self) -> list[str]:
        """Notices, and the rows of the missing table that somebody should see."""
        return eyes_on(self.study, self.notices)


def study(
    settings: Settings, planned: Planned | None = None, *, notes: Sequence[str] = ()
) -> StudyReport:
    """Join, compare, correlate, test the claims and report what has been measured in a folder.

    Raises E408 (nothing to study), E404, E405, E130 and their like for a damaged clinical table,
    E436 where the plan names what the study does not have.
    """
    from defaultmode.pipeline.reporting import Analysis, report_files

    started = time.monotonic()
    folder = Folder(Path(settings.out))
    planned = planned or Planned()
    stamp = standing(planned, settings)
    whole, notices = gather_study(settings)
    rated = with_ratings(whole, settings)
    if stamp.word == BLINDED:
        whole, rated = (blinded(one, seed=settings.seed) for one in (whole, rated))
    notices = (*notices, *folder.unfinished())
    design = design_of(whole, reference=settings.reference)
    results = results_of(whole, design)
    book = ledger(rated, planned.plan, seed=settings.seed, stamp=stamp.word, out=folder.path)
    followed = follow(rated, book.ground.occasions)
    texts = study_files(whole, results) | ledger_files(book)
    texts |= {name: result_file(result) for name, result in followed.results.items()}
    repeated = reliability(rated, book.ground.occasions)
    if len(repeated.table):
        texts["reliability.tsv"] = result_file(repeated)
    if stamp.word == BLINDED:  # no other table has a column for the stamp
        texts = {name: text for name, text in texts.items() if name.split(".")[0] in STAMPED}
    folder.claim(settings)
    analysis = Analysis(whole, design, results, book)
    texts |= report_files(folder, analysis, settings, texts=texts, notes=(stamp.sentence, *notes))
    for name, text in texts.items():
        write_text(folder.path / name, text)
    _write_participants(folder, whole, settings, stamp)
    folder.log("studied", folder.path.name, rows=len(whole.table), blinded=stamp.word == BLINDED)
    seconds = time.monotonic() - started
    return StudyReport(
        folder.path, whole, results, book, followed, repeated, stamp, notices, seconds
    )


def _write_participants(folder: Folder, study: Study, settings: Settings, stamp: Standing) -> None:
    """A page for each participant, unless their own signals would tell what is permuted."""
    from defaultmode.pipeline.participant_pages import write_participant_pages

    if stamp.word != BLINDED:
        write_participant_pages(folder, study, settings, warning=virtual_warning(settings))


def ledger_files(book: Ledger) -> dict[str, str]:
    """claims, specifications and evidence, each with its dictionary, as path → text."""
    return {
        "claims.tsv": result_file(book.claims),
        "claims.json": ledger_dictionary(book.claims),
        "specifications.tsv": result_file(book.specifications),
        "specifications.json": ledger_dictionary(book.specifications),
        "evidence.tsv": result_file(book.evidence),
        "evidence.json": ledger_dictionary(book.evidence),
    }


def results_of(study: Study, design: Design) -> tuple[Result, Result]:
    """Comparisons and correlations; what both have to say of the design is said once."""
    comparisons, correlations = compare(study, design), correlate(study, design)
    others = tuple(n for n in correlations.notes if n not in comparisons.notes)
    return comparisons, replace(correlations, notes=others)
