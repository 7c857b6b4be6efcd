"""The page of one participant: runs, where they lie in the study, signals and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import numpy as np
import pandas as pd

from defaultmode.core.study import Study
from defaultmode.figures.network_matrix import network_order
from defaultmode.figures.pixels import coarse, diverging_picture
from defaultmode.report.carpets import Carpet, carpet_of
from defaultmode.report.quality_nouns import SessionMatrix, Trace
from defaultmode.report.references import all_references
from defaultmode.report.rendering import rendered
from defaultmode.report.standing import FEWEST_PEOPLE, MOST_TICKS, Standing
from defaultmode.report.tables import missing_table
from defaultmode.report.writing import Table, counted, data_url, shown, tsv

MOST_CARPETS, MOST_MATRICES, MOST_RUN_COLUMNS = 8, 6, 4
MOST_PIXELS = 110  # along either side of a matrix
LIMIT_Z = 1.0
BANDS = "Power2017"  # what bands across all regions come with; the report of the study cites it


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured of one person in one atlas; runs : their names, as columns of values."""

    atlas: str
    runs: tuple[str, ...]
    standings: tuple[Standing, ...]

    @property
    def in_columns(self) -> bool:
        """Whether each run has a column of its own."""
        return len(self.runs) <= MOST_RUN_COLUMNS

    @property
    def parts(self) -> tuple[tuple[str, tuple[Standing, ...]], ...]:
        """The few measures that are drawn everywhere, and all others."""
        first = tuple(s for s in self.standings if s.leading)
        return (("", first), ("Every other measure", self.standings[len(first) :]))


@dataclass(frozen=True, slots=True)
class Links:
    """Relative addresses of the pages around this one, empty where there is none."""

    previous: str = ""
    next: str = ""
    group: str = "report.html"


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Everything one page says.

    facts : (what, value) of the clinical tables; missing : their rows of missing.tsv
    numbers : all that were measured; warning : stands above all else; compared : which runs stand
    among those of the others, empty where all do
    """

    name: str
    facts: tuple[tuple[str, str], ...]
    measured: tuple[Measured, ...]
    missing: pd.DataFrame
    numbers: pd.DataFrame
    n_people: int
    compared: str = ""
    links: Links = Links()
    warning: str = ""
    traces: tuple[Trace, ...] = ()
    matrices: tuple[SessionMatrix, ...] = ()


@dataclass(frozen=True, slots=True)
class SmallMatrix:
    """A matrix ready for the page."""

    title: str
    alt: str
    url: str


def build_participant_page(person: Person) -> str:
    """The page of one participant as one HTML text that needs no network."""
    carpets = [carpet_of(t, beside=len(person.traces)) for t in person.traces[:MOST_CARPETS]]
    context = {
        "person": person,
        "codes": (),
        "missing": _missing(person.missing),
        "carpets": carpets,
        "carpets_not_drawn": _further(len(person.traces) - MOST_CARPETS, "run"),
        "states": next((c.strip for c in carpets if c.strip), None),
        "why_no_motion": _why_no_motion(carpets),
        "matrices": [_matrix(m) for m in person.matrices[:MOST_MATRICES]],
        "matrices_not_drawn": _further(len(person.matrices) - MOST_MATRICES, "matrix"),
        "download": data_url(tsv(person.numbers).encode("utf-8"), "text/tab-separated-values"),
        "limit": LIMIT_Z,
        "bands": all_references()[BANDS],
        "most_ticks": MOST_TICKS,
        "fewest_people": FEWEST_PEOPLE,
    }
    styles = ("style.css", "carpet.css", "participant.css")
    return rendered("participant.html.j2", context, styles=styles, scripts=("table.js",))


def _missing(rows: pd.DataFrame) -> Table | None:
    """What this person lacks; missing.tsv holds the same rows, so there is nothing to download."""
    table = missing_table(Study(pd.DataFrame(), {}, rows))
    return None if table is None else replace(table, frame=None, file="")


def _further(n: int, word: str) -> str:
    return counted(n, f"further {word}").replace("matrixs", "matrices") if n > 0 else ""


def _why_no_motion(carpets: list[Carpet]) -> str:
    return next((c.why_no_motion for c in carpets if c.why_no_motion), "")


def _matrix(found: SessionMatrix) -> SmallMatrix:
    order = network_order(found.atlas)
    z = found.z[np.ix_(order, order)]
    ours = found.atlas.members("default")
    within = found.z[np.ix_(ours, ours)]
    mean = float(np.nanmean(within)) if np.isfinite(within).any() else float("nan")
    small = coarse(z, MOST_PIXELS, MOST_PIXELS)
    outlined = round(len(ours) * len(small) / len(z))
    picture = diverging_picture(small, limit=LIMIT_Z, outlined=outlined)
    session = f"{found.session}, " if found.session != "n/a" else ""
    title = f"{session}{found.denoise}, {counted(found.n_runs, 'run')}"
    alt = f"Connectivity of {len(z)} regions, {title}; mean within the default mode {shown(mean)}."
    return SmallMatrix(title, alt, data_url(picture, "image/png"))


def page_name(participant: str) -> str:
    """The file name of a participant's page."""
    return f"{participant}.html"


def address(participant: str) -> str:
    """The relative address of a participant's page, with nothing in it that a browser reads."""
    return f"./{quote(page_name(participant), safe='')}"


def links_between(people: Sequence[str]) -> dict[str, Links]:
    """Participant → the addresses around their page, in the order given."""
    around = ["", *map(address, people), ""]
    return {name: Links(around[i], around[i + 2]) for i, name in enumerate(people)}
