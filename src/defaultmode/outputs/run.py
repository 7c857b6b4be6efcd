"""The files of one measured run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.core.tested import Tested
from defaultmode.outputs.motion import motion_files
from defaultmode.outputs.text import as_json, matrix, table
from defaultmode.outputs.windows import windows_files

MEASURES = "_desc-defaultmode_measures.tsv"
STATE_MEASURES = "_desc-states_measures.tsv"
MEASURES_HEADER = (
    "measure",
    "denoise",
    "value",
    "unit",
    "n_volumes",
    "surrogate_mean",
    "beyond_surrogates",
    "surrogate_p",
    "note",
    "code",
    "reason",
)
Value = float | Array | Tested | Missing


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One run under one denoising preset: what was measured, or why nothing was.

    recording : denoised; Missing where the preset leaves too little
    numbers : measure → value; regions : measure → one value per region (n_regions,)
    pairs : measure → a matrix (n_regions, n_regions) whose rows receive from its columns
    maps : name → one value per voxel or vertex (n_places,)
    windows : column → cell for each window along the run; Missing where it has none, None where
        nobody asked
    """

    denoise: str
    recording: Recording | Missing
    numbers: Mapping[str, Value]
    regions: Mapping[str, Value]
    pairs: Mapping[str, Value] = field(default_factory=dict)
    maps: Mapping[str, Array] = field(default_factory=dict)
    windows: Sequence[Mapping[str, object]] | Missing | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredRun:
    """One run as it was read, under every preset that applies; skipped : preset → why not."""

    recording: Recording
    variants: tuple[Variant, ...]
    units: Mapping[str, str]
    skipped: Mapping[str, Missing]


def run_key(recording: Recording) -> str:
    """What names this run and atlas in logs, manifests and file names."""
    return (
        f"{recording.entities.stem}_atlas-{label_of(recording.atlas.label or recording.atlas.name)}"
    )


def measures_path(recording: Recording) -> str:
    """Path of the run's table of measures, relative to the output folder."""
    return f"{_base(recording)}{MEASURES}"


def run_files(run: MeasuredRun) -> dict[str, str]:
    """Every file of one run: path relative to the output folder → text."""
    files = {measures_path(run.recording): measures_table(run.variants, run.units)}
    files[measures_path(run.recording).replace(".tsv", ".json")] = as_json(_description(run))
    for variant in run.variants:
        if not isinstance(variant.recording, Missing):
            files |= _variant_files(variant, variant.recording, run.units)
    recording = run.recording
    files |= motion_files(_base(recording), recording.motion, recording.tr_s)
    return files | _windows(run)


def _windows(run: MeasuredRun) -> dict[str, str]:
    """The windows of every preset in one table; empty where nobody asked for any."""
    cut = {v.denoise: v.windows for v in run.variants if v.windows is not None}
    rows = [row for found in cut.values() if not isinstance(found, Missing) for row in found]
    reasons = {name: found.reason for name, found in cut.items() if isinstance(found, Missing)}
    if not cut:
        return {}
    return windows_files(
        _base(run.recording), rows, run.recording, units=run.units, reasons=reasons
    )


def label_of(text: str) -> str:
    """The text as a BIDS label: letters and digits only."""
    return re.sub(r"[^0-9A-Za-z]", "", text)


def _base(recording: Recording) -> str:
    return f"{recording.entities.folder}/{run_key(recording)}"


def measures_table(variants: Sequence[Variant], units: Mapping[str, str]) -> str:
    """The numbers of a run as text, one row for each measure and preset."""
    rows: list[tuple[object, ...]] = []
    for variant in variants:
        volumes = (
            0 if isinstance(variant.recording, Missing) else int(variant.recording.usable.sum())
        )
        for name, value in sorted(variant.numbers.items()):
            head, told = (name, variant.denoise), (units[name], volumes)
            rows.append((*head, *_cells(value, told)))
    return table(MEASURES_HEADER, rows)


def _cells(value: Value, told: tuple[object, ...]) -> tuple[object, ...]:
    """Value, unit and volumes, surrogates and note, code and reason."""
    if isinstance(value, Missing):
        return None, *told, None, None, None, "", value.code, value.reason
    if isinstance(value, Tested):
        tested = (value.expected, value.excess, value.p, value.note)
        return value.value, *told, *tested, "", ""
    return value, *told, None, None, None, "", "", ""


def _description(run: MeasuredRun) -> dict[str, object]:
    recording = run.recording
    return {
        "participant_id": f"sub-{recording.entities.participant}",
        "entities": asdict(recording.entities),
        "atlas": recording.atlas.name,
        "AtlasLabel": recording.atlas.label,
        "AtlasCites": list(recording.atlas.cites),
        "AtlasSentence": recording.atlas.sentence,
        "Regions": [asdict(region) for region in recording.atlas.regions],
        "RepetitionTime": recording.tr_s,
        "NumberOfVolumes": recording.n_time,
        "RegionsAbsent": {name: [m.code, m.reason] for name, m in recording.absent.items()},
        "ProcessedBefore": asdict(recording.processing),
        "Provenance": dict(recording.provenance),
        "Denoising": {v.denoise: _denoising(v) for v in run.variants},
        "DenoisingNotApplied": {name: m.reason for name, m in run.skipped.items()},
    }


def _denoising(variant: Variant) -> dict[str, object]:
    recording = variant.recording
    if isinstance(recording, Missing):
        return {"missing": recording.reason, "code": recording.code}
    return {
        "usable_s": recording.usable_s,
        "unit": recording.unit,
        "processing": asdict(recording.processing),
        "provenance": dict(recording.provenance),
        "regions_absent": {n: [m.code, m.reason] for n, m in sorted(recording.absent.items())},
    }


def _variant_files(
    variant: Variant, recording: Recording, units: Mapping[str, str]
) -> dict[str, str]:
    base, desc, names = _base(recording), label_of(variant.denoise), recording.atlas.names
    r = _correlations(recording)
    series = f"{base}_stat-mean_desc-{desc}_timeseries"
    relmat = f"{base}_stat-pearsoncorrelation_desc-{desc}_relmat"
    files = {
        f"{series}.tsv": matrix(names, recording.signal),
        f"{series}.json": as_json(_series_sidecar(variant, recording)),
        f"{relmat}.tsv": matrix(names, r, index=names),
        f"{relmat}.json": as_json(_relmat_sidecar(variant)),
    }
    for name, values in _arrays(variant.pairs).items():
        directed = f"{base}_stat-{label_of(name)}_desc-{desc}_relmat"
        files[f"{directed}.tsv"] = matrix(names, values, index=names)
        files[f"{directed}.json"] = as_json(_directed_sidecar(name, variant))
    vectors = _arrays(variant.regions)
    if vectors:
        values = np.column_stack(list(vectors.values()))
        files[f"{base}_desc-{desc}_regions.tsv"] = matrix(list(vectors), values, index=names)
        said = {name: {"Units": units[name]} for name in vectors}
        files[f"{base}_desc-{desc}_regions.json"] = as_json(said | {"Denoising": variant.denoise})
    return files


def _arrays(values: Mapping[str, Value]) -> dict[str, Array]:
    """Those that are there, by name."""
    return {name: v for name, v in sorted(values.items()) if isinstance(v, np.ndarray)}


def _correlations(recording: Recording) -> Array:
    """Pearson correlations of the usable frames, (n_regions, n_regions), NaN where absent."""
    n = len(recording.atlas)
    columns = recording.columns()
    r = np.full((n, n), np.nan)
    r[np.ix_(columns, columns)] = np.corrcoef(recording.kept[:, columns], rowvar=False)
    return r


def _series_sidecar(variant: Variant, recording: Recording) -> dict[str, object]:
    return {
        "RepetitionTime": recording.tr_s,
        "SamplingFrequency": 1 / recording.tr_s,
        "Units": {"percent": "percent signal change"}.get(recording.unit, recording.unit),
        "LowCutoff": recording.processing.low_cutoff_hz,
        "HighCutoff": recording.processing.high_cutoff_hz,
        "Demeaned": True,
        "GlobalSignalRemoved": recording.processing.global_signal_removed,
        "Denoising": variant.denoise,
        "CensoredVolumes": np.flatnonzero(~recording.usable).tolist(),
        "Description": "every volume is here; censored ones are interpolated and listed",
    }


def _directed_sidecar(name: str, variant: Variant) -> dict[str, object]:
    return {
        "RelationshipMeasure": name,
        "Weighted": True,
        "Directed": True,
        "Description": "a row receives from the columns",
        "ValidDiagonal": True,
        "StorageFormat": "Full",
        "Denoising": variant.denoise,
    }


def _relmat_sidecar(variant: Variant) -> dict[str, object]:
    return {
        "RelationshipMeasure": "Pearson correlation coefficient",
        "Weighted": True,
        "Directed": False,
        "ValidDiagonal": False,
        "StorageFormat": "Full",
        "Denoising": variant.denoise,
    }
