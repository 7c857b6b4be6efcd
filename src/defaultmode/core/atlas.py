"""The map from columns to brain regions, networks and anatomical names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import MOST_ROWS, Preview, Shown

ROLES = ("default", "task-positive", "salience", "other")
SUBSYSTEMS = ("core", "dMPFC", "MTL")
PLACES = (
    "medial prefrontal cortex",
    "posterior cingulate",
    "precuneus",
    "angular gyrus",
    "medial temporal lobe",
)
HEMISPHERES = ("L", "R", "M", "")


@dataclass(frozen=True, slots=True)
class Region:
    """One region: what it is called and where it belongs.

    `network` is the full partition of the atlas (every region has one); `role` says what the region
    is to the account of the default mode network; `subsystem` and `place` are empty where none is
    known; `xyz_mm` is the centre in MNI space, None where it is not known; `radius_mm` is given
    where the region is a sphere; `verified` is False until a coordinate or membership that was
    taken from memory has been checked against its source.
    """

    name: str
    network: str
    role: str = "other"
    subsystem: str = ""
    place: str = ""
    hemisphere: str = ""
    xyz_mm: tuple[float, float, float] | None = None
    radius_mm: float | None = None
    verified: bool = True
    aliases: tuple[str, ...] = ()


def _check(name: str, regions: tuple[Region, ...]) -> None:
    allowed = (
        ("role", ROLES),
        ("subsystem", ("", *SUBSYSTEMS)),
        ("place", ("", *PLACES)),
        ("hemisphere", HEMISPHERES),
    )
    if not regions:
        raise DefaultModeError("E140", f"atlas {name!r} has no regions.")
    twice = [n for n, count in Counter(r.name for r in regions).items() if count > 1]
    if twice:
        raise DefaultModeError("E140", f"atlas {name!r} has two regions called {twice[0]!r}.")
    for region in regions:
        for field, values in allowed:
            value = getattr(region, field)
            if value not in values:
                where = f"region {region.name!r} of atlas {name!r}"
                msg = f"{where} has {field} {value!r}; expected one of {values}."
                raise DefaultModeError("E140", msg)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Atlas(Shown):
    """Regions in column order.

    name : the registry name, such as "schaefer100"; label : the BIDS entity value ("Schaefer100").
    sentence : what it is; cites : keys of the reference list; licence : whose it is.
    """

    name: str
    regions: tuple[Region, ...]
    label: str = ""
    sentence: str = ""
    cites: tuple[str, ...] = ()
    licence: str = ""

    def __post_init__(self) -> None:
        _check(self.name, self.regions)

    def __len__(self) -> int:
        return len(self.regions)

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        roles = {f"{role} regions": len(self.members(role)) for role in ROLES}
        return {"name": self.name, "sentence": self.sentence, **roles, "licence": self.licence}

    def preview(self) -> Preview:
        """Its first regions."""
        header = ("name", "network", "role", "subsystem", "place")
        rows = [[getattr(region, name) for name in header] for region in self.regions[:MOST_ROWS]]
        return Preview(header, rows, len(self))

    @property
    def names(self) -> tuple[str, ...]:
        """Region names in column order."""
        return tuple(r.name for r in self.regions)

    @property
    def networks(self) -> tuple[str, ...]:
        """Network of each region, in column order."""
        return tuple(r.network for r in self.regions)

    @property
    def centres_mm(self) -> NDArray[np.float64]:
        """MNI centres, shape (n_regions, 3), NaN where a centre is not known."""
        unknown = (np.nan, np.nan, np.nan)
        return np.array([r.xyz_mm or unknown for r in self.regions], dtype=np.float64)

    def members(
        self, role: str | None = None, *, network: str = "", subsystem: str = "", place: str = ""
    ) -> NDArray[np.intp]:
        """Column indices of the regions that meet every condition given, shape (k,), k may be 0."""
        if role is not None and role not in ROLES:
            raise DefaultModeError("E410", f"no role is called {role!r}; there are {ROLES}.")
        wanted = [
            (role is None or r.role == role)
            and (not network or r.network == network)
            and (not subsystem or r.subsystem == subsystem)
            and (not place or r.place == place)
            for r in self.regions
        ]
        return np.flatnonzero(np.array(wanted, dtype=bool))

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> "Atlas":
        """The same atlas with these regions only, in this order."""
        kept = tuple(self.regions[int(i)] for i in indices)
        return Atlas(self.name, kept, self.label, self.sentence, self.cites, self.licence)
