"""`overlap`: whether the maps of change of two treatments are alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.treatment_maps import (
    ChangeMaps,
    MapAsked,
    MeasuredStudy,
    change_maps,
)
from defaultmode.pipeline.virtual_sources import virtual_warning
from defaultmode.pipeline.studying import study_settings
from defaultmode.statistics.occasions import ACUTE
from defaultmode.statistics.overlap import Overlap, overlap

MEASURE = "global_brain_connectivity_by_region"
PLACEBO = "placebo"
NONE = "none"
NOTES = (
    "The interval is over people and of maps as noisy as these; the permuted p is by rotations of "
    "the cortex, which find smooth maps alike too often (see the methods).",
    "Head motion, breathing and vigilance leave the same marks in every map and make maps alike.",
)
SHARED = (
    "Both maps were taken against the same scans: their noise is in both and makes them alike."
)


@dataclass(frozen=True, slots=True)
class OverlapAsked:
    """What to compare; a pair is (first study, second study).

    treatments : names, "" for the only one of the study; reference : of both, "" for placebo where
    the study has it, "none" for none; denoise : presets, empty for all that both studies have
    """

    measure: str = MEASURE
    denoise: tuple[str, ...] = ()
    treatments: tuple[str, str] = ("", "")
    reference: str = ""
    phase: str = ACUTE
    atlas: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class OverlapReport:
    """The overlap of two treatments in every preset.

    treatments, how : of both maps; atlas : its name; found : preset → the overlap; notes : what a
    reader must know
    """

    measure: str
    atlas: str
    treatments: tuple[str, str]
    how: tuple[str, str]
    found: dict[str, Overlap]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The report for a terminal."""
        first, second = self.treatments
        head = f"{self.measure}, {self.atlas}: {first} ({self.how[0]}) and {second} ({self.how[1]})"
        return [head, *(f"  {p}: {_said(o)}" for p, o in self.found.items()), *self.notes]

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return {
            "measure": self.measure,
            "atlas": self.atlas,
            "treatments": list(self.treatments),
            "how": list(self.how),
            "presets": {preset: _numbers(o) for preset, o in self.found.items()},
            "notes": list(self.notes),
        }


def compare_treatments(out_a: Path, out_b: Path, asked: OverlapAsked) -> OverlapReport:
    """Correlate the maps of change of two finished studies, or of two treatments of one.

    Raises E408 (no study), E423 (no atlas or preset in common) and E424 (no map can be made).
    """
    a = MeasuredStudy.at(out_a)
    b = a if out_a.resolve() == out_b.resolve() else MeasuredStudy.at(out_b)
    atlas = _common_atlas(a, b, asked.atlas)
    treatments = a.treatment(asked.treatments[0]), b.treatment(asked.treatments[1])
    references = tuple(_reference(s, asked.reference) for s in (a, b))
    found, maps = {}, []
    for preset in _common_presets(a, b, asked.denoise):
        maps = [
            change_maps(s, MapAsked(asked.measure, preset, t, asked.phase, r), atlas=atlas)
            for s, t, r in zip((a, b), treatments, references, strict=True)
        ]
        _same_regions(*maps)
        same = a is b and maps[0].people == maps[1].people
        found[preset] = overlap(
            maps[0].values, maps[1].values, maps[0].atlas, same_people=same, seed=asked.seed
        )
    shared = a is b and (maps[0].people == maps[1].people or references[0] != "")
    virtual = {virtual_warning(study_settings(out, None, {})) for out in (out_a, out_b)} - {""}
    notes = (*sorted(virtual), *((SHARED,) if shared else ()), *NOTES)
    how = (maps[0].how, maps[1].how)
    return OverlapReport(asked.measure, atlas, treatments, how, found, notes)
