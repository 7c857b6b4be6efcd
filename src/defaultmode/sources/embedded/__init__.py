"""Resting-state recordings of ten real people that come with the package."""

import json
import tomllib
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array, Entities, Motion, Recording
from defaultmode.sources.atlases import match_atlas


class Stored(NamedTuple):
    """One run as it is stored: its row of the JSON file, its arrays, and where it comes from."""

    entry: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    regions: tuple[str, ...]
    package: dict[str, Any]


def embedded_recordings() -> list[Recording]:
    """Every embedded recording, sorted by participant and run.

    Signals are (n_time, n_regions) in scanner units, repetition time in seconds; frames before the
    signal is steady are marked unusable. Sources, licences and hashes are in `provenance`. Raises
    E133 where the atlases of the package lack the regions.
    """
    found = [_recording(stored) for stored in stored_runs()]
    return sorted(found, key=lambda r: (r.entities.participant, r.entities.run))


def embedded_notes() -> tuple[str, ...]:
    """Whose data these are, under which licence, the acknowledgement to print, and what to mind."""
    notes, recordings = _notes(), _table()["recordings"]
    owners = []
    for name, package in notes["package"].items():
        people = sorted({f"sub-{e['participant']}" for e in recordings if e["package"] == name})
        owners.append(
            f"{', '.join(people)} (from {name} {package['version']}): {package['whose']}. "
            f"Licence: {package['licence']}."
        )
    return (*owners, notes["acknowledgement"], notes["terms"], *notes["caveats"])


def stored_runs() -> list[Stored]:
    """The runs as they are stored, before they become recordings."""
    table, packages = _table(), _notes()["package"]
    archives = {name: _arrays(atlas["file"]) for name, atlas in table["atlases"].items()}
    return [
        Stored(
            entry=entry,
            arrays={
                kind: archives[entry["atlas"]][f"{entry['key']}.{kind}"] for kind in entry["sha256"]
            },
            regions=tuple(table["atlases"][entry["atlas"]]["regions"]),
            package=packages[entry["package"]],
        )
        for entry in table["recordings"]
    ]


def _table() -> dict[str, Any]:
    text = files(__package__).joinpath("recordings.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def _notes() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("notes.toml").read_text("utf-8"))


def _arrays(name: str) -> dict[str, NDArray[Any]]:
    with (
        files(__package__).joinpath(name).open("rb") as stream,
        np.load(stream, allow_pickle=False) as archive,
    ):
        return {key: archive[key] for key in archive.files}


def _recording(stored: Stored) -> Recording:
    entry = stored.entry
    atlas, order = match_atlas(stored.regions, entry["atlas"])
    signal = stored.arrays["offset"] + stored.arrays["step"] * stored.arrays["counts"]
    confounds = _confounds(stored)
    frames = np.arange(entry["n_time"])
    return Recording(
        signal=np.asarray(signal, dtype=np.float64)[:, order],
        tr_s=entry["tr_s"],
        atlas=atlas,
        entities=Entities(
            entry["participant"],
            task=entry["task"],
            acquisition=entry["acquisition"],
            run=entry["run"],
        ),
        unit=entry["unit"],
        usable=frames >= entry["first_steady_frame"],
        motion=_motion(confounds),  # known for one person; without it the ten are treated alike
        provenance=_provenance(stored),
    )


def _confounds(stored: Stored) -> dict[str, Array]:
    names = stored.entry["confounds"]
    if not names:
        return {}
    values = np.asarray(stored.arrays["confounds"], dtype=np.float64)
    return {name: values[:, i] for i, name in enumerate(names)}


def _motion(confounds: dict[str, Array]) -> Motion | None:
    if "framewise_displacement" not in confounds:
        return None
    return Motion(
        framewise_displacement_mm=np.nan_to_num(confounds["framewise_displacement"], nan=0.0)
    )


def _provenance(stored: Stored) -> dict[str, object]:
    entry, package = stored.entry, stored.package
    return {
        "source": f"{entry['package']} {package['version']}",
        "whose": package["whose"],
        "licence": package["licence"],
        "cites": tuple(package["cites"]),
        "files": {source["path"]: source["sha256"] for source in entry["sources"]},
        "sha256": dict(entry["sha256"]),
        "label_in_source": entry["label_in_package"],
        "done_before": tuple(package["done_before"]),
        "measured": dict(entry["measured"]),
        "embedded": True,
    }
