"""Which atlas the columns of a table belong to, by their names."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases.named_atlas import atlas_from_names
from defaultmode.sources.atlases.registry import about, atlas_names, registered_atlas, table_of

Names = tuple[str, ...]


def match_atlas(columns: Sequence[str], hint: str = "") -> tuple[Atlas, NDArray[np.intp]]:
    """The atlas whose regions these columns are, and the column of each region, (n_regions,).

    Every column must be a region and every region a column. Names are compared as they stand, then
    with the atlas' other naming schemes, then without regard to case and separators; the first of
    these that fits decides. hint : the BIDS entity `atlas-` or `seg-`, which decides when several
    atlases fit. Raises E133 when none or several do, E132 when a column appears twice.
    """
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise DefaultModeError("E132", f"two columns are called {twice[0]!r}.")
    for plain in (False, True):
        wanted = [_plain(c) if plain else c for c in columns]
        fitting = dict(_fitting(wanted, plain=plain))
        if fitting:
            name = _chosen(tuple(fitting), hint)
            place = {column: i for i, column in enumerate(wanted)}
            indices = np.array([place[n] for n in fitting[name]], dtype=np.intp)
            return registered_atlas(name), indices
    raise DefaultModeError("E133", _unmatched(columns, hint))


def match_columns(
    columns: Sequence[str], hint: str, atlas: Atlas | None
) -> tuple[Atlas, NDArray[np.intp]]:
    """Atlas of these columns, and for each of its regions the index of its column.

    The user's atlas where one is given (columns beyond it are left out), else a known one, else one
    told from names in Schaefer's style. Raises E131 and E133.
    """
    position = {name: i for i, name in enumerate(columns)}
    if atlas is None:
        try:
            return match_atlas(columns, hint)
        except DefaultModeError as unknown:
            atlas = atlas_from_names(columns) if unknown.code == "E133" else None
            if atlas is None:
                raise
    found = [
        next((position[n] for n in (r.name, *r.aliases) if n in position), -1)
        for r in atlas.regions
    ]
    if -1 in found:
        name = atlas.names[found.index(-1)]
        msg = f"there is no column for region {name!r} of atlas {atlas.name!r}."
        raise DefaultModeError("E131", msg)
    return atlas, np.array(found, dtype=np.intp)


def _plain(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.lower())


def _schemes(atlas: str) -> list[Names]:
    """The naming schemes of an atlas: its own names, then each position of the aliases."""
    rows = table_of(atlas)
    aliases = zip(*(row["aliases"].split("|") for row in rows), strict=True)
    own = tuple(row["name"] for row in rows)
    return [own, *(scheme for scheme in aliases if all(scheme))]


def _fitting(wanted: list[str], *, plain: bool) -> Iterator[tuple[str, Names]]:
    """Atlases that have exactly these names, each with the scheme that fits, in region order."""
    for atlas in atlas_names():
        for scheme in _schemes(atlas):
            names = tuple(_plain(n) for n in scheme) if plain else scheme
            if len(names) == len(wanted) and set(names) == set(wanted):
                yield atlas, names
                break


def _chosen(fitting: Names, hint: str) -> str:
    if len(fitting) == 1:
        return fitting[0]
    hinted = [n for n in fitting if _plain(hint) in (_plain(n), _plain(about(n)["label"]))]
    if len(hinted) != 1:
        msg = f"the columns fit {', '.join(fitting)}; the hint {hint!r} does not tell them apart."
        raise DefaultModeError("E133", msg)
    return hinted[0]


def _unmatched(columns: Sequence[str], hint: str) -> str:
    """What is missing to the atlas that comes closest."""
    wanted = {_plain(c): c for c in columns}
    found = {
        (atlas, i): {_plain(n): n for n in names}
        for atlas in atlas_names()
        for i, names in enumerate(_schemes(atlas))
    }
    nearest = max(found, key=lambda key: len(wanted.keys() & found[key].keys()))
    unknown = [c for plain, c in wanted.items() if plain not in found[nearest]]
    absent = [n for plain, n in found[nearest].items() if plain not in wanted]
    hinted = f" (atlas entity {hint!r})" if hint else ""
    msg = f"{len(columns)} columns{hinted}; the nearest atlas is {nearest[0]!r}."
    if unknown:
        msg += f" Columns that are none of its regions: {', '.join(unknown[:3])}."
    if absent:
        msg += f" Regions that have no column: {', '.join(absent[:3])}."
    return msg
