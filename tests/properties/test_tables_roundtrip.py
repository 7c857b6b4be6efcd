"""Any table of texts that is written is read back the same."""

import csv
import math
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from defaultmode.sources.clinical import join, read_clinical
from defaultmode.sources.tables import numbers, read_text_table

PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters='\t\r\n\0"\ufeff')
CELLS = st.text(PLAIN, max_size=8)
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), max_size=8)


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[str]) -> list[list[str]]:
    header = draw(st.lists(cells.filter(str.strip), min_size=1, max_size=5, unique=True))
    row = st.lists(cells, min_size=len(header), max_size=len(header))
    rows = draw(st.lists(row, min_size=1, max_size=6))
    while len(header) > 1 and rows and not any(rows[-1]):
        rows[-1][0] = "x"
    return [header, *rows]


def read(text: str, name: str = "t.tsv") -> list[list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("utf-8"))
        table = read_text_table(path)
    return [list(table.columns), *table.to_numpy().tolist()]


@settings(deadline=None)
@given(tables(CELLS))
def test_plain_text(rows: list[list[str]]) -> None:
    assert read("".join("\t".join(row) + "\n" for row in rows)) == rows


@settings(deadline=None)
@given(tables(ANY))
def test_quoted_text(rows: list[list[str]]) -> None:
    lines = ("\t".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows)
    assert read("\n".join(lines)) == rows


@settings(deadline=None)
@given(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=20))
def test_numbers_survive_to_the_last_bit(values: list[float]) -> None:
    table = pd.DataFrame({"x": ["n/a" if math.isnan(v) else repr(v) for v in values]}, dtype=object)
    assert list(map(repr, numbers(table, Path("x"))[:, 0].tolist())) == list(map(repr, values))


LABEL = st.text("0123456789abcXYZ", min_size=1, max_size=6)


@settings(deadline=None)
@given(st.dictionaries(LABEL, CELLS.filter(lambda c: c not in {"", "n/a"}), min_size=1, max_size=8))
def test_a_participants_text_reaches_the_study_unchanged(group: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "participants.tsv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(
                file,
                delimiter="\t",
                quoting=csv.QUOTE_NONE,
                escapechar=None,
                quotechar=None,
                lineterminator="\n",
            )
            writer.writerows(
                [("participant_id", "group"), *((f"sub-{k}", v) for k, v in group.items())]
            )
        clinical = read_clinical([Path(folder)], [])
    keys = pd.DataFrame({"participant_id": [f"sub-{k}" for k in reversed(group)]}, dtype=object)
    for key in ("session_id", "task_id", "acquisition_id", "direction_id", "run_id", "atlas"):
        keys[key] = "n/a"
    table, columns, missing = join(clinical, keys)
    assert table["group"].tolist() == list(reversed(group.values()))
    assert columns["group"].kind == "text"
    assert missing.empty
