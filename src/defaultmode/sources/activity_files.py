"""Tables of regional blood flow or tracer uptake that were made elsewhere, read strictly."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.sources.atlases import match_columns
from defaultmode.sources.clinical_files import (
    LEVEL_KEYS,
    notice,
    read_clinical_file,
    table_sidecar,
)
from defaultmode.sources.names import BidsName, parse_name
from defaultmode.sources.sidecars import Sidecars
from defaultmode.sources.text_tables import MISSING, numbers, read_text_table

SUFFIXES = ("cbf", "pet")
FOLDERS = ("perf", "pet", "func")
Scan = tuple[BidsName, Path]


@dataclass(frozen=True, slots=True, eq=False)
class ActivityTable:
    """One quantity in the regions of one atlas, a row for each participant, session or run.

    quantity : as its column names begin, such as "cbf"
    unit, about : what the sidecars say, empty where they do not
    keys : the key columns of `level`; values : (n_rows, n_regions), in `unit`, NaN where n/a
    """

    quantity: str
    unit: str
    about: str
    source: str
    level: str
    keys: pd.DataFrame
    atlas: Atlas
    values: Array
    notices: tuple[str, ...] = ()


def read_activity_file(path: Path, atlases: Sequence[Atlas] = ()) -> ActivityTable:
    """Read a wide table: participant_id, further keys of a run, and one column for each region.

    The quantity is the name of the file; the JSON file beside it gives Units and Description. The
    columns are those of one of `atlases` or of an atlas of the package.

    Raises E133 (regions of no atlas), E134 (a cell is no number), E404, E405 and what a damaged
    table raises.
    """
    sidecar = table_sidecar(path)
    table = read_clinical_file(path, path.name, sidecar)[0]
    atlas, order = _atlas_of(table.values, "", atlases, path)
    return ActivityTable(
        quantity=_slug(path.name.split(".")[0]),
        unit=_said([sidecar], "Units", path.name),
        about=_said([sidecar], "Description", path.name),
        source=path.name,
        level=table.level,
        keys=table.rows[table.keys],
        atlas=atlas,
        values=_finite(table.rows[table.values], path)[:, order],
        notices=table.notices,
    )


def find_activity(
    root: Path, atlases: Sequence[Atlas] = ()
) -> tuple[list[ActivityTable], list[str]]:
    """Every quantity of the parcellated `_cbf.tsv` and `_pet.tsv` below a derivatives folder.

    One row of region columns in each file (or one column, a row for each region). Scans of one
    session are averaged. Of several atlases one of `atlases` comes first, then the first by name;
    a quantity that is there in no known atlas is left out with a notice (E133).

    Raises E131 (not one value for each region), E134, E208 (units differ) and what a damaged table
    or sidecar raises.
    """
    found: dict[str, dict[str, list[Scan]]] = defaultdict(lambda: defaultdict(list))
    for name, path in _parcellated(root):
        parts = (name.suffix, name.entities.get("trc"), name.entities.get("desc"))
        found[_slug("_".join(p for p in parts if p))][_label(name)].append((name, path))
    wanted = [a.label or a.name for a in atlases]
    tables, notices = [], []
    for quantity, scans in sorted(found.items()):
        labels = sorted(scans, key=lambda label: (label not in wanted, label))
        known = next((x for x in labels if _is_known(x, scans[x][0][1], atlases)), None)
        if known is None:
            msg = f"{quantity} in {root} is in regions of no known atlas ({', '.join(labels)})."
            notices.append(notice("E133", msg))
        else:
            tables.append(_together(root, quantity, scans[known], atlases))
    return tables, notices


def _parcellated(root: Path) -> Iterator[Scan]:
    for folder in FOLDERS:
        for pattern in (f"sub-*/{folder}/sub-*.tsv", f"sub-*/ses-*/{folder}/sub-*.tsv"):
            for path in sorted(root.glob(pattern)):
                name = parse_name(path.name)
                if name and name.suffix in SUFFIXES and _label(name) and _is_mean(name):
                    yield name, path


def _label(name: BidsName) -> str:
    return name.entities.get("atlas") or name.entities.get("seg", "")


def _is_mean(name: BidsName) -> bool:
    get = name.entities.get
    return get("stat", "mean") == "mean" and get("desc", "") != "coverage"


def _is_known(label: str, path: Path, atlases: Sequence[Atlas]) -> bool:
    try:
        _atlas_of(_regions_of(path)[0], label, atlases, path)
    except DefaultModeError as problem:
        if problem.code != "E133":
            raise
        return False
    return True


def _together(
    root: Path, quantity: str, scans: Sequence[Scan], atlases: Sequence[Atlas]
) -> ActivityTable:
    """The scans of one quantity and atlas as one table, a row for each session."""
    sidecars, label = Sidecars(root), _label(scans[0][0])
    atlas, _ = _atlas_of(_regions_of(scans[0][1])[0], label, atlases, scans[0][1])
    rows: dict[tuple[str, str], list[Array]] = defaultdict(list)
    for name, path in scans:
        regions, values = _regions_of(path)
        _, order = _atlas_of(regions, label, [atlas], path)
        session = name.entities.get("ses")
        rows[f"sub-{name.entities['sub']}", f"ses-{session}" if session else MISSING].append(
            values[order]
        )
    level = "session" if any(session != MISSING for _, session in rows) else "participant"
    keys = pd.DataFrame(list(rows), columns=list(LEVEL_KEYS["session"]), dtype=object)
    source = f"sub-*/**/*_atlas-{label}_*{scans[0][0].suffix}.tsv"
    said = [sidecars.of(path, name) for name, path in scans]
    return ActivityTable(
        quantity=quantity,
        unit=_said(said, "Units", source),
        about=_said(said, "Description", source),
        source=source,
        level=level,
        keys=keys[list(LEVEL_KEYS[level])],
        atlas=atlas,
        values=np.array([_mean(values) for values in rows.values()]),
    )


def _regions_of(path: Path) -> tuple[list[str], Array]:
    """Region names and values of one scan: a row of columns, or a column beside the names."""
    table = read_text_table(path)
    if len(table) == 1:
        return list(map(str, table.columns)), _finite(table, path)[0]
    if len(table.columns) == 2:
        return list(map(str, table.iloc[:, 0])), _finite(table.iloc[:, 1:], path)[:, 0]
    shape = f"{len(table)} rows and {len(table.columns)} columns"
    raise DefaultModeError("E131", f"{path} has {shape}; expected one row, a column each region.")


def _finite(cells: pd.DataFrame, path: Path) -> Array:
    values = numbers(cells, path)
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        where = f"{path}, line {row + 2}, column {cells.columns[column]!r}"
        raise DefaultModeError("E134", f"{where}, is not a finite number.")
    return values


def _atlas_of(
    names: Sequence[str], hint: str, atlases: Sequence[Atlas], path: Path
) -> tuple[Atlas, NDArray[np.intp]]:
    """The atlas whose regions these are, and the place of each; raises E133."""
    reasons = []
    for atlas in (*atlases, None):
        try:
            return match_columns(names, hint, atlas)
        except DefaultModeError as problem:
            reasons.append(problem.detail)
    raise DefaultModeError("E133", f"{path}: {reasons[-1]}")


def _mean(scans: Sequence[Array]) -> Array:
    """Mean over scans of what is known, (n_regions,), NaN where nothing is."""
    values = np.array(scans)
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    mean: Array = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def _said(sidecars: Sequence[Mapping[str, object]], key: str, source: str) -> str:
    """What all sidecars say under a key, empty where none says anything; raises E208."""
    texts = {v.strip() for s in sidecars if isinstance(v := s.get(key), str) and v.strip()}
    if len(texts) > 1:
        one, other, *_ = sorted(texts)
        raise DefaultModeError("E208", f"{key} of {source} is {one!r} here and {other!r} there.")
    return "".join(texts)


def _slug(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")
