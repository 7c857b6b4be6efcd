"""One run, of whatever kind → its Recording."""

from dataclasses import replace

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Recording
from defaultmode.sources.atlases.parcels import Parcellation
from defaultmode.sources.atlases.surface_labels import is_surface_path
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.task_events import read_events, start_time


def read_recording(files: RunFiles | int, atlas: str = "", *, maps: bool = False) -> Recording:
    """Read a run; an int is the index of an embedded recording.

    atlas : registry name or file; empty for the atlas that the columns of a table name
    maps : bring the voxels or vertices along as a grid, where the run has any
    Raises the E1xx and E2xx errors of the reader that the kind of run needs, and E122 where usable
    volumes are empty. The events of its task come with it, raising E208, E210 and E211.
    """
    recording = _read(files, atlas, maps=maps)
    present = recording.columns()
    empty = np.flatnonzero((recording.signal[:, present] == 0).all(axis=1) & recording.usable)
    if empty.size and present.size:
        which = f"volume {empty[0]}" + (f" and {empty.size - 1} more" if empty.size > 1 else "")
        name = files.signal.name if isinstance(files, RunFiles) else recording.entities.stem
        raise DefaultModeError("E122", f"{name}: every region is 0 in {which} (counted from 0).")
    return _with_events(recording, files)


def _with_events(recording: Recording, files: RunFiles | int) -> Recording:
    """The recording with the events of its task, where the run has a table of them."""
    if isinstance(files, int) or files.events is None:
        return recording
    run_s = recording.n_time * recording.tr_s
    events = read_events(files.events, run_s=run_s, start_s=start_time(files.sidecar))
    provenance = {**recording.provenance, "events": files.events.name}
    return replace(recording, events=events, provenance=provenance)


def _read(files: RunFiles | int, atlas: str, *, maps: bool) -> Recording:
    from defaultmode.sources.atlases import load_atlas

    if isinstance(files, int):
        from defaultmode.sources.embedded import embedded_recordings

        return embedded_recordings()[files]
    if files.kind == "table":
        from defaultmode.sources.tables import read_table

        return read_table(files, load_atlas(atlas) if atlas else None)
    if files.kind == "cifti":
        from defaultmode.sources.cifti import read_cifti

        return read_cifti(files, load_atlas(atlas) if atlas else None)
    if not atlas:
        raise DefaultModeError("E410", f"{files.signal.name} needs an atlas; give one by --atlas.")
    if files.kind == "surface":
        from defaultmode.sources.surfaces import read_surfaces

        return read_surfaces(files, atlas, maps=maps)
    if files.kind == "dense":
        from defaultmode.sources.dense_cifti import read_dense

        return read_dense(files, atlas, maps=maps)
    from defaultmode.sources.volumes import read_volumes

    return read_volumes(files, *_in_space(atlas), maps=maps)


def _in_space(atlas: str) -> tuple[Atlas, Parcellation | None]:
    """An atlas of volumes and its label image; raises E124 for one of surfaces."""
    from defaultmode.sources.atlases import load_atlas, parcellation

    if is_surface_path(atlas):
        raise DefaultModeError("E124", f"{atlas} labels surfaces; the run is of volumes.")
    return load_atlas(atlas), parcellation(atlas)


def look_at_recording(files: RunFiles, atlas: str = "") -> Recording:
    """What `read_recording` would give or refuse, without reading voxels; for `check`."""
    from defaultmode.sources.volumes import look_at_volumes

    if files.kind != "volumes" or not atlas:
        return read_recording(files, atlas)
    looked = look_at_volumes(files, *_in_space(atlas))
    return _with_events(looked, files)
