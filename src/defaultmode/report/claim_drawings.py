"""The two figures of a claim: its evidence as a forest, its specifications as a curve."""

from collections.abc import Sequence
from textwrap import shorten

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
    svg_of,
)
from defaultmode.report.drawings import Drawing
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
from defaultmode.report.writing import counted

SOURCES = ("published", "your study")
STANCES = ("for", "against", "null", "mixed")
LONGEST = 62  # letters in the margin of a forest
NUMBERLESS = Missing("no number was published")


def claim_drawings(verdicts: Verdicts, claim: Claim) -> list[Drawing]:
    """Forest and curve of a claim; the forest is of the test that decides."""
    rows = verdicts.table[verdicts.table["claim"] == claim.id]
    name = str(rows["test"].iloc[0])
    test = next(t for t in claim.tests if t.name == name)
    drawn = (_forest(verdicts, claim, test), _curve(verdicts, claim))
    return [one for one in drawn if one]


def _forest(verdicts: Verdicts, claim: Claim, test: Test) -> Drawing | None:
    table = verdicts.evidence[verdicts.evidence["claim"] == claim.id]
    table = table[table["test"].isin([test.name, ""])]
    rows = sorted(records(table), key=_order)
    own = [row for row in rows if row["source"] == "your study"]
    if not own:
        return None
    statistic = str(own[0]["statistic"])
    findings = [_finding(row, statistic) for row in rows]
    target = Target(statistic, test.smallest, test.direction, _null(test, statistic))
    figure = evidence_forest(findings, target, title=f"{claim.id} {claim.title}: {test.name}")
    published = [f for f in findings if f.kind == "Published"]
    said = "; ".join(f"{f.label}: {f.words}" for f in findings if f.kind != "Published")
    caption = (
        f"{counted(len(published), 'published finding')} beside this study. Hollow marks: no "
        "number of this very quantity. Yellow: too small to matter. A star: not read in its source, and "
        "not pooled. One estimate per cohort is pooled; with few cohorts the pooled interval is "
        "very wide, and rightly so."
    )
    alt = f"Forest plot of {claim.id}, test {test.name}, {statistic}. {said}."
    name = f"{anchor_of(claim.id)}-forest"
    return Drawing(name, alt, caption, svg_of(figure), table.drop(columns=["finding", "note"]))


def _null(test: Test, statistic: str) -> float:
    return test.null if statistic == "AUC" else 0.0


def _order(row: Row) -> tuple[int, int]:
    """Published by stance, then own effects, then what they add up to."""
    source, stance = str(row["source"]), str(row["stance"])
    kind = SOURCES.index(source) if source in SOURCES else len(SOURCES)
    return kind, STANCES.index(stance) if stance in STANCES else 0


def _finding(row: Row, statistic: str) -> Finding:
    """A row of evidence.tsv as a row of the forest."""
    if row["source"] == "published":
        return _published(row, statistic)
    effect = effect_cell(row, "value").text
    own = row["source"] == "your study"
    people = f", n = {size_cell(row).text}" if own else f", {_heterogeneity(row)}"
    label = place_of(row) or "published alone"
    ends = row["prediction_low"], row["prediction_high"]
    return Finding(
        "Your study" if own else "Pooled",
        label if own or not place_of(row) else f"with {label}",
        effect + people,
        float(row["value"]),  # type: ignore[arg-type]
        _interval(row),
        prediction=_ends(*ends),
    )


def _heterogeneity(row: Row) -> str:
    return f"{row['cohorts']:.0f} cohorts, I² = {float(row['i2']):.2f}"  # type: ignore[arg-type]


def _published(row: Row, statistic: str) -> Finding:
    known = all_references()
    key = str(row["cite"])
    label = (known[key].short if key in known else key) + ("" if row["verified"] else " *")
    size = size_cell(row).text
    people = f", n = {size}" if size else ""
    same = row["statistic"] == statistic or bool(row["pooled"])
    number = not pd.isna(row["value"])  # type: ignore[call-overload]
    drawn = number and bool(row["test"]) and same
    said = effect_cell(row, "value").text + ": " if number and not drawn else ""
    words = effect_cell(row, "value").text if drawn else said + str(row["finding"])
    return Finding(
        "Published",
        label,
        shorten(words, LONGEST - len(people), placeholder=" …") + people,
        float(row["value"]) if drawn else NUMBERLESS,  # type: ignore[arg-type]
        _interval(row) if drawn else NUMBERLESS,
        stance=str(row["stance"]),
    )


def _interval(row: Row) -> tuple[float, float] | Missing:
    return _ends(row["ci_low"], row["ci_high"]) or Missing("no interval was published")


def _ends(low: object, high: object) -> tuple[float, float] | None:
    """Both ends of an interval as numbers; cells without one are empty or NaN."""
    if low == "" or pd.isna(low):  # type: ignore[call-overload]
        return None
    return float(low), float(high)  # type: ignore[arg-type]


def _curve(verdicts: Verdicts, claim: Claim) -> Drawing | None:
    table = verdicts.specifications
    table = table[(table["claim"] == claim.id) & table["estimate"].notna()]
    several = table["atlas"].nunique() > 1
    curves = [
        _test_curve(test, records(rows), several=several)
        for test in claim.tests
        if len(rows := table[table["test"] == test.name])
    ]
    if len(table) < 2:
        return None
    figure = specification_curve(curves, title=f"{claim.id} {claim.title}: every specification")
    said = "; ".join(
        f"{c.title}: {c.sorted[0].value:.2f} to {c.sorted[-1].value:.2f}" for c in curves
    )
    caption = (
        f"{counted(len(table), 'specification')} of {counted(len(curves), 'test')}, each with its "
        "95 % interval, from low to high; the dots below say what was chosen. Yellow: too small to "
        "matter. What flips the verdict is the choice whose dots change colour."
    )
    alt = f"Specification curve of {claim.id}: {said}."
    name = f"{anchor_of(claim.id)}-curve"
    return Drawing(name, alt, caption, svg_of(figure), table.drop(columns=["reason", "how"]))


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
    return Curve(test.name, str(rows[0]["statistic"]), choices, test.smallest, test.direction)


def _made(row: Row, *, several: bool) -> dict[str, str]:
    """What was chosen in a specification; the atlas where there is more than one."""
    removed = "removed" if row["global_signal_removed"] else "kept"
    made = {
        "preset": str(row["denoise"]),
        "global signal": removed,
        "adjusted for": str(row["adjustment"]),
    }
    return made | ({"atlas": str(row["atlas"])} if several else {})
