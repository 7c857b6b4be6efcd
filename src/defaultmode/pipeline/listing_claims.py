"""The claims, as what the command line prints of them."""

from collections.abc import Iterator
from dataclasses import asdict
from math import isfinite

from defaultmode.claims import Claim, Evidence, Test, all_claims, find_claim, sign
from defaultmode.claims.claim import STANCES
from defaultmode.report.references import format_reference, reference


def list_claims(name: str = "") -> list[dict[str, object]]:
    """Every claim, or the one that is named, as plain values; raises E410."""
    chosen = [find_claim(name)] if name else list(all_claims().values())
    return [asdict(claim) for claim in chosen]


def claims_lines() -> list[str]:
    """Every claim in two lines: its sentence, and how much evidence stands on each side."""
    return [line for claim in all_claims().values() for line in _brief(claim)]


def claim_lines(name: str) -> list[str]:
    """One claim in full: tests, evidence, design, caveats, sources; raises E410."""
    claim = find_claim(name)
    decides = "all must hold" if claim.rule == "all" else "the first decides"
    parts = (
        ("", _about(claim)),
        (f"tests ({decides})", [line for test in claim.tests for line in _test(test)]),
        ("evidence", [_evidence(row) for row in sorted(claim.evidence, key=_stance)]),
        ("caveats", list(claim.caveats)),
        ("sources", [f"{k}: {format_reference(reference(k))}" for k in _cited(claim)]),
    )
    return [line for title, lines in parts for line in _part(title, lines)]


def _brief(claim: Claim) -> Iterator[str]:
    stances = [row.stance for row in claim.evidence]
    counted = ", ".join(f"{stances.count(s)} {s}" for s in STANCES if s in stances)
    yield f"{claim.id:<4} {claim.sentence}"
    yield f"     {claim.part}; evidence: {counted}; test: {_question(claim.tests[0])}"


def _part(title: str, lines: list[str]) -> Iterator[str]:
    if title:
        yield title
    for line in lines:
        yield f"  {line}" if title else line
    yield ""


def _about(claim: Claim) -> list[str]:
    lines = [f"{claim.id}  {claim.title} ({claim.part})", claim.sentence]
    if not claim.falsifiable:
        lines.append(f"It cannot fail as worded. Tested instead: {claim.proxy}")
    if claim.keeps_global_signal:
        lines.append("Only presets that keep the global signal decide.")
    lines.append(f"needs: {claim.needs}")
    return lines + ([f"aims: {claim.aims}"] if claim.aims else [])


def _test(test: Test) -> list[str]:
    return [
        f"{test.name}: {test.sentence}",
        f"    {_question(test)}",
        f"    smallest effect of interest: {test.smallest:g} ({test.why_smallest})",
        f"    prior of the Bayes factor: {_prior(test)}",
    ]


def _prior(test: Test) -> str:
    """The prior of its Bayes factor."""
    if sign(test) == 0:
        return f"normal of scale {test.prior_sd:g}, as the claim names no side"
    return f"half-normal of scale {test.prior_sd:g} as claimed"


def _question(test: Test) -> str:
    """The test in the terms of the study: contrast, outcome and direction."""
    outcome = f"log {test.outcome}" if test.log else test.outcome
    partner = f" with {test.partner}" if test.partner else ""
    under = ", ".join(p for p in (test.treatment, test.reference, test.phase, test.group) if p)
    return f"{outcome}{partner}: {test.contrast}{f' ({under})' if under else ''}, {test.direction}"


def _evidence(row: Evidence) -> str:
    number = f"{row.statistic} {row.value:g}" if isfinite(row.value) else ""
    if number and isfinite(row.ci_low):
        number += f" [{row.ci_low:g}, {row.ci_high:g}]"
    people = f"n = {row.n}" + (f" and {row.n_reference}" if row.n_reference else "")
    said = "; ".join(p for p in (number, people if row.n else "n not known") if p)
    if row.meta_analysis:
        said += "; a mean over several cohorts"
    doubt = "" if row.verified else "; not verified"
    note = f" ({row.note})" if row.note else ""
    return f"{row.stance:<8} {row.finding} [{row.cite}; {said}{doubt}]{note}"


def _stance(row: Evidence) -> int:
    return STANCES.index(row.stance)


def _cited(claim: Claim) -> list[str]:
    return sorted({row.cite for row in claim.evidence})
