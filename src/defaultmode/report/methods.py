"""The methods text, written from what ran, with references as [@Key; @Key]."""

import re
from collections.abc import Iterable, Sequence

from defaultmode.report.choosing import measured, recorded
from defaultmode.report.claim_methods import claims_text
from defaultmode.report.nouns import Page, Used
from defaultmode.report.references import all_references
from defaultmode.report.summaries import measured_sentence
from defaultmode.report.writing import counted, listed, lower, plain

MARK = re.compile(r"\[(@[\w-]+(?:; @[\w-]+)*)\]")


def cite(keys: Iterable[str]) -> str:
    """The mark of these references in a text, empty for none."""
    known = list(dict.fromkeys(keys))
    return f" [{'; '.join('@' + key for key in known)}]" if known else ""


def _sentence(text: str, keys: Sequence[str] = ()) -> str:
    """A sentence with its references before the full stop."""
    return f"{text.rstrip('. ')}{cite(keys)}."


def _each(items: Sequence[Used]) -> str:
    parts = [f"{u.name} ({lower(u.sentence.rstrip('. '))}{cite(u.cites)})" for u in items]
    return "; ".join(parts)


def _input(page: Page) -> str:
    said = []
    inputs = tuple(dict.fromkeys(page.texts("inputs")))
    if inputs:
        said.append(f"The input was {listed(inputs, 8)}.")
    table = page.study.table[recorded(page.study)]
    if len(table):
        said.append(measured_sentence(table))
    said += [_sentence(text) for text in page.texts("before")]
    return " ".join(said)


def _regions(page: Page) -> str:
    used = page.used("atlases")
    parts = [f"{u.name} ({u.sentence.rstrip('. ')}{cite(u.cites)})" for u in used]
    return f"Regions came from {'; '.join(parts)}." if used else ""


def _denoising(page: Page) -> str:
    if not measured(page.study):
        return ""
    used = page.used("presets")
    said = []
    if used:
        said.append(
            f"Each recording was denoised under {counted(len(used), 'preset')}, and every number "
            f"is reported under each of them: {_each(used)}."
        )
    bands = page.texts("bands")
    if bands:
        said.append(f"The signal was kept at {'; '.join(bands)}.")
    said += [_sentence(u.sentence, u.cites) for u in page.used("steps")]
    shortest = page.value("min_usable_s")
    if shortest:
        said.append(
            f"Runs with less than {float(shortest):g} s of uncensored signal are missing, not zero."
        )
    return " ".join(said)


def _measures(page: Page) -> str:
    used = page.used("measures")
    if not used:
        return ""
    parts = "; ".join(
        f"{lower(plain(u.name))}: {lower(u.sentence.rstrip('. '))}{cite(u.cites)}" for u in used
    )
    return f"The measures were: {parts}."


STATISTICS = {
    "Hedges g": (
        "Groups are compared by Hedges' g, the difference in pooled standard deviations, "
        "corrected for small samples [@Hedges1981]."
    ),
    "d_z": (
        "Changes within people are given as d_z, the mean change divided by the standard "
        "deviation of the changes [@Lakens2013]."
    ),
    "Pearson r": "Associations are Pearson correlations with Fisher's interval [@Fisher1921].",
}
FALSE_DISCOVERY = (
    "p values are also given at a controlled false discovery rate [@Benjamini1995]; intervals "
    "cover 95 %."
)


def _statistics(page: Page) -> str:
    tables = [r.table for r in page.results if {"statistic", "value"} <= set(r.table.columns)]
    ran = {str(s) for t in tables for s in t.loc[t["value"].notna(), "statistic"].unique()}
    results = {r.sentence for r in page.results}
    said = [sentence for name, sentence in STATISTICS.items() if name in ran]
    said += [
        _sentence(u.sentence, u.cites) for u in page.used("statistics") if u.sentence not in results
    ]
    said += [FALSE_DISCOVERY] if ran else []
    seeds = {r.seed for r in page.results if r.seed is not None}
    said += [f"Random streams started from seed {seed}." for seed in sorted(seeds)]
    return " ".join(said)


SOFTWARE = {
    "nilearn": "Abraham2014",
    "numpy": "Harris2020",
    "scipy": "Virtanen2020",
    "pandas": "McKinney2010",
    "matplotlib": "Hunter2007",
    "statsmodels": "Seabold2010",
    "scikit-learn": "Pedregosa2011",
    "numba": "Lam2015",
}


def _software(page: Page) -> str:
    versions = page.pairs("software")
    parts = [
        f"{name} {version}{cite([SOFTWARE[name]] if name in SOFTWARE else [])}"
        for name, version in versions.items()
    ]
    return f"{', '.join(parts)}." if parts else ""


def methods_text(page: Page) -> tuple[tuple[str, str], ...]:
    """Paragraphs as (heading, text); what did not run is not mentioned."""
    paragraphs = (
        ("Input", _input(page)),
        ("Regions", _regions(page)),
        ("Denoising", _denoising(page)),
        ("Measures", _measures(page)),
        ("Statistics", _statistics(page)),
        ("Claims", claims_text(page.verdicts)),
        ("Software", _software(page)),
    )
    return tuple((heading, text) for heading, text in paragraphs if text)


def keys_in(text: str) -> list[str]:
    """Keys of the references that a text marks, in order."""
    return [key.strip(" @") for mark in MARK.finditer(text) for key in mark[1].split(";")]


def cited(texts: Iterable[str], keys: Iterable[str] = ()) -> tuple[list[str], list[str]]:
    """Keys that are cited and known, and those that the list of references lacks, in order."""
    found = list(dict.fromkeys([*keys, *(key for text in texts for key in keys_in(text))]))
    known = all_references()
    return [k for k in found if k in known], [k for k in found if k not in known]
