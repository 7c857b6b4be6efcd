"""Text tables read strictly: every cell stays the text that it is."""

import contextlib
import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array

if TYPE_CHECKING:
    import pandas as pd

MISSING = "n/a"
LARGEST_BYTES = 2**30  # a table of a gigabyte is a decompression bomb, not a table
NUMERIC = frozenset("0123456789+-.eEnaifNAIFtyTY")  # no underscore, blank or comma


def read_text_table(path: Path) -> "pd.DataFrame":
    """Read a tab-separated table (or .tsv.gz, or .csv), every cell as text.

    Byte-order mark and CRLF line ends are tolerated, quotes follow the BIDS rule; "n/a" stays the
    text "n/a". Raises E101 (no file), E102 and E103 (gzip), E104 (over 1 GiB), E130 (ragged row,
    NUL byte, not UTF-8), E132 (a column twice) and E135 (no rows).
    """
    import pandas as pd

    header, *rows = text_rows(Path(path))
    _check_header(header, path)
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            msg = f"{path}, line {line}, has {len(row)} columns; the header has {len(header)}."
            raise DefaultModeError("E130", msg)
    if not rows:
        raise DefaultModeError("E135", f"{path} has a header and no rows.")
    cells = np.empty((len(rows), len(header)), dtype=object)
    cells[:] = rows
    return pd.DataFrame(cells, columns=pd.Index(header, dtype=object), dtype=object)


def text_rows(path: Path) -> list[list[str]]:
    """Every line of a table as its cells, with or without a header; ragged rows stay ragged.

    Raises E101, E102, E103, E104, E130 and E135 as `read_text_table` does.
    """
    text = _text(path).replace("\r\n", "\n")
    if "\r" in text:
        raise DefaultModeError("E130", f"{path} holds a carriage return inside a line.")
    if not text.strip():
        raise DefaultModeError("E135", f"{path} holds nothing but blanks.")
    comma = path.suffix == ".csv"
    if comma or '"' in text:
        rows = _quoted_rows(text, "," if comma else "\t", path)
    else:
        rows = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    while len(rows[0]) > 1 and rows[-1] in ([""], []):
        rows.pop()
    return rows


def _quoted_rows(text: str, delimiter: str, path: Path) -> list[list[str]]:
    """Rows where a cell may stand in double quotes, as BIDS allows for a cell that holds a tab."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [row or [""] for row in reader]
    except csv.Error as problem:
        msg = f"{path}, line {reader.line_num}: {problem}."
        raise DefaultModeError("E130", msg) from problem


def _text(path: Path) -> str:
    raw = _bytes(path)
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise DefaultModeError(
            "E130", f"{path}, line {line}, holds a NUL byte; expected UTF-8 text."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise DefaultModeError("E130", f"{path}, line {line}, is not UTF-8.") from problem


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            content = stream.read(LARGEST_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as problem:
        raise DefaultModeError("E101", f"there is no file {path}.") from problem
    except PermissionError as problem:
        raise DefaultModeError("E602", f"{path} cannot be read.") from problem
    except EOFError as problem:
        raise DefaultModeError("E102", f"{path} ends inside its gzip stream.") from problem
    except (gzip.BadGzipFile, zlib.error) as problem:
        raise DefaultModeError("E103", f"{path}: {problem}.") from problem
    if not content:
        raise DefaultModeError("E101", f"{path} is empty.")
    if len(content) > LARGEST_BYTES:
        raise DefaultModeError("E104", f"{path} holds over {LARGEST_BYTES} bytes.")
    return content


def _check_header(header: Sequence[str], path: Path) -> None:
    if "" in header:
        column = list(header).index("") + 1
        raise DefaultModeError("E130", f"{path}: column {column} has no name.")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise DefaultModeError("E132", f"{path} has {twice[0]!r} twice.")


def numbers(table: "pd.DataFrame", path: Path) -> Array:
    """Read the table as numbers, shape (n_rows, n_columns), NaN for "n/a" and for "nan".

    Raises E134 with line and column for any other text: a decimal comma, a unit, an underscore.
    """
    cells = table.to_numpy(dtype=object)
    written = ["nan" if cell == MISSING else cell for cell in cells.ravel().tolist()]
    if NUMERIC.issuperset("".join(written)):
        with contextlib.suppress(ValueError):
            return np.array([float(cell) for cell in written]).reshape(cells.shape)
    row, column = next((r, c) for (r, c), cell in np.ndenumerate(cells) if not is_number(cell))
    msg = (
        f"{path}, line {row + 2}, column {table.columns[column]!r}: "
        f"{cells[row, column][:40]!r} is not a number."
    )
    raise DefaultModeError("E134", msg)


def is_number(cell: str) -> bool:
    """Whether a cell is "n/a" or a number as `numbers` reads it."""
    if cell == MISSING:
        return True
    if not NUMERIC.issuperset(cell):
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True
