"""The page itself: one file that works without a network and lets nothing foreign run."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from markupsafe import Markup, escape

from defaultmode.core.errors import error_table
from defaultmode.core.study import Study
from defaultmode.report.caveats import caveats
from defaultmode.report.choosing import (
    atlases,
    factors,
    measured,
    preset_labels,
    recorded,
)
from defaultmode.report.claim_section import claim_cites, claim_section
from defaultmode.report.drawings import (
    MOST_MATRICES,
    brains,
    clouds,
    forests,
    global_signals,
    matrices,
    motions,
)
from defaultmode.report.methods import MARK, cite, cited, keys_in, methods_text
from defaultmode.report.nouns import Page
from defaultmode.report.references import all_references, format_reference, reference
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


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _policy(style: str, script: str) -> str:
    """Content-Security-Policy: our own style and script by hash, pictures from this file."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _breakable(text: str) -> Markup:
    """The name of a preset, which a narrow column may break before what is added to it."""
    return Markup("<wbr>+").join(escape(part) for part in text.split("+"))


def _linked(text: str) -> Markup:
    """Text with its reference marks turned into links to the list of references."""
    known = all_references()
    parts, end = [], 0
    for mark in MARK.finditer(text):
        parts.append(escape(text[end : mark.start()]))
        links = [
            Markup('<a class="cite" href="#ref-{0}">{1}</a>').format(key, known[key].short)
            if key in known
            else escape(f"{key}, not in the list of references")
            for key in keys_in(mark[0])
        ]
        parts.append(Markup("({})").format(Markup("; ").join(links)))
        end = mark.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def _measured_words(page: Page) -> list[str]:
    """What was measured, in plain sentences."""
    study = page.study
    table = study.table[recorded(study)]
    if table.empty:
        return ["No recordings: this page rests on clinical tables alone."]
    said = [measured_sentence(table)]
    for atlas in {s.atlas.name: s.atlas for s in page.connectivity}.values():
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


def _why_no_motion(study: Study) -> str:
    """The sentence that stands where the motion figure would."""
    if not measured(study):
        return "There are no recordings."
    rows = study.missing[study.missing["what"].str.contains("framewise_displacement")]
    if len(rows):
        return f"Head motion cannot be shown. {rows['reason'].iloc[0]}"
    return (
        "Head motion cannot be shown, because no recording came with it (tables of extracted time "
        "series usually do not). Differences between groups or sessions may be movement."
    )


def _further(n: int, word: str) -> str:
    """How many more there are, empty for none."""
    return counted(n, f"further {word}").replace("matrixs", "matrices") if n > 0 else ""


def _context(page: Page) -> dict[str, object]:
    methods = methods_text(page)
    warnings = caveats(page)
    claims = claim_section(page.verdicts)
    texts = [text for _, text in methods]
    keys = [*PRIMER_KEYS, *(k for c in warnings for k in c.cites), *claim_cites(claims)]
    keys += [k for r in page.results for k in r.cites]
    known, unknown = cited(texts, keys)
    drawn_forests, not_drawn = forests(page)
    ordered = sorted((reference(k) for k in known), key=lambda r: r["author"].casefold())
    codes = sorted(set(page.study.missing["code"].astype(str)) & set(error_table()))
    return {
        "page": page,
        "claims": claims,
        "measured": _measured_words(page),
        "matrices": matrices(page),
        "matrices_not_drawn": _further(len(page.connectivity) - MOST_MATRICES, "matrix"),
        "brains": brains(page),
        "clouds": clouds(page),
        "forests": drawn_forests,
        "forests_not_drawn": _further(not_drawn, "comparison"),
        "global_signals": global_signals(page),
        "motions": motions(page),
        "why_no_motion": _why_no_motion(page.study),
        "people": people_table(page.study),
        "effects": effects_table(page),
        "missing": missing_table(page.study),
        "surrogates": surrogate_table(page.study),
        "dictionary": dictionary_table(page.study),
        "methods": methods,
        "caveats": [c.sentence.rstrip(".") + cite(c.cites) + "." for c in warnings],
        "references": [(r, format_reference(r)) for r in ordered],
        "unknown_references": unknown,
        "codes": codes,
        "software": page.pairs("software"),
        "hashes": page.pairs("hashes"),
    }


def build_page(page: Page) -> str:
    """The whole report as one HTML text that needs no network.

    Raises E410 where the list of references holds a key twice; a reference that it lacks is named
    on the page.
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_asset),
    )
    environment.filters |= {"linked": _linked, "breakable": _breakable}
    style, script = _asset("style.css"), _asset("table.js")
    safe = {"style": Markup(style), "script": Markup(script), "policy": _policy(style, script)}
    return environment.get_template("page.html.j2").render(**safe, **_context(page))
