"""`overlap`: whether the maps of change of two treatments are alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.gathering import study_settings
from defaultmode.pipeline.treatment_maps import (
    NO_MAP,
    ChangeMaps,
    MapAsked,
    MeasuredStudy,
    change_maps,
)
from defaultmode.pipeline.virtual_sources import virtual_warning
from defaultmode.statistics.occasions import ACUTE
from defaultmode.statistics.overlap import Overlap, overlap

MEASURE = "global_brain_connectivity_by_region"
NOT_ALIKE = "E423"
PLACEBO = "placebo"
NONE = "none"
LIBERAL = (
    "The interval is over people, and of maps as noisy as these. The spin p is by rotations of the "
    "cortex, which find smooth maps alike at p < .05 in up to 11 % where nothing is."
)
MOTION = "Head motion, breathing and vigilance leave the same marks in every map: they grow alike."
SHARED = (
    "Both maps come from the same people or were taken against the same scans, whose noise is in "
    "both and makes them alike."
)
UNCONTROLLED = (
    "Both maps come from one study and nothing was taken off: what time alone changes is in both."
)


@dataclass(frozen=True, slots=True)
class OverlapAsked:
    """What to compare; a pair is (first study, second study).

    treatments : names, "" for the only one of the study; denoise : presets, empty for all that both
    studies have; reference : of both, "none" for none, "" for placebo where the study has it and
    the other map comes from another study: the noise of one placebo would be in both maps
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
    reader must know; virtual : the warning where people are simulated, else empty
    """

    measure: str
    atlas: str
    treatments: tuple[str, str]
    how: tuple[str, str]
    found: dict[str, Overlap]
    notes: tuple[str, ...]
    virtual: str = ""

    def lines(self) -> list[str]:
        """The report for a terminal."""
        first, second = self.treatments
        head = f"{self.measure}, {self.atlas}: {first} ({self.how[0]}) and {second} ({self.how[1]})"
        warning = [self.virtual] if self.virtual else []
        found = [f"  {preset}: {_said(o)}" for preset, o in self.found.items()]
        return [*warning, head, *found, *self.notes]

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return {
            "virtual": bool(self.virtual),
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
    treatments = _treatments(a, b, asked.treatments)
    references = [_reference(s, asked.reference, alone=a is not b) for s in (a, b)]
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
    virtual = max(virtual_warning(study_settings(out, {}, {})) for out in (out_a, out_b))
    notes = [LIBERAL, MOTION]
    if a is b and (references[0] or set(maps[0].people) & set(maps[1].people)):
        notes.insert(0, SHARED)
    if a is b and not references[0]:
        notes.insert(0, UNCONTROLLED)
    how = (maps[0].how, maps[1].how)
    return OverlapReport(asked.measure, atlas, treatments, how, found, tuple(notes), virtual)


def _common_atlas(a: MeasuredStudy, b: MeasuredStudy, wanted: str) -> str:
    common = [name for name in a.atlases if name in b.atlases and wanted in {"", name}]
    if len(common) != 1:
        both = " and ".join(f"{', '.join(s.atlases)} in {s.folder.path}" for s in (a, b))
        asked = f", {wanted!r} was asked for" if wanted else ""
        raise DefaultModeError(NOT_ALIKE, f"one atlas is needed in both{asked}; there are {both}.")
    return common[0]


def _common_presets(a: MeasuredStudy, b: MeasuredStudy, wanted: Sequence[str]) -> list[str]:
    common = [name for name in a.presets if name in b.presets]
    lacking = [name for name in wanted if name not in common]
    if lacking or not common:
        both = " and ".join(f"{', '.join(s.presets)} in {s.folder.path}" for s in (a, b))
        raise DefaultModeError(NOT_ALIKE, f"one preset is needed in both; there are {both}.")
    return list(wanted) or common


def _same_regions(a: ChangeMaps, b: ChangeMaps) -> None:
    if a.atlas.names != b.atlas.names:
        msg = f"atlas {a.atlas.name!r} has other regions, or another order, in the second study."
        raise DefaultModeError(NOT_ALIKE, msg)


def _treatments(a: MeasuredStudy, b: MeasuredStudy, wanted: tuple[str, str]) -> tuple[str, str]:
    found = a.treatment(wanted[0]), b.treatment(wanted[1])
    if a is b and found[0] == found[1]:
        msg = f"both maps would be that of {found[0]} in {a.folder.path}; name two treatments."
        raise DefaultModeError(NO_MAP, msg)
    return found


def _reference(study: MeasuredStudy, wanted: str, *, alone: bool) -> str:
    if wanted:
        return "" if wanted == NONE else wanted
    return PLACEBO if alone and PLACEBO in study.occasions.treatments else ""


def _said(found: Overlap) -> str:
    """One overlap in words."""
    e = found.estimate
    if e.reason:
        return f"no value: {e.reason}"
    turned = f"spin p = {e.p_permuted:.3g}" if isfinite(e.p_permuted) else "not spun"
    untested = found.spin.untested if found.spin else None
    why = f" ({untested.reason})" if untested else ""
    text = (
        f"r = {e.value:.2f}, 95 % interval {e.ci_low:.2f} to {e.ci_high:.2f}, {turned}{why}, "
        f"{e.n} and {e.n_reference} people"
    )
    if not isfinite(found.ceiling):
        return f"{text}; the maps are not reliable enough for a noise ceiling"
    return f"{text}; noise ceiling {found.ceiling:.2f}, r without noise {found.disattenuated:.2f}"


def _numbers(found: Overlap) -> dict[str, object]:
    """One overlap for JSON."""
    plain = {
        name: getattr(found, name)
        for name in (
            "reliability_a",
            "reliability_b",
            "ceiling",
            "disattenuated",
            "lowest",
            "highest",
        )
    }
    n_regions = 0 if found.spin is None else len(found.spin.regions)
    return asdict(found.estimate) | plain | {"n_regions": n_regions}
