"""The report itself: its sections in order, and the references of everything in them."""

from defaultmode.core.errors import error_table
from defaultmode.report import everyday
from defaultmode.report.brain_payload import BRAIN_SCRIPTS, BRAIN_STYLES
from defaultmode.report.brain_section import fill_brain
from defaultmode.report.flow_section import fill_flow
from defaultmode.report.global_signal_section import fill_global_signal
from defaultmode.report.methods import cited
from defaultmode.report.nouns import Page
from defaultmode.report.prediction_section import fill_prediction
from defaultmode.report.quality_section import fill_quality
from defaultmode.report.references import format_reference, reference
from defaultmode.report.rendering import rendered
from defaultmode.report.section import Filled, Section
from defaultmode.report.states_section import fill_states
from defaultmode.report.twins_section import fill_twins

SECTIONS = (
    Section("claims", "Claims", "Claims", everyday.fill_claims),
    Section("measured", "What was measured", "What was measured", everyday.fill_measured),
    Section("highlights", "In short", "In short", everyday.fill_highlights),
    Section("primer", "What you are looking at", "What you are looking at", everyday.fill_primer),
    Section("each", "Each recording", "Each recording", everyday.fill_each),
    Section("states", "Brain states", "Brain states", fill_states, styles=("findings.css",)),
    Section("dynamics", "Beside surrogates", "Beside surrogates", everyday.fill_dynamics),
    Section(
        "brain",
        "The brain, session by session",
        "The brain",
        fill_brain,
        styles=BRAIN_STYLES,
        scripts=(*BRAIN_SCRIPTS, "matrix.js", "sessions.js"),
    ),
    Section(
        "global-signal",
        "The global signal",
        "Global signal",
        fill_global_signal,
        styles=("findings.css",),
    ),
    Section("sessions", "Sessions and groups", "Sessions and groups", everyday.fill_sessions),
    Section("comparisons", "Effects", "Effects", everyday.fill_comparisons),
    Section("twins", "Twins", "Twins", fill_twins, styles=("findings.css",)),
    Section("prediction", "Prediction", "Prediction", fill_prediction),
    Section("flow", "Participant flow", "Participant flow", fill_flow, styles=("flow.css",)),
    Section("missing", "What is missing, and why", "What is missing", everyday.fill_missing),
    Section("quality", "Quality control", "Quality control", fill_quality, styles=("carpet.css",)),
    Section("dictionary", "Data dictionary", "Data dictionary", everyday.fill_dictionary),
    Section("methods", "Methods", "Methods", everyday.fill_methods),
    Section("caveats", "How far to believe it", "How far to believe it", everyday.fill_caveats),
    Section("provenance", "Provenance", "Provenance", everyday.fill_provenance),
)
STYLES, SCRIPTS = ("style.css",), ("table.js", "downloads.js", "filters.js")


def build_page(page: Page) -> str:
    """The whole report as one HTML text that needs no network.

    Raises E410 where the list of references holds a key twice; a reference that it lacks is named
    on the page.
    """
    filled = [(s, here) for s in SECTIONS if (here := s.fill(page)) is not None]
    codes = set(page.study.missing["code"].astype(str)) & set(error_table())
    context = {"page": page, "sections": filled, "codes": sorted(codes)}
    return rendered(
        "page.html.j2",
        context | references_of([here for _, here in filled]),
        styles=(*STYLES, *dict.fromkeys(name for s, _ in filled for name in s.styles)),
        scripts=(*SCRIPTS, *dict.fromkeys(name for s, _ in filled for name in s.scripts)),
    )


def references_of(filled: list[Filled]) -> dict[str, object]:
    """The list of references of what sections cite, and the keys that no list has.

    A section names keys under `cites`, and texts with reference marks under `texts`.
    """
    texts = [text for here in filled for text in _strings(here.get("texts"))]
    known, unknown = cited(texts, [key for here in filled for key in _strings(here.get("cites"))])
    ordered = sorted((reference(k) for k in known), key=lambda r: r["author"].casefold())
    return {
        "references": [(r, format_reference(r)) for r in ordered],
        "unknown_references": unknown,
    }


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []
