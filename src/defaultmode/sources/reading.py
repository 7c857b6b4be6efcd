"""One run, of whatever kind → its Recording."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Recording
from defaultmode.sources.bids import RunFiles


def read_recording(files: RunFiles | int, atlas: str = "") -> Recording:
    """Read a run; an int is the index of an embedded recording.

    atlas : registry name or file; empty for the atlas that the columns of a table name.
    Raises the E1xx and E2xx errors of the reader that the kind of run needs, and E122 where usable
    volumes are empty.
    """
    recording = _read(files, atlas)
    present = recording.columns()
    empty = np.flatnonzero((recording.signal[:, present] == 0).all(axis=1) & recording.usable)
    if empty.size and present.size:
        which = f"volume {empty[0]}" + (f" and {empty.size - 1} more" if empty.size > 1 else "")
        name = files.signal.name if isinstance(files, RunFiles) else recording.entities.stem
        raise DefaultModeError("E122", f"{name}: every region is 0 in {which} (counted from 0).")
    return recording


def _read(files: RunFiles | int, atlas: str) -> Recording:
    from defaultmode.sources.atlases import load_atlas, parcellation

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
    from defaultmode.sources.volumes import read_volumes

    return read_volumes(files, load_atlas(atlas), parcellation(atlas))


def look_at_recording(files: RunFiles, atlas: str = "") -> Recording:
    """What `read_recording` would give or refuse, without reading voxels; for `check`."""
    from defaultmode.sources.atlases import load_atlas, parcellation
    from defaultmode.sources.volumes import look_at_volumes

    if files.kind != "volumes" or not atlas:
        return read_recording(files, atlas)
    return look_at_volumes(files, load_atlas(atlas), parcellation(atlas))
