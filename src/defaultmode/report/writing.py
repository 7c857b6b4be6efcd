"""Numbers, names and tables as a reader sees them and as a program reads them back."""

import base64
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from defaultmode.core.missing import Missing

NOT_THERE = "n/a"
MOST_PACKED = 500  # rows of a table in the page itself, where the output folder holds them all
MINUS = "−"
MOST_STYLED, WIDE = 16, 21  # columns with a class, letters that may be broken into lines
WORDS = {
    "within_default_mode": "within the default mode",
    "default_mode_task_positive": "default mode to task-positive",
    "default_mode_dorsal_attention": "default mode to dorsal attention",
    "default_mode_salience": "default mode to salience",
    "default_mode_membership": "regions nearest to their own network",
    "segregation_default_mode": "segregation of the default mode",
    "segregation_default_mode_signed": "segregation of the default mode, signed",
    "usable_s": "usable signal",
}
SHORT_FORMS = {"alff": "ALFF", "falff": "fALFF", "dmpfc": "dMPFC", "mtl": "MTL"}


def shown(value: object, digits: int = 3) -> str:
    """A number with so many decimals (scientific where that would hide it), or n/a."""
    if isinstance(value, Missing) or value is None or pd.isna(value):  # type: ignore[call-overload]
        return NOT_THERE
    number = float(value)  # type: ignore[arg-type]
    if number and (abs(number) < 10.0**-digits or abs(number) >= 1e5):
        text = f"{number:.2e}"
    else:
        text = f"{number:.{digits}f}"
    return text.replace("-", MINUS)


def shown_p(value: object) -> str:
    """A p value with three decimals, never written as zero."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return NOT_THERE
    number = float(value)  # type: ignore[arg-type]
    return "<0.001" if number < 0.001 else f"{number:.3f}"


def shown_count(value: object) -> str:
    """A whole number, or n/a."""
    return NOT_THERE if value is None or pd.isna(value) else str(int(float(value)))  # type: ignore[call-overload, arg-type]


def plain(name: str) -> str:
    """The name of a measure in words."""
    words = WORDS.get(name, " ".join(SHORT_FORMS.get(w, w) for w in name.split("_"))).strip()
    return words if words.startswith(tuple(SHORT_FORMS.values())) else words[:1].upper() + words[1:]


def lower(text: str) -> str:
    """A sentence as part of another: first letter small unless it begins an abbreviation."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def counted(n: int, word: str) -> str:
    """A count with its noun: 1 recording, 2 recordings."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def listed(items: Iterable[str], most: int = 12) -> str:
    """Items joined by commas; beyond `most` it says how many more there are."""
    known = list(items)
    rest = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + rest


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return NOT_THERE
    text = repr(float(value)) if isinstance(value, float | np.floating) else str(value)
    return " ".join(text.split()) if any(c in text for c in "\t\r\n") else text


def tsv(frame: pd.DataFrame) -> str:
    """The table as tab-separated text at full precision, n/a for what is missing."""
    lines = ["\t".join(_cell(c) for c in frame.columns)]
    lines += ["\t".join(_cell(v) for v in row) for row in frame.itertuples(index=False, name=None)]
    return "\n".join(lines) + "\n"


def data_url(content: bytes, kind: str) -> str:
    """Content inside a link, so that nothing is fetched from anywhere."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def json_block(value: object) -> Markup:
    """A value for a script of the page, in which nothing can end or begin an element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def packed_text(text: str) -> str:
    """Text as gzip and base64; the same bytes each time."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode("ascii")


class Numbers:
    """The numbers of a page's figures and tables, kept as they are shown, for its downloads."""

    most = MOST_PACKED

    def __init__(self) -> None:
        self._tables: dict[str, str] = {}

    def keep(self, name: str, frame: pd.DataFrame, file: str = "") -> str:
        """Keep a table under the name of its file; gives that name back.

        Where a file of the output folder holds the numbers, only the first rows of a long table,
        to six significant digits.
        """
        self._tables[name] = tsv(_shortened(frame.head(MOST_PACKED)) if file else frame)
        return name

    @property
    def block(self) -> Markup:
        """All of them as one packed text, empty where nothing was kept."""
        if not self._tables:
            return Markup("")
        return json_block(packed_text(json.dumps(self._tables, ensure_ascii=False)))


def _shortened(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with six significant digits in every number."""
    short = frame.copy()
    for name in frame.select_dtypes("float"):
        short[name] = [float(f"{v:.6g}") for v in frame[name]]
    return short


@dataclass(frozen=True, slots=True)
class Marks:
    """Which sessions, presets and networks something shows; nothing named is never filtered."""

    sessions: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    @property
    def attributes(self) -> Markup:
        """As data attributes, several names of one kind with a bar between them."""
        kinds = {"session": self.sessions, "preset": self.presets, "network": self.networks}
        return Markup("").join(
            Markup(' data-{}="{}"').format(kind, "|".join(names))
            for kind, names in kinds.items()
            if names
        )


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    sort : the value it sorts by where its text does not say it; code : of what is missing
    link : where in the page the text leads; verdict : the word of a verdict that the text holds
    """

    text: str
    sort: str = ""
    code: str = ""
    number: bool = False
    link: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of the page: `rows` are listed, `frame` is what the download holds, if any.

    above : headings above the last columns, each with the number of columns below it
    file : the file of the output folder that holds the same numbers, if any
    marks : of each row, by which the page's filters know it; empty where no row has any
    """

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    frame: pd.DataFrame | None = None
    note: str = ""
    search: bool = False
    above: tuple[tuple[str, int], ...] = ()
    file: str = ""
    marks: tuple[Marks, ...] = ()

    @property
    def plain_head(self) -> tuple[str, ...]:
        """Headings of the columns with nothing above them; they come first."""
        return self.head[: len(self.head) - sum(n for _, n in self.above)]

    @property
    def columns(self) -> str:
        """Classes that say which columns hold numbers (n3: the third) and which longer texts (w1).

        A column beyond the last that style.css knows has none.
        """
        found = []
        for i, cells in enumerate(list(zip(*self.rows, strict=True))[:MOST_STYLED], start=1):
            if any(cell.number for cell in cells):
                found.append(f"n{i}")
            elif any(len(cell.text) > WIDE for cell in cells):
                found.append(f"w{i}")
        return " ".join(found)

    @property
    def marked_rows(self) -> list[tuple[tuple[Cell, ...], Marks]]:
        """Every row that is listed, with its marks."""
        return list(zip(self.rows, self.marks or [NO_MARKS] * len(self.rows), strict=False))


def word(value: object) -> Cell:
    """A cell of text."""
    text = (
        NOT_THERE if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)
    )
    return Cell(text)


def figure(value: object, text: str = "", *, code: str = "") -> Cell:
    """A cell that holds a number, written as `text` or with three decimals."""
    missing = value is None or bool(pd.isna(value))  # type: ignore[call-overload]
    return Cell(text or shown(value), code=code if missing else "", number=True)


def cut(rows: Sequence[tuple[Cell, ...]], most: int) -> tuple[tuple[tuple[Cell, ...], ...], str]:
    """The first rows, and a sentence that says so where there are more."""
    if len(rows) <= most:
        return tuple(rows), ""
    note = f"The first {most} of {len(rows)} rows are shown."
    return tuple(rows[:most]), note
