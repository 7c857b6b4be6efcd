"""Atlases of spheres whose coordinates and networks are read from the installed nilearn."""

import hashlib
from collections.abc import Mapping
from typing import Any

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases.rows import COORDINATES, Row

Sphere = tuple[float, float, float, str, float]  # x, y, z (mm), network, radius (mm)


def spheres_of(settings: Mapping[str, Any]) -> list[Sphere]:
    """Spheres in the order of their publication, as nilearn's file lists them.

    settings : the function of `nilearn.datasets` that reads them, and the radius in mm where
    nilearn has none.
    """
    from nilearn import datasets

    table = getattr(datasets, settings["function"])(ordered_regions=False)
    radii = table.get("radius", [settings.get("radius_mm")] * len(table["rois"]))
    rows = zip(table["rois"].to_numpy(), table["networks"], radii, strict=True)
    return [(float(x), float(y), float(z), str(n), float(r)) for (x, y, z), n, r in rows]


def digest(spheres: list[Sphere]) -> str:
    """SHA-256 of coordinates and networks in order, to notice when they change."""
    lines = [f"{x:.2f} {y:.2f} {z:.2f} {network} {r:.1f}" for x, y, z, network, r in spheres]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def joined_with_nilearn(name: str, rows: list[Row], settings: Mapping[str, Any]) -> list[Row]:
    """Our rows with the coordinates (mm), radius (mm) and network that nilearn gives.

    The join is by position, so it is refused (E140) when nilearn's list is not, number for
    number, the one that our table was made for.
    """
    spheres = spheres_of(settings)
    if digest(spheres) != settings["sha256"]:
        msg = f"the coordinates that this nilearn has for {name!r} are not those of our table."
        raise DefaultModeError("E140", msg)
    renamed = settings["networks"]
    joined = []
    for row, (x, y, z, network, radius_mm) in zip(rows, spheres, strict=True):
        centre = dict(zip(COORDINATES, map(repr, (x, y, z)), strict=True))
        given = {"network": renamed.get(network, network), "radius_mm": repr(radius_mm), **centre}
        joined.append(row | given)
    return joined
