"""Twins that `fit` left in a folder: which there are, and what they stand on."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities
from defaultmode.outputs.twins import TWIN_MEASURES, TWIN_MODEL
from defaultmode.pipeline.substrate import EMBEDDED_ATLAS, own_map
from defaultmode.simulation.scoreboard.quantities import Ground
from defaultmode.simulation.twin import Twin, restored
from defaultmode.sources.atlases import load_atlas, match_columns
from defaultmode.sources.connectomes import embedded_maps
from defaultmode.sources.names import parse_name

Array = NDArray[np.float64]
EVERYBODY = "all"


@dataclass(frozen=True, slots=True)
class FoundTwin:
    """A twin's file.

    atlas : its BIDS label; failed : why `fit` advises against it, None where it does not
    personal : whether it shows its person better than the others' average does; None where unknown
    """

    path: Path
    entities: Entities
    atlas: str
    failed: Missing | None = None
    personal: bool | None = None

    @property
    def key(self) -> str:
        """Which run it is of, and in which atlas."""
        return f"{self.entities.stem}_atlas-{self.atlas}"

    @property
    def participant(self) -> str:
        """BIDS label of its person, with its prefix."""
        return f"sub-{self.entities.participant}"


def find_twins(folder: Path, who: str, atlas: str = "") -> tuple[FoundTwin, ...]:
    """The twins of a participant ("sub-01" or "01") or of "all", in order of their files.

    atlas : name or file, where there are twins in several. Raises E101 (no such folder), E518 (no
    such twin, or twins in several atlases) and E515 (it failed, and no other is asked for).
    """
    if not folder.is_dir():
        raise DefaultModeError("E101", f"there is no folder {folder}.")
    every = [_found(path) for path in sorted(folder.rglob(f"sub-*{TWIN_MODEL}"))]
    label = who.removeprefix("sub-")
    wanted = [t for t in every if who == EVERYBODY or t.entities.participant == label]
    if atlas:
        wanted = [t for t in wanted if t.atlas == load_atlas(atlas).label]
    if not wanted:
        known = ", ".join(dict.fromkeys(t.participant for t in every)) or "nobody"
        raise DefaultModeError("E518", f"{folder} has no twin of {who!r}; it has those of {known}.")
    if len({t.atlas for t in wanted}) > 1:
        atlases = ", ".join(dict.fromkeys(t.atlas for t in wanted))
        raise DefaultModeError("E518", f"there are twins in {atlases}; choose one with --atlas.")
    if all(t.failed for t in wanted):
        reason = wanted[0].failed.reason if wanted[0].failed else ""
        raise DefaultModeError("E515", f"{wanted[0].key}: {reason}.")
    return tuple(wanted)


def load_twin(path: Path) -> Twin:
    """The twin in a file; raises E518 where it is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return restored(dict(archive))
    except (OSError, ValueError, zipfile.BadZipFile) as problem:
        raise DefaultModeError("E518", f"{path} cannot be read: {problem}.") from problem


def ground_for(
    twin: Twin, label: str, *, own_atlas: str = "", maps: Mapping[str, Path] | None = None
) -> Ground:
    """Atlas and maps in the order of the twin's regions; routes are where its connectome has them.

    label : BIDS label of the atlas, which decides where region names fit several; own_atlas : name
        or file of an atlas that is not in the package; maps : name → file of one's own
    Raises E133 (no atlas has these regions) and what `load_atlas` and `read_map` raise.
    """
    own = load_atlas(own_atlas) if own_atlas else None
    atlas, column = match_columns(twin.regions, label, own)
    if len(atlas) != len(twin.regions):
        msg = f"atlas {atlas.name!r} has {len(atlas)} regions, the twin {len(twin.regions)}."
        raise DefaultModeError("E518", msg)
    order = np.argsort(column)
    known = dict(embedded_maps()) if atlas.name == EMBEDDED_ATLAS else {}
    laid = {name: values[order] for name, values in known.items()}
    atlas = atlas.take(order)
    laid |= {name: own_map(path, atlas.names) for name, path in (maps or {}).items()}
    return Ground(atlas, twin.space.exists.astype(np.float64), laid)


def _found(path: Path) -> FoundTwin:
    name = parse_name(path.name)
    if name is None or "atlas" not in name.entities:
        raise DefaultModeError("E518", f"{path} is not named as `fit` names twins.")
    about = _description(path)
    told, personal = about.get("Failed"), about.get("Personal")
    failed = Missing(str(told[1]), str(told[0])) if isinstance(told, list) and told else None
    known = personal if isinstance(personal, bool) else None
    return FoundTwin(path, name.run, name.entities["atlas"], failed, known)


def _description(path: Path) -> dict[str, object]:
    """What the description beside the model says; nothing where it is not there."""
    beside = path.name.replace(TWIN_MODEL, TWIN_MEASURES).replace(".tsv", ".json")
    about = path.with_name(beside)
    if not about.is_file():
        return {}
    try:
        return dict(json.loads(about.read_text("utf-8")))
    except (ValueError, TypeError) as problem:
        raise DefaultModeError("E518", f"{about} cannot be read: {problem}.") from problem
