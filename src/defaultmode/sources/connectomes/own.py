"""The user's own connectome and region maps, read strictly from text tables."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.connectomes.fitting import misfit_of, positions
from defaultmode.sources.text_tables import MISSING, is_number, text_rows

Array = NDArray[np.float64]


class Square(NamedTuple):
    """A square table: region names in row order, values (n_regions, n_regions), NaN for `n/a`."""

    regions: tuple[str, ...]
    values: Array


def read_connectome(
    weights: Path, lengths: Path | None = None, *, regions: Sequence[str] | None = None
) -> Connectome:
    """Read a connectome from a .tsv or .csv table of weights, and one of tract lengths in mm.

    First row and first column are the region names; columns may stand in another order than rows.
    A row receives from its columns, so the table need not be symmetric. Weights are kept as given
    (see `with_unit_strength`). Lengths are only needed where there is a weight; a bare square of
    lengths is taken in the order of the weights.
    regions : names for a bare square of numbers; without them such a table is refused, as nobody
        could tell which row is which region. A table that has names keeps its own.

    Raises E101 (no file), E130 (ragged, not UTF-8), E132 (a name twice), E134 (not a number),
    E501 (not square, names that do not match, `n/a`, self-connections, a tract of no length),
    E502 (negative) and E503 (isolated regions).
    """
    table = _read_square(Path(weights), regions)
    symmetric = np.array_equal(table.values, table.values.T)
    shape = "symmetric" if symmetric else "not symmetric: a row receives from its columns"
    return Connectome(
        name=Path(weights).name.partition(".")[0],
        regions=table.regions,
        weights=table.values,
        lengths_mm=None if lengths is None else _read_lengths(Path(lengths), table),
        sentence=(
            f"Your own connectome of {len(table.regions)} regions, "
            f"read from {Path(weights).name}; {shape}."
        ),
        licence="as its owner states",
    )


def read_map(path: Path, regions: Sequence[str], *, column: str = "") -> Array:
    """Read one value for each region from a .tsv or .csv table, (n_regions,), in any unit.

    With names: a header, region names in the first column, values in the column of that name, which
    may be left out where there is only one. Without names, every cell a number: one row for each
    region in the order of `regions`, and `column` counts from 1.

    Raises E101 (no file), E130 (ragged, not UTF-8), E134 (not a number) and E513 (a region is
    missing, unknown, named twice or `n/a`; no such column, or several and none chosen).
    """
    rows = _even_rows(Path(path))
    bare = all(map(is_number, rows[0]))
    names = list(regions) if bare else [row[0] for row in rows[1:]]
    values = rows if bare else [row[1:] for row in rows[1:]]
    header = [str(i + 1) for i in range(len(rows[0]))] if bare else rows[0][1:]
    order = positions(names, regions) if len(values) == len(regions) else None
    if order is None:
        misfit = "no names" if bare else misfit_of(names, regions)
        msg = f"{path} has {len(values)} regions; expected {len(regions)}: {misfit}."
        raise DefaultModeError("E513", msg)
    chosen = _chosen_column(header, column, path)
    found = np.array([_number(values[i][chosen], f"{path}, region {names[i]!r}") for i in order])
    if not np.isfinite(found).all():
        region = regions[int(np.flatnonzero(~np.isfinite(found))[0])]
        raise DefaultModeError("E513", f"{path} has no finite value for region {region!r}.")
    return found


def _read_square(path: Path, regions: Sequence[str] | None) -> Square:
    rows = _even_rows(path)
    if all(map(is_number, rows[0])):
        return _bare_square(path, rows, regions)
    names, columns = [row[0] for row in rows[1:]], rows[0][1:]
    _check_names(path, columns)
    _check_names(path, names)
    if set(names) != set(columns):
        misfit = misfit_of(names, columns)
        raise DefaultModeError("E501", f"{path}: its row names are not its column names: {misfit}.")
    place = {name: i for i, name in enumerate(columns)}
    values = _numbers(path, [row[1:] for row in rows[1:]], (names, columns))
    return Square(tuple(names), values[:, [place[name] for name in names]])


def _bare_square(path: Path, rows: list[list[str]], regions: Sequence[str] | None) -> Square:
    """A square of numbers alone, whose regions the caller must name."""
    shape = (len(rows), len(rows[0]))
    if regions is None:
        msg = f"{path} is {shape[0]} × {shape[1]} numbers without region names."
        raise DefaultModeError("E501", msg)
    if shape != (len(regions), len(regions)):
        msg = f"{path} is {shape[0]} × {shape[1]} numbers; {len(regions)} regions were named."
        raise DefaultModeError("E501", msg)
    _check_names(path, regions)
    return Square(tuple(regions), _numbers(path, rows, (regions, regions)))


def _read_lengths(path: Path, weights: Square) -> Array:
    """Tract lengths in mm in the order of the weights, 0 where there is no weight."""
    table = _read_square(path, weights.regions)
    order = positions(table.regions, weights.regions)
    if order is None:
        misfit = misfit_of(table.regions, weights.regions)
        raise DefaultModeError("E501", f"{path} has other regions than the weights: {misfit}.")
    lengths_mm = table.values[np.ix_(order, order)]
    connected = weights.values > 0
    without = connected & (lengths_mm == 0)
    if without.any():
        row, column = np.argwhere(without)[0]
        pair = f"{weights.regions[row]!r} ← {weights.regions[column]!r}"
        raise DefaultModeError("E501", f"{path} gives the connection {pair} a length of 0 mm.")
    return np.where(~connected & np.isnan(lengths_mm), 0.0, lengths_mm)


def _even_rows(path: Path) -> list[list[str]]:
    """The rows of a table that all have as many cells as the first."""
    rows = text_rows(path)
    for line, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            msg = f"{path}, line {line}, has {len(row)} cells; the first has {len(rows[0])}."
            raise DefaultModeError("E130", msg)
    return rows


def _check_names(path: Path, names: Sequence[str]) -> None:
    if "" in names:
        position = list(names).index("") + 1
        raise DefaultModeError("E501", f"{path}: region {position} has no name.")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DefaultModeError("E132", f"{path} has the region {twice[0]!r} twice.")


def _numbers(
    path: Path, cells: list[list[str]], names: tuple[Sequence[str], Sequence[str]]
) -> Array:
    """Cells as numbers, NaN for `n/a`; names : of the rows and of the columns, for the error."""
    rows, columns = names
    return np.array(
        [
            [
                _number(cell, f"{path}, row {row!r}, column {column!r}")
                for column, cell in zip(columns, line, strict=True)
            ]
            for row, line in zip(rows, cells, strict=True)
        ]
    ).reshape(len(rows), len(columns))


def _number(cell: str, where: str) -> float:
    if not is_number(cell):
        raise DefaultModeError("E134", f"{where}: {cell[:40]!r} is not a number.")
    return float("nan") if cell == MISSING else float(cell)


def _chosen_column(header: list[str], column: str, path: Path) -> int:
    known = f"{path} has the columns {', '.join(header) or 'of names alone'}"
    if not column:
        if len(header) != 1:
            raise DefaultModeError("E513", f"{known}; say which one is the map.")
        return 0
    if header.count(column) != 1:
        raise DefaultModeError("E513", f"{known}; expected one called {column!r}.")
    return header.index(column)
