"""What joins a study beside its recordings: blood flow, tracer uptake and response times."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from defaultmode.core.settings import Settings
from defaultmode.core.study import Column
from defaultmode.sources.activity import (
    ActivityTable,
    find_activity,
    network_columns,
    read_activity_file,
)
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.clinical import Clinical, read_clinical
from defaultmode.sources.task_behaviour import behaviour


def clinical_tables(settings: Settings) -> Clinical:
    """The tables that the settings name, the derivatives' own and their raw data sets' included.

    Networks' means of regional activity are measures; response times of task events are clinical
    columns of the run. Raises what `read_clinical`, `read_activity_file` and `find_activity` raise.
    """
    folders = [Path(f) for f in (*settings.bids_dirs, settings.source) if f]
    tables, notices = activity_tables(settings)
    responses, unread = behaviour(folders, settings.tasks)
    clinical = read_clinical(
        folders,
        [Path(t) for t in settings.tables],
        declared=settings.columns,
        more=[*responses, *map(network_columns, tables)],
    )
    columns = _as_measures(clinical.columns, {t.source for t in tables})
    return replace(clinical, columns=columns, notices=(*clinical.notices, *notices, *unread))


def activity_tables(settings: Settings) -> tuple[list[ActivityTable], list[str]]:
    """Regional activity in the derivatives and in the files and folders given by `--activity`."""
    atlases = [load_atlas(name) for name in settings.atlases]
    given = [Path(path) for path in settings.activity]
    folders = [*([Path(settings.source)] if settings.source else []), *filter(Path.is_dir, given)]
    tables = [read_activity_file(path, atlases) for path in given if not path.is_dir()]
    notices: list[str] = []
    for folder in folders:
        found, said = find_activity(folder, atlases)
        tables += found
        notices += said
    return tables, notices


def _as_measures(columns: Mapping[str, Column], sources: set[str]) -> dict[str, Column]:
    """The columns from these sources are what is to be explained, not what explains."""
    return {
        name: replace(c, role="measure") if c.source in sources else c
        for name, c in columns.items()
    }
