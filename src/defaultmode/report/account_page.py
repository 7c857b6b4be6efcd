"""The page on which the account can be read claim by claim, as one HTML text."""

from collections.abc import Sequence

from defaultmode.claims import Test, all_claims
from defaultmode.report.account import read_account
from defaultmode.report.account_evidence import (
    SIDES,
    WORDS,
    forest_of,
    in_order,
    number_of,
    people_of,
)
from defaultmode.report.account_own import Own
from defaultmode.report.account_scores import read_scoreboard
from defaultmode.report.account_summary import summary
from defaultmode.report.account_told import Told, tell
from defaultmode.report.page import references_of
from defaultmode.report.references import reference
from defaultmode.report.rendering import rendered
from defaultmode.report.writing import MINUS, plain

STYLES, SCRIPTS = ("style.css", "account.css"), ("account.js",)


def account_page(own: Own | None = None) -> str:
    """The account as one HTML text that needs no network, with a study's verdicts where given.

    Raises E415 where the account's file is broken.
    """
    told = list(tell(own))
    cites = [row.cite for claim in all_claims().values() for row in claim.evidence]
    context = {
        "parts": in_parts(told),
        "summary": summary(told, own),
        "own": own,
        "board": read_scoreboard(),
        "meanings": WORDS,
        "sides": SIDES,
        "evidence_of": in_order,
        "forest_of": forest_of,
        "number_of": number_of,
        "people_of": people_of,
        "asked": asked,
        "reference": reference,
    }
    context |= references_of([{"cites": cites}])
    return rendered("account.html.j2", context, styles=STYLES, scripts=SCRIPTS)


def in_parts(told: Sequence[Told]) -> list[tuple[str, list[list[Told]]]]:
    """The sentences under their headings, paragraph by paragraph."""
    left = iter(told)
    return [
        (part.heading, [[next(left) for _ in paragraph] for paragraph in part.paragraphs])
        for part in read_account()
    ]


def asked(test: Test) -> str:
    """The test in the terms of a study: what is measured, what is compared, what the claim says."""
    outcome = f"logarithm of {plain(test.outcome)}" if test.log else plain(test.outcome)
    partner = f" with {plain(test.partner).lower()}" if test.partner else ""
    under = ", ".join(p for p in (test.treatment, test.reference, test.phase, test.group) if p)
    where = f" ({under})" if under else ""
    contrast = test.contrast.replace(" - ", f" {MINUS} ")
    return f"{outcome}{partner}; {contrast}{where}; the claim says {test.direction}"
