"""Finding the runs of a BIDS-derivative folder, with everything that belongs to each."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Literal

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Entities
from defaultmode.sources.bids_filters import Selection
from defaultmode.sources.names import BidsName, parse_name
from defaultmode.sources.sidecars import Sidecars, read_json
from defaultmode.sources.surface_files import sides
from defaultmode.sources.task_events import EventsFiles

RunKind = Literal["volumes", "table", "cifti", "surface", "dense"]
PARCELLATED = ("table", "cifti")
IGNORED = ("sourcedata", "logs", "log", "figures", "anat", "fmap", "dwi", "perf", "xfm")
GRID = ("space", "cohort", "res", "den")
# Surfaces come before dense CIFTI series, which cannot be read without an atlas of the user's own.
SPACES = ("MNI152NLin6Asym", "MNI152NLin2009cAsym", "MNI", "fsaverage5", "fsLR")
KINDS = ("table", "volumes", "cifti", "surface", "dense")
LOOKED_FOR = (
    "sub-*/[ses-*/]func/*_desc-preproc_bold.nii.gz, *_atlas-*_timeseries.tsv, "
    "*_seg-*_timeseries.tsv, *.ptseries.nii, *_hemi-*_bold.func.gii and *_bold.dtseries.nii"
)


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run, and of one atlas where the run is parcellated already.

    sidecar, confounds_sidecar : merged from the root down, the nearest wins
    signal : of a surface run either hemisphere; `signals` names both
    atlas_hint : the `atlas-` or `seg-` label, empty for a run that is not parcellated
    events : table of what the participant was asked to do, None at rest
    key : the BIDS stem, with the atlas for tables and CIFTI
    """

    entities: Entities
    kind: RunKind
    signal: Path
    sidecar: dict[str, object] = field(default_factory=dict)
    confounds: Path | None = None
    confounds_sidecar: dict[str, object] = field(default_factory=dict)
    mask: Path | None = None
    events: Path | None = None
    atlas_hint: str = ""
    space: str = ""
    key: str = ""

    @property
    def parcellated(self) -> bool:
        """Whether the signal is one of regions already."""
        return self.kind in PARCELLATED

    @property
    def signals(self) -> tuple[Path, ...]:
        """The files that hold the signal, whether they are there or not."""
        return sides(self.signal) if self.kind == "surface" else (self.signal,)


@dataclass(frozen=True)
class _Candidate:
    folder: "_Folder"
    file: str
    name: BidsName
    kind: RunKind

    @property
    def path(self) -> Path:
        return self.folder.path / self.file

    @property
    def space(self) -> str:
        return self.name.entities.get("space", "")

    @property
    def atlas(self) -> str:
        get = self.name.entities.get
        if self.kind not in PARCELLATED:
            return ""
        # giga_connectome writes the atlas as seg- and its variant as desc-.
        return get("atlas") or get("seg", "") + get("desc", "")

    @property
    def key(self) -> str:
        return self.name.run.stem + (f"_atlas-{self.atlas}" if self.atlas else "")

    @property
    def rank(self) -> tuple[int, int, bool]:
        """Lower is preferred: the space first, then the kind; a left hemisphere stands for both."""
        rank = next((i for i, s in enumerate(SPACES) if self.space.startswith(s)), len(SPACES))
        return rank, KINDS.index(self.kind), self.name.entities.get("hemi") == "R"


@dataclass(frozen=True)
class _Folder:
    path: Path
    files: tuple[str, ...]
    inside: Path = Path()  # relative to the derivatives

    @cached_property
    def names(self) -> dict[str, BidsName]:
        parsed = ((file, parse_name(file)) for file in self.files)
        return {file: name for file, name in parsed if name is not None}

    @cached_property
    def by_run(self) -> dict[frozenset[tuple[str, str]], list[str]]:
        """Files of each acquired run."""
        found = defaultdict(list)
        for file, name in self.names.items():
            found[name.acquired].append(file)
        return dict(found)


def find_runs(
    derivatives: Path,
    *,
    participants: Sequence[str] = (),
    sessions: Sequence[str] = (),
    tasks: Sequence[str] = (),
    filters: Mapping[str, object] | None = None,
    exclude: Path | None = None,
) -> list[RunFiles]:
    """Find every run below a derivatives folder, sorted by its key.

    Labels may carry their prefix or not and are compared as text. `filters` is the object of a
    `--bids-filter-file`, keyed by "bold". Of several spaces, MNI152NLin6Asym is preferred, then
    MNI152NLin2009cAsym, then other MNI spaces, then the surfaces of fsaverage5, then dense CIFTI
    series, then any other space; a resolution is never chosen for the user. A parcellated run that
    is there as table and as CIFTI is read from the table.

    Raises E403 (nothing found, or nothing for a label that was asked for), E207 (two files are the
    same run), E209 (a file lies in the folder of another participant or session), E206 (a broken
    sidecar) and E411 (a filter that is not understood).
    """
    root = Path(derivatives)
    selection = Selection.of(participants, sessions, tasks, filters)
    folders = list(_folders(root, exclude.resolve() if exclude else None))
    candidates = [c for folder in folders for c in _candidates(folder)]
    if candidates:
        selection.check_labels((c.name for c in candidates), root)
    wanted = [c for c in candidates if selection.wants(c.name)]
    if not wanted:
        raise DefaultModeError("E403", _nothing_found(root, folders, len(candidates)))
    sidecars = Sidecars(root)
    runs = [_run_files(c, sidecars) for c in _one_per_key(wanted)]
    return sorted(runs, key=lambda r: (r.key, r.kind))


def with_events(runs: Sequence[RunFiles], derivatives: Path, raw: Sequence[Path]) -> list[RunFiles]:
    """The same runs with their tables of task events, from the derivatives or the raw data sets.

    Raises E207 when two tables apply equally to a run.
    """
    known = EventsFiles(derivatives, raw)
    return [replace(r, events=known.of(r.signal)) for r in runs]


def dataset_description(folder: Path) -> dict[str, object]:
    """Read `dataset_description.json`, empty where there is none; raises E206 if it is broken."""
    path = Path(folder) / "dataset_description.json"
    return read_json(path) if path.is_file() else {}


def beside(signal: Path, suffix: str) -> Path | None:
    """Find the table of this suffix for the same run, in the folder of the signal.

    None where there is none. Raises E207 when two files qualify.
    """
    mine = parse_name(signal.name)
    if mine is None:
        return None
    folder = _Folder(signal.parent, tuple(sorted(p.name for p in signal.parent.iterdir())))
    return _beside(folder, mine, suffixes=(suffix,), entities={})


def _folders(root: Path, exclude: Path | None) -> Iterator[_Folder]:
    """Yield the root and every folder of a participant, with its files, in a fixed order."""
    if not root.is_dir():
        raise DefaultModeError("E403", f"{root} is not a folder.")
    ignored = (*IGNORED, *_bidsignored(root))
    seen = {exclude}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        place = folder.resolve()
        # A link back to a parent would be walked without end.
        if place in seen:
            continue
        seen.add(place)
        with os.scandir(folder) as entries:
            listed = sorted((entry.name, entry.is_dir()) for entry in entries)
        files = tuple(name for name, is_folder in listed if not is_folder)
        yield _Folder(folder, files, folder.relative_to(root))
        inside = (folder / name for name, is_folder in listed if is_folder)
        waiting.extend(f for f in inside if _enters(f.relative_to(root), ignored))


def _bidsignored(root: Path) -> tuple[str, ...]:
    """Folder patterns of `.bidsignore`; its file patterns name what preprocessing writes itself."""
    path = root / ".bidsignore"
    if not path.is_file():
        return ()
    lines = (line.strip() for line in path.read_text("utf-8", errors="replace").splitlines())
    return tuple(x.strip("/") for x in lines if x.endswith(("/", "/**")) and not x.startswith("#"))


def _enters(inside: Path, ignored: Iterable[str]) -> bool:
    if inside.name.startswith(".") or not inside.parts[0].startswith("sub-"):
        return False
    return not any(
        fnmatchcase(inside.name, p) or fnmatchcase(inside.as_posix(), p.removesuffix("/**"))
        for p in ignored
    )


def _candidates(folder: _Folder) -> Iterator[_Candidate]:
    for file, name in folder.names.items():
        kind = None if file.startswith(".") else _kind(name)
        if kind is None or not name.entities.get("sub"):
            continue
        _check_place(folder, file, name)
        yield _Candidate(folder, file, name, kind)


def _kind(name: BidsName) -> RunKind | None:
    get = name.entities.get
    if name.suffix == "bold" and get("desc") == "preproc":
        return "volumes" if name.extension in {".nii.gz", ".nii"} else None
    if name.suffix == "bold" and "desc" not in name.entities:
        return "dense" if name.extension == ".dtseries.nii" else _surface(name)
    if name.extension == ".ptseries.nii" or (name.suffix, name.extension) == ("ptseries", ".nii"):
        return "cifti"
    parcellated = bool(get("atlas") or get("seg")) and get("stat", "mean") == "mean"
    if name.suffix == "timeseries" and parcellated and get("desc") != "confounds":
        return "table" if name.extension in {".tsv", ".tsv.gz"} else None
    return None


def _surface(name: BidsName) -> RunKind | None:
    hemisphere = name.entities.get("hemi") in {"L", "R"}
    return "surface" if hemisphere and name.extension == ".func.gii" else None


def _check_place(folder: _Folder, file: str, name: BidsName) -> None:
    for part in folder.inside.parts:
        entity, _, label = part.partition("-")
        if entity in {"sub", "ses"} and name.entities.get(entity, "") != label:
            raise DefaultModeError("E209", f"{file} lies in {folder.path}.")


def _nothing_found(root: Path, folders: Sequence[_Folder], n_filtered: int) -> str:
    if n_filtered:
        return f"{root} has {n_filtered} recordings, and none passes the filters."
    seen = sorted(p.name for p in root.iterdir())
    n_files = sum(len(f.files) for f in folders[1:])
    there = ", ".join(seen[:8]) + (f" and {len(seen) - 8} more" if len(seen) > 8 else "")
    found = f"saw {n_files} files in sub-* folders, and {there or 'nothing'}"
    return f"looked in {root} for {LOOKED_FOR}; {found}."


def _one_per_key(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Choose the preferred file of each run; two that are equally good are E207."""
    grouped: dict[tuple[str, bool], list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        grouped[candidate.key, candidate.kind in PARCELLATED].append(candidate)
    for (key, _), same in grouped.items():
        first, *others = sorted(same, key=lambda c: (c.rank, c.file))
        if others and others[0].rank == first.rank:
            differing = _differing(first, others[0])
            msg = f"{first.path} and {others[0].path} are both {key}{differing}."
            raise DefaultModeError("E207", msg)
        yield first


def _differing(one: _Candidate, other: _Candidate) -> str:
    entities = sorted({k for k, _ in one.name.entities.items() ^ other.name.entities.items()})
    return f"; they differ in {', '.join(entities)}" if entities else ""


def _run_files(candidate: _Candidate, sidecars: Sidecars) -> RunFiles:
    folder, name = candidate.folder, candidate.name
    suffixes = ("timeseries", "regressors")
    confounds = _beside(folder, name, suffixes=suffixes, entities={"desc": "confounds"})
    return RunFiles(
        entities=name.run,
        kind=candidate.kind,
        signal=candidate.path,
        sidecar=_sidecar(candidate, sidecars),
        confounds=confounds,
        confounds_sidecar=sidecars.of(confounds, folder.names[confounds.name]) if confounds else {},
        mask=_mask(candidate) if candidate.kind == "volumes" else None,
        atlas_hint=candidate.atlas,
        space=candidate.space,
        key=candidate.key,
    )


def _mask(candidate: _Candidate) -> Path | None:
    on_grid = {k: v for k, v in candidate.name.entities.items() if k in GRID}
    return _beside(
        candidate.folder,
        candidate.name,
        suffixes=("mask",),
        entities={**on_grid, "desc": "brain"},
        extensions=(".nii.gz", ".nii"),
    )


def _beside(
    folder: _Folder,
    name: BidsName,
    *,
    suffixes: tuple[str, ...],
    entities: Mapping[str, str],
    extensions: tuple[str, ...] = (".tsv", ".tsv.gz"),
) -> Path | None:
    """File of the same run with exactly these entities of processing; the first suffix wins."""
    same_run = [(f, folder.names[f]) for f in folder.by_run.get(name.acquired, ())]
    for suffix in suffixes:
        found = [
            file
            for file, n in same_run
            if n.suffix == suffix and n.extension in extensions and n.processed == entities
        ]
        if len(found) > 1:
            msg = f"{found[0]} and {found[1]} in {folder.path} claim to belong to the same run."
            raise DefaultModeError("E207", msg)
        if found:
            return folder.path / found[0]
    return None


def _sidecar(candidate: _Candidate, sidecars: Sidecars) -> dict[str, object]:
    """Sidecar of a run; XCP-D states times and filters beside the series it parcellated."""
    own = sidecars.of(candidate.path, candidate.name)
    if candidate.kind not in PARCELLATED or "RepetitionTime" in own:
        return own
    on_grid = {k: v for k, v in candidate.name.entities.items() if k in {"space", "cohort"}}
    for file in candidate.folder.by_run[candidate.name.acquired]:
        name = candidate.folder.names[file]
        source = {k: v for k, v in name.processed.items() if k not in {"res", "den"}}
        if name.extension == ".json" and source == {**on_grid, "desc": "denoised"}:
            return read_json(candidate.folder.path / file) | own
    return own
