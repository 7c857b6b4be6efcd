"""What a study says of the claims, beside the sentences of the account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from defaultmode.report.verdict_tables import (
    Row,
    anchor_of,
    effect_cell,
    place_of,
    records,
    size_cell,
)
from defaultmode.report.verdicts import UNTESTED, over_atlases
from defaultmode.report.writing import shown_p

NUMBERS = ("estimate", "ci_low", "ci_high", "p", "n", "n_reference")
COLUMNS = (
    "claim", "atlas", "denoise", "verdict", "verdict_corrected", "verdict_over_presets", "reason",
    "test", "statistic", "stamp", *NUMBERS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A claim in one preset: its verdict after correction over claims, and its numbers.

    alone : the verdict before correction, empty where it is the same
    """

    place: str
    test: str
    verdict: str
    alone: str
    effect: str
    people: str
    p: str


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """A claim in a study; word : over presets and atlases; link : to its card, empty for none."""

    word: str
    reason: str
    rows: tuple[OwnRow, ...]
    link: str


@dataclass(frozen=True, eq=False)
class Own:
    """The verdicts of a study.

    table : as claims.tsv holds them, with `COLUMNS` at least
    report : address of the study's report as seen from the page, empty where there is none
    carded : claims that have a card in that report
    banners : what must be read first, such as that the people are simulated
    """

    table: pd.DataFrame
    report: str = ""
    carded: frozenset[str] = frozenset()
    banners: tuple[str, ...] = ()

    @property
    def stamp(self) -> str:
        """How the study stands to its plan: confirmatory, exploratory or blinded."""
        return ", ".join(dict.fromkeys(self.table["stamp"].astype(str)))

    @cached_property
    def claims(self) -> Mapping[str, OwnClaim]:
        """Every claim that the study was asked, by id."""
        only = len(set(self.table["atlas"]) - {""}) < 2
        table = self.table.assign(atlas="") if only else self.table
        parts = table.groupby("claim", sort=False)
        return {str(name): self._claim(str(name), records(part)) for name, part in parts}

    def _claim(self, name: str, rows: Sequence[Row]) -> OwnClaim:
        known = [row for row in rows if not pd.isna(row["estimate"])]  # type: ignore[call-overload]
        return OwnClaim(
            over_atlases(str(row["verdict_over_presets"]) for row in rows),
            str(rows[0]["reason"]),
            tuple(map(_row, known)),
            f"{self.report}#{anchor_of(name)}" if self.report and name in self.carded else "",
        )

    def words(self, claims: Sequence[str]) -> list[str]:
        """The verdicts over presets of claims that could be tested, each once."""
        found = [self.claims[name].word for name in claims if name in self.claims]
        return [word for word in dict.fromkeys(found) if word != UNTESTED]


def _row(row: Row) -> OwnRow:
    verdict, alone = str(row["verdict_corrected"]), str(row["verdict"])
    return OwnRow(
        place_of(row),
        str(row["test"]),
        verdict,
        "" if alone == verdict else alone,
        effect_cell(row).text,
        size_cell(row).text,
        shown_p(row["p"]),
    )
