"""An atlas told from parcel names alone, where they follow the naming of Schaefer (2018)."""

import re
from collections.abc import Sequence

from defaultmode.core.atlas import Atlas, Region
from defaultmode.sources.atlases.own import role_of_network

PARCEL = re.compile(
    r"(?:(?P<scheme>7|17)Networks_)?(?P<side>[LR])H_(?P<network>[A-Za-z]+)(?:_(?P<rest>\w+))?"
)
# Networks of Yeo (2011) as Schaefer's names spell them, by the number of networks.
NETWORKS = {
    "7": frozenset({"Vis", "SomMot", "DorsAttn", "SalVentAttn", "Limbic", "Cont", "Default"}),
    "17": frozenset(
        {"VisCent", "VisPeri", "SomMotA", "SomMotB", "DorsAttnA", "DorsAttnB", "TempPar"}
        | {"SalVentAttnA", "SalVentAttnB", "LimbicA", "LimbicB", "ContA", "ContB", "ContC"}
        | {"DefaultA", "DefaultB", "DefaultC"}
    ),
}
# Beginning of a network's name → what every atlas of the package calls it.
FULL_NAME = {
    "Vis": "Visual",
    "SomMot": "Somatomotor",
    "DorsAttn": "DorsalAttention",
    "SalVentAttn": "Salience",
    "Limbic": "Limbic",
    "Cont": "Control",
    "Default": "Default",
    "TempPar": "TemporalParietal",
}
# Default A, B, C of the 17 networks are the core, dMPFC and MTL subsystems (Yeo 2011).
SUBSYSTEM = {"DefaultA": "core", "DefaultB": "dMPFC", "DefaultC": "MTL"}
# Posterior midline parcels of the control network border the default mode and count to neither.
NEITHER = ("pCun", "Cing")
PLACE = {
    "PFCm": "medial prefrontal cortex",
    "Rsp": "posterior cingulate",
    "IPL": "angular gyrus",
    "Par": "angular gyrus",
    "PHC": "medial temporal lobe",
}
SUBCORTICAL = (
    "accumbens",
    "amygdala",
    "brain_stem",
    "brainstem",
    "caudate",
    "cerebell",
    "diencephalon",
    "hippocampus",
    "pallidum",
    "putamen",
    "thalamus",
)


def atlas_from_names(columns: Sequence[str]) -> Atlas | None:
    """Tell an atlas from its column names, None where fewer than half are Schaefer parcels.

    Region order is that of the names (left before right, parcels before the rest), whatever the
    order of the columns. Other columns are kept as network "Subcortical" or "other". Centres are
    not known. Source: Schaefer 2018, Yeo 2011.
    """
    scheme = _scheme(columns)
    if not scheme:
        return None
    regions = {name: _region(name, scheme) for name in columns}
    parcels = [name for name in columns if _parcel(name, scheme) is not None]
    others = len(regions) - len(parcels)
    if others > len(parcels):
        return None
    ordered = sorted(regions, key=lambda name: (name not in parcels, _in_words(name)))
    extra = f" and {others} other regions" if others else ""
    return Atlas(
        name=f"schaefer{len(parcels)}-{scheme}networks" + (f"-{others}others" if others else ""),
        regions=tuple(regions[name] for name in ordered),
        label=f"Schaefer{len(parcels)}In{scheme}" + (f"And{others}" if others else ""),
        sentence=(
            f"{len(parcels)} Schaefer parcels in {scheme} networks{extra}, told from the names of "
            "the columns; centres are not known."
        ),
        cites=("Schaefer2018", "Yeo2011"),
    )


def _scheme(columns: Sequence[str]) -> str:
    """7 or 17, whichever more of the names follow; empty where none does."""
    count = {s: sum(_parcel(name, s) is not None for name in columns) for s in NETWORKS}
    best = max(count, key=lambda s: count[s])
    return best if count[best] else ""


def _parcel(name: str, scheme: str) -> re.Match[str] | None:
    """The parts of a parcel's name; None where the name is of no parcel of this scheme."""
    match = PARCEL.fullmatch(name)
    if match is None or match["scheme"] not in {None, scheme}:
        return None
    return match if match["network"] in NETWORKS[scheme] else None


def _region(name: str, scheme: str) -> Region:
    match = _parcel(name, scheme)
    if match is None:
        known = any(word in name.lower() for word in SUBCORTICAL)
        return Region(name, "Subcortical" if known else "other", hemisphere=_hemisphere(name))
    network, rest = match["network"], match["rest"] or ""
    neither = network == "Cont" and rest.startswith(NEITHER)
    role = "other" if neither else role_of_network(network)
    place = PLACE.get(rest.partition("_")[0], "") if role == "default" else ""
    return Region(
        name,
        next(full for begin, full in FULL_NAME.items() if network.startswith(begin)),
        role=role,
        subsystem=SUBSYSTEM.get(network, ""),
        place=place,
        hemisphere=match["side"],
    )


def _hemisphere(name: str) -> str:
    words = set(re.split(r"[_\W]+", name.lower()))
    if words & {"left", "lh", "l"}:
        return "L"
    if words & {"right", "rh", "r"}:
        return "R"
    return "M" if words & {"stem", "brainstem", "vermis"} else ""


def _in_words(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Sort key in which _10 follows _9."""
    return tuple(
        (part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"(\d+)", name)
    )
