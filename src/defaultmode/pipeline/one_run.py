"""One run: read, denoised under every preset, measured and written."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.core.reference import Reference
from defaultmode.core.settings import Settings
from defaultmode.denoising import Choices, Preset, denoise_all, presets_for
from defaultmode.measures import (
    WINDOW_UNITS,
    Measure,
    activation_by_trial_type,
    chosen,
    place_maps,
)
from defaultmode.outputs import MeasuredRun, Variant, images_of, measures_path, run_files
from defaultmode.pipeline.dosing import NOTHING, Given, exposed
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.referencing import reference_of
from defaultmode.pipeline.windowing import windows_of_run
from defaultmode.running import Fingerprint, Manifest, write_bytes
from defaultmode.sources.atlases import atlas_files
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.reading import read_recording

DAMAGED = ("E117", "E118")  # a region of the input is broken: the run is measured without it

ACTIVATION = "task_activation_by_region"  # published for every type of trial as well


@dataclass(frozen=True, slots=True)
class Work:
    """What a process needs to measure one run with one atlas."""

    key: str
    files: RunFiles | int  # an int is the index of an embedded recording
    atlas: str  # registry name or file; empty for the atlas of the table itself
    settings: Settings
    given: Given = NOTHING  # doses and ratings within the run, as sidecar and tables state them

    @property
    def inputs(self) -> list[Path]:
        """The files whose change makes the run stale."""
        if isinstance(self.files, int):
            return []
        named = (*self.files.signals, self.files.confounds, self.files.mask, self.files.events)
        own = [Path(self.settings.connectome)] if self.settings.connectome else []
        return [p for p in named if p is not None] + atlas_files(self.atlas) + own

    @property
    def analysis(self) -> dict[str, object]:
        """What decides the numbers beside the input's bytes."""
        sidecars = (
            {"embedded": self.files}
            if isinstance(self.files, int)
            else {"sidecar": self.files.sidecar, "confounds": self.files.confounds_sidecar}
        )
        return self.settings.analysis() | {"atlas": self.atlas} | sidecars | self._within

    @property
    def _within(self) -> dict[str, object]:
        """What decides the windows; empty where nobody asked for any."""
        if not (self.given.anything or self.settings.windows):
            return {}
        names = ("windows", "window_s", "window_step_s", "window_across")
        cut = {name: getattr(self.settings, name) for name in names}
        told: dict[str, object] = json.loads(json.dumps(asdict(self.given)))  # as it is read back
        return {"cut": cut, "given": told}


def measure_run(work: Work) -> None:
    """Read, denoise, measure and write one run; its manifest comes last."""
    recording = recording_of(work)
    run = measured_run(recording, work.settings)
    folder = Folder(Path(work.settings.out))
    contents = contents_of(run)
    before = folder.manifest(work.key)
    for name, content in contents.items():
        write_bytes(folder.path / name, content)
    manifest = Manifest(
        work.key,
        __version__,
        work.analysis,
        tuple(_fingerprint(path, recording) for path in work.inputs),
        tuple(Fingerprint.of(folder.path / name, name) for name in sorted(contents)),
        {"measures": measures_path(recording), "damaged": _seen(work, run)},
    )
    folder.finish(manifest, before)


def recording_of(work: Work) -> Recording:
    """The recording of a piece of work, with the ratings and the exposure of its run."""
    recording = read_recording(work.files, work.atlas, maps=work.settings.maps)
    if isinstance(work.files, int) or not work.given.anything:
        return recording
    return exposed(recording, work.given, work.files.sidecar)


def contents_of(run: MeasuredRun) -> dict[str, bytes]:
    """Every file that a measured run gives, before its states: path below the folder → bytes."""
    return {name: text.encode() for name, text in run_files(run).items()} | images_of(run)


def _nothing(run: MeasuredRun) -> str:
    """Why no preset left anything to measure, empty where one did."""
    reasons = [v.recording for v in run.variants if isinstance(v.recording, Missing)]
    if not reasons or len(reasons) < len(run.variants):
        return ""
    return f"{reasons[0].code} nothing could be measured: {reasons[0].reason}"


def _fingerprint(path: Path, recording: Recording) -> Fingerprint:
    """The fingerprint of an input; volumes were hashed while they were read."""
    read = recording.provenance.get("file") == path.name
    known = recording.provenance.get("sha256") if read else ""
    return Fingerprint.of(path, known=known if isinstance(known, str) else "")


def _seen(work: Work, run: MeasuredRun) -> str:
    """What of a run needs a person's eyes, in words."""
    problem = work.given.dosing.problem
    return _damaged(run.recording) or _nothing(run) or problem


def _damaged(recording: Recording) -> str:
    """The regions whose series is broken, in words; regions outside the field of view are not."""
    broken = [(n, m) for n, m in recording.absent.items() if m.code in DAMAGED]
    if not broken:
        return ""
    name, first = broken[0]
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"{first.code} measured without region {name}{more}: {first.reason}"


def measured_run(recording: Recording, settings: Settings) -> MeasuredRun:
    """One recording under every preset that applies to it, in memory, without states.

    Raises E205 when a preset that was asked for by name cannot be applied, E133 where the user's
    own connectome does not fit the atlas.
    """
    wanted = [m for m in chosen(settings.measures) if "states" not in m.needs]
    presets, skipped = chosen_presets(recording, settings.denoise)
    reference = reference_of(settings, recording.atlas)
    cleaned = denoise_all(recording, presets, choices=choices_of(settings))
    variants = tuple(
        _variant(left, preset, wanted, (reference, settings))
        for preset, left in zip(presets, cleaned, strict=True)
    )
    units = WINDOW_UNITS | {m.name: m.unit for m in wanted}
    by_type = {name for v in variants for name in v.regions} - set(units)
    units |= dict.fromkeys(by_type, units.get(ACTIVATION, ""))
    return MeasuredRun(recording, variants, units, skipped)


def chosen_presets(
    recording: Recording, asked: Sequence[str]
) -> tuple[list[Preset], dict[str, Missing]]:
    """The presets to apply, and why the others are not."""
    offered = presets_for(recording)
    skipped = {name: p for name, p in offered.items() if isinstance(p, Missing)}
    wrong = [name for name in asked if name in skipped or name not in offered]
    if wrong:
        why = skipped[wrong[0]].reason if wrong[0] in skipped else "it is not for this kind of run"
        raise DefaultModeError("E205", f"preset {wrong[0]!r} cannot be applied: {why}.")
    usable = {name: p for name, p in offered.items() if isinstance(p, Preset)}
    return [usable[name] for name in (asked or usable)], skipped


def choices_of(settings: Settings) -> Choices:
    """The denoising choices that the settings make."""
    return Choices(
        low_hz=settings.low_hz,
        high_hz=settings.high_hz,
        min_usable_s=settings.min_usable_s,
        fd_threshold_mm=settings.fd_threshold_mm,
        dvars_threshold=settings.dvars_threshold,
    )


def _variant(
    cleaned: Recording | Missing,
    preset: Preset,
    wanted: Sequence[Measure],
    held: tuple[Reference, Settings],
) -> Variant:
    reference, settings = held
    if isinstance(cleaned, Missing):
        lost = {m.name: cleaned for m in wanted if m.kind == "number"}
        return Variant(preset.name, cleaned, lost, {})
    values = {m.name: m(cleaned, reference) for m in wanted}
    by_kind = {
        kind: {m.name: values[m.name] for m in wanted if m.kind == kind}
        for kind in ("number", "regions", "pairs")
    }
    if ACTIVATION in values:
        each = activation_by_trial_type(cleaned)
        by_kind["regions"] |= {f"task_activation_of_{name}": v for name, v in each.items()}
    maps = {} if cleaned.grid is None else place_maps(cleaned)
    # A copy: what measures remember of a recording, surrogates too, goes with the recording itself.
    kept = replace(cleaned)
    numbers, regions, pairs = by_kind.values()
    windows = windows_of_run(cleaned, settings, preset.name)
    return Variant(preset.name, kept, numbers, regions, pairs, maps, windows)
