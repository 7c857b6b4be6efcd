"""One row of an atlas table, as text, and the region that it describes."""

from pathlib import Path

from defaultmode.core.atlas import Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.text_tables import MISSING, read_text_table

Row = dict[str, str]
TRUE = ("", "true")  # an empty cell is a membership that was checked
COORDINATES = ("x_mm", "y_mm", "z_mm")


def read_rows(path: Path) -> list[Row]:
    """Rows of a table as text, with `n/a` turned into empty text; raises as `read_text_table`."""
    table = read_text_table(path)
    header = [str(column) for column in table.columns]
    return [
        dict(zip(header, map(_plain, cells), strict=True)) for cells in table.to_numpy().tolist()
    ]


def _plain(cell: str) -> str:
    text = cell.strip()
    return "" if text == MISSING else text


def number_in(row: Row, column: str, where: str) -> float | None:
    """The number in a cell, None where it is empty; raises E140 when it is not a number."""
    text = row.get(column, "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        msg = (
            f"{column} of region {row.get('name')!r} is {text!r} in {where}; expected millimetres."
        )
        raise DefaultModeError("E140", msg) from error


def region_in(row: Row, where: str) -> Region:
    """One region from one row; raises E140 when a coordinate is not a number."""
    x, y, z = (number_in(row, column, where) for column in COORDINATES)
    return Region(
        name=row["name"],
        network=row["network"],
        role=row.get("role") or "other",
        subsystem=row.get("subsystem", ""),
        place=row.get("place", ""),
        hemisphere=row.get("hemisphere", ""),
        xyz_mm=None if x is None or y is None or z is None else (x, y, z),
        radius_mm=number_in(row, "radius_mm", where),
        verified=row.get("verified", "").lower() in TRUE,
        aliases=tuple(alias for alias in row.get("aliases", "").split("|") if alias),
    )
