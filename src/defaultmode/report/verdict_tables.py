"""One claim in tables: each preset, each choice, what was published, and both together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from defaultmode.claims import Claim
from defaultmode.report.references import all_references
from defaultmode.report.tables import without_empty
from defaultmode.report.writing import (
    Cell,
    Table,
    figure,
    listed,
    shown,
    shown_count,
    shown_p,
    word,
)

Row = dict[str, object]


def anchor_of(claim: str) -> str:
    """Where on the page a claim stands."""
    return f"claim-{claim}"


def presets_table(claim: Claim, rows: Sequence[Row], decides: Sequence[str]) -> Table:
    """The test that decides, in each preset: verdict, effect, and what else was computed."""
    head = (
        "Preset", "Verdict", "Effect with 95 % interval", "n", "p", "corrected", "permuted",
        "Bayes factor", "Inside smallest",
    )  # fmt: skip
    cells = [
        (
            word(place_of(row) + ("" if row["denoise"] in decides else " (does not decide)")),
            verdict_cell(row["verdict"], _after_correction(row)),
            effect_cell(row),
            size_cell(row),
            *(figure(row[p], shown_p(row[p])) for p in ("p", "p_corrected", "p_permuted")),
            figure(row["bayes_factor"], shown(row["bayes_factor"], 2)),
            word("yes" if row["inside_smallest"] else ""),
        )
        for row in rows
    ]
    tests, adjusted = (
        listed(dict.fromkeys(str(row[k]) for row in rows)) for k in ("test", "adjustment")
    )
    caption = f"{claim.id} in each preset: test that decides {tests}, adjusted for {adjusted}"
    return _table(f"{anchor_of(claim.id)}-presets", caption, head, cells)


def _after_correction(row: Row) -> str:
    """The verdict, and what it becomes after correction where that differs."""
    alone, corrected = str(row["verdict"]), str(row["verdict_corrected"])
    return alone if alone == corrected else f"{alone}; {corrected} after correction"


def evidence_table(claim: Claim, rows: Sequence[Row]) -> Table:
    """What was published, on each side."""
    head = (
        "Stance", "Source", "Finding", "Effect", "n", "Speaks to test", "Pooled",
    )  # fmt: skip
    cells = [
        (
            word(row["stance"]),
            source_cell(row),
            word(row["finding"]),
            effect_cell(row, "value"),
            size_cell(row),
            word(row["test"]),
            word("yes" if row["pooled"] else ""),
        )
        for row in rows
    ]
    stances = Counter(str(row["stance"]) for row in rows)
    counts = ", ".join(f"{n} {stance}" for stance, n in stances.items())
    caption = f"{claim.id}: what was published ({counts})"
    made = _table(f"{anchor_of(claim.id)}-evidence", caption, head, cells)
    return replace(made, file="evidence.tsv")


def _table(
    name: str, caption: str, head: tuple[str, ...], rows: Sequence[tuple[Cell, ...]]
) -> Table:
    """A table without the columns that say nothing."""
    kept, cells = without_empty(head, rows)
    return Table(name, caption, kept, tuple(cells))


def pooled_table(claim: Claim, rows: Sequence[Row]) -> Table | None:
    """Pooled means, without and with the study; None where nothing can be pooled."""
    head = (
        "Test", "What", "Preset", "Effect with 95 % interval", "Estimates", "I²", "τ²",
        "Next cohort, 95 %", "Note",
    )  # fmt: skip
    cells = [
        (
            word(row["test"]),
            word(row["source"]),
            word(place_of(row)),
            effect_cell(row, "value"),
            figure(row["cohorts"], shown_count(row["cohorts"])),
            figure(row["i2"], shown(row["i2"], 2)),
            figure(row["tau2"], shown(row["tau2"])),
            figure(row["prediction_low"], span(row["prediction_low"], row["prediction_high"])),
            word(row["note"]),
        )
        for row in rows
    ]
    caption = f"{claim.id}: pooled means, by random effects unless said otherwise"
    return _table(f"{anchor_of(claim.id)}-pooled", caption, head, cells) if rows else None


def verdict_cell(verdict: object, text: str = "") -> Cell:
    """A cell with the word of a verdict, which the page marks by colour and sign too."""
    said = str(verdict)
    return Cell(text or said, verdict=said.replace(" ", "-"))


def effect_cell(row: Row, key: str = "estimate") -> Cell:
    """Statistic, value and interval in one cell."""
    if pd.isna(row[key]):  # type: ignore[call-overload]
        return word("")
    said = f"{row['statistic']} {shown(row[key], 2)}"
    if not pd.isna(row["ci_low"]):  # type: ignore[call-overload]
        said += f" ({span(row['ci_low'], row['ci_high'])})"
    return figure(row[key], said)


def span(low: object, high: object) -> str:
    """Both ends of an interval in words, n/a where it has none."""
    return shown(low, 2) if pd.isna(low) else f"{shown(low, 2)} to {shown(high, 2)}"  # type: ignore[call-overload]


def size_cell(row: Row) -> Cell:
    """How many people an effect rests on: two groups as "48 and 49"."""
    n, m = row["n"], row["n_reference"]
    if pd.isna(n) or not n:  # type: ignore[call-overload]
        return word("")
    reference = "" if pd.isna(m) or not m else f" and {shown_count(m)}"  # type: ignore[call-overload]
    return Cell(shown_count(n) + reference, number=True)


def source_cell(row: Row) -> Cell:
    """A reference with its link into the list of them, and a star where it was not read there."""
    known, key = all_references(), str(row["cite"])
    star = "" if row["verified"] else " *"
    return Cell(known[key].short + star, link=f"#ref-{key}") if key in known else word(key + star)


def place_of(row: Row) -> str:
    """Preset, and the atlas where it is named."""
    return " · ".join(str(row[k]) for k in ("denoise", "atlas") if row[k])


def records(table: pd.DataFrame) -> list[Row]:
    """The rows of a table, each as column → value."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
