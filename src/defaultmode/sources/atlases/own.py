"""The user's own atlas: a table of regions, with or without a label image beside it."""

import re
from pathlib import Path

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases.parcels import Parcellation, read_parcellation
from defaultmode.sources.atlases.rows import COORDINATES, Row, read_rows, region_in

IMAGES = (".nii.gz", ".nii")
NAME_COLUMNS = ("name", "label")
NETWORK_COLUMNS = ("network", "network_label")
FINER_NETWORKS = "network_label_17network"  # XCP-D: tells ContC from ContA and ContB
BACKGROUND = 0

# Schaefer 2018 and Yeo 2011 names and their abbreviations, the first that fits; control network C
# (precuneus and posterior cingulate) is neither default nor task-positive.
ROLE_OF_NETWORK = (
    (re.compile(r"default|dmn(?![a-z])", re.IGNORECASE), "default"),
    (re.compile(r"cont(rol)?_?c(?![a-z])", re.IGNORECASE), "other"),
    (re.compile(r"dors(al)?[ _-]?att|dan(?![a-z])", re.IGNORECASE), "task-positive"),
    (re.compile(r"cont(rol)?[ab]?(?![a-z])", re.IGNORECASE), "task-positive"),
    (re.compile(r"fpn(?![a-z])|fronto[ _-]?parietal", re.IGNORECASE), "task-positive"),
    (re.compile(r"sal(ience|vent|(?![a-z]))", re.IGNORECASE), "salience"),
)
BORDER = re.compile(r"Cont_(pCun|Cing)")  # as Schaefer's 7-network names spell them
DORSAL = re.compile(
    r"(?:(?:7|17)Networks_)?(?:[LR]H_)?(dors(al)?[ _-]?att|dan(?![a-z]))", re.IGNORECASE
)
UNASSIGNED = "Unassigned"


def is_path(name_or_path: str) -> bool:
    """Whether this names a file rather than an atlas of the package."""
    return name_or_path.lower().endswith((".tsv", *IMAGES))


def role_of_network(network: str) -> str:
    """What a network is to the default mode network, by its name."""
    plain = re.sub(r"^(7|17)Networks_([LR]H_)?", "", network.strip())
    for pattern, role in ROLE_OF_NETWORK:
        if pattern.match(plain):
            return role
    return "other"


def own_atlas(path: Path) -> Atlas:
    """Read an atlas from PATH.tsv, or from a label image with its table beside it.

    Raises E101, E130, E132, E135 (the table) and E140 (a column is missing, a name appears twice).
    """
    if path.name.lower().endswith(IMAGES):
        own_parcellation(path)
    table = _table_of(path)
    regions = tuple(region_in(row, str(table)) for row in _rows(table))
    stem = table.name[: -len(".tsv")]
    label = re.search(r"(?:^|_)(?:atlas|seg)-([A-Za-z0-9]+)", stem)
    return Atlas(
        name=stem,
        regions=regions,
        label=label.group(1) if label else re.sub(r"[^A-Za-z0-9]", "", stem),
        sentence=f"Your own atlas of {len(regions)} regions, read from {table.name}.",
        licence="as its owner states",
    )


def own_parcellation(path: Path) -> Parcellation | None:
    """The user's label image, its labels joined to the table by index; None for a lone table."""
    table = _table_of(path)
    stem = table.name[: -len(".tsv")]
    images = [p for p in (table.with_name(stem + end) for end in IMAGES) if p.is_file()]
    image = path if path != table else next(iter(images), None)
    if image is None:
        return None
    rows = _rows(table)
    if "index" not in rows[0]:
        msg = f"{table} has no column index; the labels of {image.name} are joined by it."
        raise DefaultModeError("E140", msg)
    return read_parcellation(image, tuple(_index(row, table) for row in rows))


def own_files(path: Path) -> list[Path]:
    """The files that a user's own atlas consists of: its table and its label image."""
    table = _table_of(path)
    stem = table.name[: -len(".tsv")]
    return [p for p in (table, *(table.with_name(stem + e) for e in IMAGES)) if p.is_file()]


def _table_of(path: Path) -> Path:
    for end in (*IMAGES, ".tsv"):
        if path.name.lower().endswith(end):
            return path.with_name(path.name[: -len(end)] + ".tsv")
    return path


def _index(row: Row, table: Path) -> int:
    if not row["index"].isdigit():
        msg = f"index of region {row['name']!r} is {row['index']!r} in {table}; expected digits."
        raise DefaultModeError("E140", msg)
    return int(row["index"])


def _rows(table: Path) -> list[Row]:
    rows = read_rows(table)
    name = _column(rows[0], NAME_COLUMNS, table)
    network = _column(rows[0], NETWORK_COLUMNS, table)
    kept = [row | {"name": row[name], "network": _network(row[network])} for row in rows]
    if "index" in rows[0]:
        kept = [row for row in kept if _index(row, table) != BACKGROUND]
        _check_indices(kept, table)
    for row in kept:
        if not row["name"]:
            raise DefaultModeError("E140", f"a row of {table} has no name: {row}.")
        _check_centre(row, table)
    if "role" not in rows[0]:
        finer = FINER_NETWORKS if FINER_NETWORKS in rows[0] else "network"
        kept = [row | {"role": _role(row, row[finer] or row["network"])} for row in kept]
    return kept


def _network(named: str) -> str:
    """The network as the user calls it; the dorsal attention network as every atlas here does."""
    return "DorsalAttention" if DORSAL.match(named) else named or UNASSIGNED


def _role(row: Row, network: str) -> str:
    # Posterior midline parcels of the control network border the default mode: neither's.
    return "other" if BORDER.search(row["name"]) else role_of_network(network)


def _column(row: Row, names: tuple[str, ...], table: Path) -> str:
    for name in names:
        if name in row:
            return name
    msg = f"{table} has the columns {', '.join(row)}; expected one called {' or '.join(names)}."
    raise DefaultModeError("E140", msg)


def _check_indices(rows: list[Row], table: Path) -> None:
    indices = [row["index"] for row in rows]
    twice = {i for i in indices if indices.count(i) > 1}
    if twice:
        raise DefaultModeError("E140", f"index {min(twice)} appears twice in {table}.")


def _check_centre(row: Row, table: Path) -> None:
    given = [bool(row.get(column)) for column in COORDINATES]
    if any(given) and not all(given):
        msg = f"region {row['name']!r} of {table} has some of {', '.join(COORDINATES)}, not all."
        raise DefaultModeError("E140", msg)
