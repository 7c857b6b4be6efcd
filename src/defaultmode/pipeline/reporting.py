"""The report of a study: what its page is made from, and the files beside it."""

import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from defaultmode import __version__
from defaultmode.claims import find_claim
from defaultmode.core.atlas import Atlas
from defaultmode.core.result import Result
from defaultmode.core.settings import Settings
from defaultmode.core.study import Study
from defaultmode.denoising import all_presets
from defaultmode.measures import all_measures
from defaultmode.outputs import FinishedRun, crate_file, finished_runs
from defaultmode.pipeline.accounting import account_text
from defaultmode.pipeline.asking import CLINICAL
from defaultmode.pipeline.claim_limits import limits
from defaultmode.pipeline.claim_values import values_behind
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.freezing import BLINDED
from defaultmode.pipeline.ledger import Ledger
from defaultmode.pipeline.ledger_tables import deciding
from defaultmode.pipeline.participant_pages import people_of
from defaultmode.pipeline.report_connectivity import sessions_connectivity
from defaultmode.pipeline.report_flow import flow_of
from defaultmode.pipeline.report_prediction import prediction_found
from defaultmode.pipeline.report_quality import quality_of
from defaultmode.pipeline.report_states import states_found
from defaultmode.pipeline.report_twins import twins_found
from defaultmode.pipeline.state_scoring import states_said
from defaultmode.pipeline.virtual_sources import virtual_warning
from defaultmode.report import (
    Page,
    Used,
    Verdicts,
    build_page,
    citation_bibtex,
    citation_markdown,
    highlights,
)
from defaultmode.report.choosing import factors
from defaultmode.report.participant_page import address
from defaultmode.statistics import Design

SOFTWARE = ("numpy", "scipy", "pandas", "nibabel", "nilearn", "statsmodels", "matplotlib")
GROUP = "group"  # the column of participants.tsv that names the groups of a study


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A study, what its design supports and what came of it."""

    study: Study
    design: Design
    results: tuple[Result, ...]
    ledger: Ledger


def report_files(
    folder: Folder,
    analysis: Analysis,
    settings: Settings,
    *,
    texts: Mapping[str, str],
    notes: Sequence[str] = (),
) -> dict[str, str]:
    """The pages, their citations and the provenance record, as path → text.

    texts : the study's other files, whose hashes the page prints.
    """
    study, book = analysis.study, analysis.ledger
    runs = finished_runs(folder.path, folder.measure_tables())
    facts = facts_of(runs, study, settings) | {
        "hashes": hashes_of(texts, folder),
        "states": states_said(folder, settings),
    }
    page = page_of(folder, analysis, settings, runs=runs, facts=facts, notes=notes)
    keys = citation_keys(facts, (*analysis.results, book.claims))
    return {
        "report.html": build_page(page),
        "account.html": account_text(book.claims.table, book.specifications.table, page.warning),
        "CITATION.md": citation_markdown(keys),
        "CITATION.bib": citation_bibtex(keys),
        "provenance/ro-crate-metadata.json": crate_file(__version__, str(facts["date"])),
    }


def page_of(
    folder: Folder,
    analysis: Analysis,
    settings: Settings,
    *,
    runs: Sequence[FinishedRun],
    facts: Mapping[str, object],
    notes: Sequence[str],
) -> Page:
    """What the report is made from."""
    study, design = analysis.study, analysis.design
    warning = virtual_warning(settings)
    page = Page(
        title=f"Default mode network report{', virtual people' if warning else ''}",
        study=study,
        results=analysis.results,
        atlases=tuple(atlases_of(runs).values()),
        notes=tuple(notes),
        warning=warning,
        verdicts=verdicts_of(analysis.ledger),
        facts=facts,
        highlights=highlights(
            study,
            where={f.name: f.reference for f in design.baseline},
            by=next((f.name for f in design.between if f.name.lower() == GROUP), ""),
        ),
        twins=twins_found(folder),
        prediction=prediction_found(folder, analysis.ledger),
        quality=quality_of(runs, study, folder.path),
    )
    page = replace(page, states=states_found(folder, settings, page, analysis.ledger.ground))
    page = replace(page, sessions_connectivity=sessions_connectivity(runs, page, design))
    return with_participants(page, folder, settings, analysis.ledger)


def with_participants(page: Page, folder: Folder, settings: Settings, book: Ledger) -> Page:
    """The page with the flow of participants, and with the way to their own pages if they exist."""
    blinded, by = BLINDED in set(book.claims.table["stamp"]), factors(page).between
    flow = flow_of(page.study, folder, settings, by="".join(by[:1]), blinded=blinded)
    people = [] if blinded else people_of(folder, page.study)
    return replace(page, flow=flow, people={name: address(name) for name in people})


def verdicts_of(book: Ledger) -> Verdicts:
    """The ledger as the page shows it."""
    ground = book.ground
    claims = [find_claim(name) for name in dict.fromkeys(book.claims.table["claim"])]
    presets = (*ground.presets, CLINICAL)
    return Verdicts(
        tuple(claims),
        book.claims.table,
        book.specifications.table,
        book.evidence.table,
        book.claims.sentence,
        deciding={claim.id: deciding(ground, claim, presets) for claim in claims},
        limits=limits(ground),
        notes=book.claims.notes,
        permutations=ground.plan.permutations,
        behind=tuple(values_behind(ground, claims, book.claims.table)),
    )


def hashes_of(texts: Mapping[str, str], folder: Folder) -> dict[str, str]:
    """SHA-256 of the study's files and of every input, by name."""
    ours = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    inputs = {Path(f.name).name: f.sha256 for m in folder.finished() for f in m.inputs}
    return ours | dict(sorted(inputs.items()))


def facts_of(runs: Sequence[FinishedRun], study: Study, settings: Settings) -> dict[str, object]:
    """What ran, for the methods text and the provenance section of the page."""
    measured = study.named(role="measure") + study.named(role="quality")
    ran = [c for c in measured if c.measure]
    presets, book = all_presets(), all_measures()
    return {
        "software": {"defaultmode": __version__, "python": sys.version.split()[0]}
        | {name: version(name) for name in SOFTWARE},
        "presets": [
            Used(p.name, p.sentence, p.all_cites)
            for p in presets.values()
            if p.name in {c.denoise for c in ran}
        ],
        "measures": [
            Used(m.name, m.sentence, m.cites)
            for m in book.values()
            if m.name in {c.measure for c in ran}
        ],
        "atlases": [Used(a.name, a.sentence, a.cites) for a in atlases_of(runs).values()],
        "bands": bands_of(runs),
        "min_usable_s": settings.min_usable_s,
        "before": list(dict.fromkeys(_before(run.before) for run in runs)),
        "inputs": inputs_of(settings),
        "command": " ".join(["defaultmode", *sys.argv[1:]]),
        "seed": settings.seed,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def inputs_of(settings: Settings) -> list[str]:
    """Names of what was read, without the paths of this machine."""
    given = [settings.source, *settings.bids_dirs, *settings.tables]
    return [Path(g).name for g in given if g] or ["the embedded recordings"]


def bands_of(runs: Sequence[FinishedRun]) -> list[str]:
    """The bands in which signals were kept, as what denoising did to each run says."""
    found: dict[str, None] = {}
    for done in (d for run in runs for d in run.denoised):
        ours = done["provenance"]["denoising"]["filtered_here_hz"]
        found[_band(done["processing"], supplied=ours == [None, None])] = None
    return list(found)


def _band(processing: Mapping[str, object], *, supplied: bool) -> str:
    low, high = processing["low_cutoff_hz"], processing["high_cutoff_hz"]
    edges = f"{0 if low is None else low}–{'the highest' if high is None else high} Hz"
    return f"{edges} (as supplied)" if supplied else edges


def _before(done: Mapping[str, object]) -> str:
    low, high = done.get("low_cutoff_hz"), done.get("high_cutoff_hz")
    band = {
        (False, False): "with no filter stated",
        (True, True): f"band-passed at {low}–{high} Hz",
        (True, False): f"high-passed at {low} Hz",
        (False, True): f"low-passed at {high} Hz",
    }[low is not None, high is not None]
    mean = "demeaned" if done.get("demeaned") else "with their mean"
    signal = ", their global signal removed" if done.get("global_signal_removed") else ""
    return f"Recordings were supplied {band}, {mean}{signal}."


def atlases_of(runs: Sequence[FinishedRun]) -> dict[str, Atlas]:
    """The atlases of the runs, by name."""
    first = {run.description["atlas"]: run for run in reversed(runs)}
    return {name: first[name].atlas for name in sorted(first)}


def citation_keys(facts: Mapping[str, object], results: Sequence[Result]) -> tuple[str, ...]:
    """The references of everything that ran, each once."""
    keys: dict[str, None] = {}
    for name in ("presets", "measures", "atlases"):
        used = facts[name]
        for item in used if isinstance(used, list) else ():
            keys |= dict.fromkeys(item.cites)
    for result in results:
        keys |= dict.fromkeys(result.cites)
    return tuple(sorted(keys))
