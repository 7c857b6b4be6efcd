"""The two figures of a claim: its evidence as a forest, its specifications as a curve."""

from collections.abc import Sequence
from dataclasses import replace
from textwrap import fill

import pandas as pd

from defaultmode.claims import Claim, Test
from defaultmode.core.missing import Missing
from defaultmode.figures import (
    Choice,
    Curve,
    Finding,
    Target,
    evidence_forest,
    specification_curve,
)
from defaultmode.report.claim_points import points_drawing
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Verdicts
from defaultmode.report.references import all_references
from defaultmode.report.verdict_tables import (
    Row,
    anchor_of,
    effect_cell,
    place_of,
    records,
    size_cell,
)
from defaultmode.report.verdicts import COMMON, OWN, POOLED, PUBLISHED
from defaultmode.report.writing import counted, listed

STANCES = ("for", "against", "null", "mixed")
MOST_NAMES, WIDEST = 8, 52  # in the margin of a forest: names, and letters of a line


def claim_drawings(verdicts: Verdicts, claim: Claim) -> list[Drawing]:
    """Forest and curve of a claim; the forest is of the test that decides."""
    rows = verdicts.table[verdicts.table["claim"] == claim.id]
    name = str(rows["test"].iloc[0])
    test = next(t for t in claim.tests if t.name == name)
    drawn = (
        _forest(verdicts, claim, test),
        points_drawing(verdicts, claim),
        curve_drawing(verdicts, claim, [test]) or curve_drawing(verdicts, claim),
    )
    return [one for one in drawn if one]


def _forest(verdicts: Verdicts, claim: Claim, test: Test) -> Drawing | None:
    table = verdicts.evidence[verdicts.evidence["claim"] == claim.id]
    table = table[table["test"].isin([test.name, ""])]
    rows = records(table)
    own = [row for row in rows if row["source"] == OWN]
    if not own:
        return None
    statistic = str(own[0]["statistic"])
    published = sorted((row for row in rows if row["source"] == PUBLISHED), key=_stance)
    numbers = [row for row in published if _speaks(row, statistic)]
    findings = [
        *map(_published, numbers),
        *_numberless([row for row in published if not _speaks(row, statistic)]),
        *map(_computed, own),
        *(_computed(row) for row in rows if row["source"] in POOLED),
    ]
    target = Target(statistic, test.smallest, test.direction, _null(test, statistic))
    figure = evidence_forest(findings, target, title=f"{claim.id}, {test.name}: evidence")
    caption = f"{counted(len(published), 'published finding')} beside this study."
    alt = f"Forest plot of {claim.id}, test {test.name}; its numbers stand in the tables below."
    name = f"{anchor_of(claim.id)}-forest"
    made = drawing(name, figure, None, alt=alt, caption=caption)
    return replace(made, file="evidence.tsv")


def _null(test: Test, statistic: str) -> float:
    return test.null if statistic == "AUC" else 0.0


def _stance(row: Row) -> int:
    return STANCES.index(str(row["stance"]))


def _speaks(row: Row, statistic: str) -> bool:
    """Whether a published row can stand on the axis of the test."""
    number = row["test"] != "" and not pd.isna(row["value"])  # type: ignore[call-overload]
    return number and (row["statistic"] == statistic or bool(row["pooled"]))


def _computed(row: Row) -> Finding:
    """An effect of the study, or a pooled mean."""
    own, place = row["source"] == OWN, place_of(row)
    rest = f"n = {size_cell(row).text}" if own else _heterogeneity(row)
    among = f"with {place}" if place else "published alone"
    return Finding(
        "Your study" if own else "Pooled",
        place if own else "the same, common effect" if row["source"] in COMMON else among,
        f"{effect_cell(row, 'value').text}, {rest}",
        float(row["value"]),  # type: ignore[arg-type]
        _interval(row),
        prediction=_ends(row["prediction_low"], row["prediction_high"]),
    )


def _heterogeneity(row: Row) -> str:
    said = f"{row['cohorts']:.0f} estimates"
    return said if pd.isna(row["i2"]) else f"{said}, I² = {float(row['i2']):.2f}"  # type: ignore[arg-type,call-overload]


def _published(row: Row) -> Finding:
    """A published number of this very quantity."""
    size = size_cell(row).text
    said = effect_cell(row, "value").text + (f", n = {size}" if size else "")
    said += ", a mean over several cohorts" if row["meta_analysis"] else ""
    return Finding(
        "Published",
        _name(row),
        fill(said, WIDEST),
        float(row["value"]),  # type: ignore[arg-type]
        _interval(row),
        stance=str(row["stance"]),
    )


def _numberless(rows: Sequence[Row]) -> list[Finding]:
    """Findings without a number of this quantity, by name, one row for each stance."""
    found = []
    for stance in STANCES:
        names = dict.fromkeys(_name(row) for row in rows if row["stance"] == stance)
        if names:
            said = fill(listed(names, MOST_NAMES), WIDEST)
            missing = Missing("no number of this quantity was published")
            found.append(
                Finding("Published", f"{stance}, no number", said, missing, missing, stance=stance)
            )
    return found


def _name(row: Row) -> str:
    """Who published it, with a star where it was not read there."""
    known, key = all_references(), str(row["cite"])
    return (known[key].short if key in known else key) + ("" if row["verified"] else " *")


def _interval(row: Row) -> tuple[float, float] | Missing:
    return _ends(row["ci_low"], row["ci_high"]) or Missing("no interval was published")


def _ends(low: object, high: object) -> tuple[float, float] | None:
    """Both ends of an interval as numbers; cells without one are empty or NaN."""
    if low == "" or pd.isna(low):  # type: ignore[call-overload]
        return None
    return float(low), float(high)  # type: ignore[arg-type]


def curve_drawing(verdicts: Verdicts, claim: Claim, tests: Sequence[Test] = ()) -> Drawing | None:
    """Every specification of some tests of a claim, or of all, sorted; None of fewer than two."""
    table = verdicts.specifications
    table = table[(table["claim"] == claim.id) & table["estimate"].notna()]
    known = len(table)
    table = table[table["test"].isin([test.name for test in tests or claim.tests])]
    several = table["atlas"].nunique() > 1
    curves = [
        _test_curve(test, records(rows), several=several)
        for test in claim.tests
        if len(rows := table[table["test"] == test.name])
    ]
    if len(table) < 2:
        return None
    figure = specification_curve(curves, title=_curve_title(claim, set(table["treatment"])))
    said = "; ".join(
        f"{c.title}: {c.sorted[0].value:.2f} to {c.sorted[-1].value:.2f}" for c in curves
    )
    caption = (
        f"{counted(len(table), 'specification')} of {counted(len(curves), 'test')}, from low to "
        "high, each with its 95 % interval."
    )
    if known > len(table):
        caption += f" Of other tests, {known - len(table)} more in specifications.tsv."
    alt = f"Specification curve of {claim.id}: {said}."
    name = f"{anchor_of(claim.id)}-curve"
    made = drawing(name, figure, None, alt=alt, caption=caption)
    return replace(made, file="specifications.tsv")


def _curve_title(claim: Claim, treatments: set[str]) -> str:
    """What the curve is of: the claim, or another treatment put to its tests."""
    if "" in treatments:
        return f"{claim.id}: every specification"
    return f"{listed(sorted(treatments))} in the tests of {claim.id}: not the claim"


def _test_curve(test: Test, rows: Sequence[Row], *, several: bool) -> Curve:
    choices = tuple(
        Choice(
            float(row["estimate"]),  # type: ignore[arg-type]
            _interval(row),
            str(row["verdict"]),
            _made(row, several=several),
            instead=row["treatment"] != "",
        )
        for row in rows
    )
    statistic = str(rows[0]["statistic"])
    null = _null(test, statistic)
    return Curve(test.name, statistic, choices, test.smallest, test.direction, null)


def _made(row: Row, *, several: bool) -> dict[str, str]:
    """What was chosen in a specification; the atlas where there is more than one."""
    removed = " (global signal removed)" if row["global_signal_removed"] else ""
    made = {"preset": f"{row['denoise']}{removed}", "adjusted for": str(row["adjustment"])}
    return made | ({"atlas": str(row["atlas"])} if several else {})
