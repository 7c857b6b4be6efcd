"""The comparisons of some measures, for the section that is about them."""

from collections.abc import Collection
from dataclasses import replace

from defaultmode.report.nouns import Page
from defaultmode.report.tables import effects_table
from defaultmode.report.writing import Table

ELSEWHERE = "Comparisons without a value stand under Effects, with the reason."


def chosen_effects(
    page: Page, measures: Collection[str], *, name: str, caption: str
) -> Table | None:
    """The comparisons of these measures that have a value; None where there is none.

    name, caption : of the table
    """
    results = []
    for result in page.results:
        if {"measure", "value"} <= set(result.table.columns):
            rows = result.table["measure"].isin(measures) & result.table["value"].notna()
            results.append(replace(result, table=result.table[rows]))
    table = effects_table(replace(page, results=tuple(results)))
    if table is None:
        return None
    note = f"{table.note} {ELSEWHERE}".strip()
    return replace(table, name=name, caption=caption, note=note)
