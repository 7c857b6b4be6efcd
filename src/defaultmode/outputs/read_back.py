"""Finished runs read back from their files: what they are, their signals and connectivity."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Entities, Processing, Recording
from defaultmode.outputs.run import MEASURES

SAME = 1 - 1e-12  # |r| above it is the diagonal or one signal twice: no correlation of two regions


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """One measured run: the sidecar of its measures, and where its files begin."""

    base: Path
    description: Mapping[str, Any]

    @property
    def participant(self) -> str:
        """Participant label with its prefix."""
        return str(self.description["participant_id"])

    @property
    def atlas(self) -> Atlas:
        """The atlas as it was when the run was measured."""
        said = self.description
        regions = tuple(_region(r) for r in said["Regions"])
        cites = tuple(said["AtlasCites"])
        return Atlas(said["atlas"], regions, said["AtlasLabel"], said["AtlasSentence"], cites)

    @property
    def before(self) -> Mapping[str, Any]:
        """What had been done to the recording before it came here."""
        found: Mapping[str, Any] = self.description["ProcessedBefore"]
        return found

    @property
    def denoised(self) -> list[Mapping[str, Any]]:
        """What denoising did under each preset that left something."""
        return [d for d in self.description["Denoising"].values() if "processing" in d]

    @property
    def series(self) -> dict[str, Path]:
        """Preset → its denoised signal."""
        return self._by_preset(f"{self.base.name}_stat-mean_desc-*_timeseries.tsv")

    @property
    def matrices(self) -> dict[str, Path]:
        """Preset → its correlation matrix."""
        return self._by_preset(f"{self.base.name}_stat-pearsoncorrelation_desc-*_relmat.tsv")

    @property
    def regions(self) -> dict[str, Path]:
        """Preset → its table of values of each region."""
        return self._by_preset(f"{self.base.name}_desc-*_regions.tsv")

    def by_region(self, measure: str, denoise: str) -> Array | None:
        """A measure of each region (n_regions,), NaN where missing; None where there is none."""
        path = self.regions.get(denoise)
        table = pd.read_csv(path, sep="\t", na_values=["n/a"], index_col=0) if path else None
        if table is None or measure not in table:
            return None
        return table[measure].to_numpy(dtype=np.float64)

    def _by_preset(self, pattern: str) -> dict[str, Path]:
        found = sorted(self.base.parent.glob(pattern))
        said = (json.loads(p.with_suffix(".json").read_text("utf-8")) for p in found)
        return {sidecar["Denoising"]: path for sidecar, path in zip(said, found, strict=True)}

    def denoised_recording(self, denoise: str) -> Recording:
        """The recording as this preset left it, at published precision; no unfiltered signal."""
        path = self.series[denoise]
        said = json.loads(path.with_suffix(".json").read_text("utf-8"))
        done = self.description["Denoising"][denoise]
        signal = pd.read_csv(path, sep="\t", na_values=["n/a"]).to_numpy(dtype=np.float64)
        usable = np.ones(len(signal), dtype=bool)
        usable[said["CensoredVolumes"]] = False
        gone = Missing("it was absent when the run was measured", "E302")
        processing = done["processing"] | {
            "confounds_removed": tuple(done["processing"]["confounds_removed"])
        }
        return Recording(
            signal=signal,
            tr_s=float(said["RepetitionTime"]),
            atlas=self.atlas,
            entities=Entities(**self.description["entities"]),
            unit=done["unit"],
            processing=Processing(**processing),
            usable=usable,
            absent=dict.fromkeys(done["regions_absent"], gone),
            provenance=done["provenance"],
        )


def finished_runs(folder: Path, tables: Sequence[str]) -> list[FinishedRun]:
    """The runs whose tables of measures lie at these paths below a folder of results."""
    runs = []
    for table in tables:
        path = folder / table
        description = json.loads(path.with_suffix(".json").read_text("utf-8"))
        runs.append(FinishedRun(path.with_name(path.name.removesuffix(MEASURES)), description))
    return runs


def mean_fisher_z(people: Mapping[str, Sequence[Path]]) -> Array:
    """Mean Fisher z, (n_regions, n_regions): over the runs of a person, then over persons.

    people : participant → correlation matrices of one atlas, at least one. NaN where nobody has a
    value, and on the diagonal.
    """
    return _mean(_mean(map(fisher_z, paths)) for paths in people.values())


def fisher_z(path: Path) -> Array:
    """A correlation matrix as Fisher z, (n_regions, n_regions), NaN on the diagonal."""
    table = pd.read_csv(path, sep="\t", na_values=["n/a"], index_col=0)
    r = table.to_numpy(dtype=np.float64)
    z: Array = np.arctanh(np.where(np.abs(r) < SAME, r, np.nan))
    return z


def _region(raw: Mapping[str, Any]) -> Region:
    centre = raw["xyz_mm"]
    kept = {k: v for k, v in raw.items() if k not in {"xyz_mm", "aliases"}}
    return Region(**kept, xyz_mm=tuple(centre) if centre else None)


def _mean(matrices: Iterable[Array]) -> Array:
    """Mean over what is known, NaN where nothing is; only the sum is held."""
    total, count = np.zeros(()), np.zeros(())
    for values in matrices:
        there = np.isfinite(values)
        total = total + np.where(there, values, 0)
        count = count + there
    mean: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
