"""The page: what was measured, what it shows and how far to believe it, in one offline file."""

from defaultmode.report.highlights import highlights, person_table
from defaultmode.report.nouns import Behind, Page, SessionConnectivity, Used, Verdicts
from defaultmode.report.page import build_page
from defaultmode.report.references import (
    Reference,
    all_references,
    citation_bibtex,
    citation_markdown,
    format_reference,
    reference,
)

__all__ = [
    "Behind",
    "Page",
    "Reference",
    "SessionConnectivity",
    "Used",
    "Verdicts",
    "all_references",
    "build_page",
    "citation_bibtex",
    "citation_markdown",
    "format_reference",
    "highlights",
    "person_table",
    "reference",
]
