"""The sections that every report has."""

from defaultmode.report.caveats import caveats
from defaultmode.report.choosing import atlases, factors, preset_labels, recorded
from defaultmode.report.claim_section import claim_cites, claim_section
from defaultmode.report.drawings import (
    clouds,
    forests,
)
from defaultmode.report.methods import cite, methods_text
from defaultmode.report.nouns import Page
from defaultmode.report.section import Filled
from defaultmode.report.summaries import measured_sentence
from defaultmode.report.tables import (
    dictionary_table,
    effects_table,
    missing_table,
    people_table,
    surrogate_table,
)
from defaultmode.report.writing import counted, listed

PRIMER_KEYS = ("Raichle2001", "Greicius2003", "AndrewsHanna2010", "Fox2005", "Murphy2009")


def fill_claims(page: Page) -> Filled | None:
    """What became of the claims."""
    section = claim_section(page.verdicts)
    return None if section is None else {"claims": section, "cites": claim_cites(section)}


def fill_measured(page: Page) -> Filled:
    """What was measured, in plain sentences."""
    return {"measured": _measured_words(page)}


def fill_highlights(page: Page) -> Filled | None:
    """What the pipeline found worth saying first."""
    return {} if page.highlights else None


def fill_primer(page: Page) -> Filled:  # noqa: ARG001  # the same on every page
    """The few words that a reader needs."""
    return {"cites": list(PRIMER_KEYS)}


def fill_each(page: Page) -> Filled:
    """Every recording."""
    return {"people": people_table(page.study)}


def fill_dynamics(page: Page) -> Filled | None:
    """Dynamic measures beside their surrogates."""
    table = surrogate_table(page.study)
    return None if table is None else {"surrogates": table}


def fill_sessions(page: Page) -> Filled:
    """Every recording as a point."""
    return {"clouds": clouds(page)}


def fill_comparisons(page: Page) -> Filled:
    """Effects, as a table and as forests."""
    drawn, not_drawn = forests(page)
    return {
        "effects": effects_table(page),
        "forests": drawn,
        "forests_not_drawn": _further(not_drawn, "comparison"),
        "cites": [k for r in page.results for k in r.cites],
    }


def fill_missing(page: Page) -> Filled:
    """What is missing, and why."""
    return {"missing": missing_table(page.study)}


def fill_dictionary(page: Page) -> Filled:
    """What each column means."""
    return {"dictionary": dictionary_table(page.study)}


def fill_methods(page: Page) -> Filled:
    """Methods text, written from what ran."""
    methods = methods_text(page)
    return {"methods": methods, "texts": [text for _, text in methods]}


def fill_caveats(page: Page) -> Filled:
    """How far to believe the page."""
    warnings = caveats(page)
    return {
        "caveats": [c.sentence.rstrip(".") + cite(c.cites) + "." for c in warnings],
        "cites": [k for c in warnings for k in c.cites],
    }


def fill_provenance(page: Page) -> Filled:
    """What made the page, and the hashes of what went in."""
    return {"software": page.pairs("software"), "hashes": page.pairs("hashes")}


def _measured_words(page: Page) -> list[str]:
    study = page.study
    table = study.table[recorded(study)]
    if table.empty:
        return ["No recordings: this page rests on clinical tables alone."]
    said = [measured_sentence(table)]
    for atlas in page.atlases:
        own, rival = len(atlas.members("default")), len(atlas.members("task-positive"))
        said.append(
            f"Atlas {atlas.name}: {counted(len(atlas), 'region')}, of which {own} belong to the "
            f"default mode network and {rival} to task-positive networks."
        )
    presets = list(preset_labels(study).values())
    verb = "reported under each of" if len(presets) > 1 else "reported under"
    said.append(
        f"Every number is {verb} {counted(len(presets), 'denoising preset')}: {listed(presets)}."
    )
    chosen = factors(page)
    if chosen.between:
        said.append(f"Groups are told apart by {listed(chosen.between)}.")
    if chosen.within:
        said.append(f"Recordings of one person are told apart by {listed(chosen.within)}.")
    if len(atlases(study)) > 1:
        said.append("Recordings of different atlases are never pooled.")
    return said


def _further(n: int, word: str) -> str:
    """How many more there are, empty for none."""
    return counted(n, f"further {word}") if n > 0 else ""
