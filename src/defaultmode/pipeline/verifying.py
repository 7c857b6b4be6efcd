"""`verify`: hash every file again, measure one run again, and say what is not as it was."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings, read_settings
from defaultmode.outputs import run_files, study_files
from defaultmode.pipeline.demonstrating import embedded_works
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.measuring import Work, measured_run, runs_of, works_of
from defaultmode.pipeline.studying import gather_study, results_of
from defaultmode.running import Fingerprint, Manifest, Task, launch
from defaultmode.sources.reading import read_recording
from defaultmode.statistics import design_of

NOT_COVERED = "not covered: report.html, CITATION.*, logs/ and data sets below this folder"
MISMATCH = "E606"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was: an output, input, setting, repeat or study; how it differs."""

    what: str
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was checked in a folder, what differs, and what could not be checked.

    runs, files, inputs : how many were checked; again : the run that was measured again, or empty
    """

    out: Path
    runs: int
    files: int
    inputs: int
    again: str
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...]

    @property
    def problem(self) -> DefaultModeError | None:
        """The error E606 where something differs."""
        if not self.findings:
            return None
        first, *others = self.findings
        more = f", and {len(others)} more" if others else ""
        return DefaultModeError(MISMATCH, f"{first.what} {first.name}: {first.how}{more}.")

    @property
    def exit(self) -> int:
        """0 all well, 6 something differs, 4 something could not be checked."""
        if self.problem is not None:
            return self.problem.exit
        return 4 if self.unchecked else 0

    def lines(self) -> list[str]:
        """The report for a terminal."""
        again = f"{self.again} measured again" if self.again else "no run measured again"
        return [
            f"{self.runs} runs, {self.files} files and {self.inputs} inputs hashed, {again}: "
            f"{self.out}",
            *(f"  {f.what} {f.name}: {f.how}" for f in self.findings),
            *(f"  not checked: {line}" for line in self.unchecked),
            f"  {NOT_COVERED}",
            f"{len(self.findings)} differences" if self.findings else "nothing differs",
        ]


def verify(out: Path, *, run: str = "", seed: int = 0) -> VerifyReport:
    """Compare a folder of results with what its manifests say, and with itself made again.

    Every output and input is hashed, the settings are compared, one run is measured again (`run`,
    or one drawn by `seed`) and its published text compared to the letter, and the tables of the
    study are gathered again.
    Raises E408 (no finished run lies there) and E410 (no finished run is called so).
    """
    folder = Folder(Path(out))
    manifests = folder.finished()
    if not manifests:
        raise DefaultModeError("E408", f"{folder.path} has no finished run that could be verified.")
    if run and run not in {m.key for m in manifests}:
        known = ", ".join(m.key for m in manifests)
        raise DefaultModeError("E410", f"no finished run is called {run!r}; there are {known}.")
    settings = replace(read_settings(folder.settings_file), out=str(folder.path))
    works, unchecked = _works(manifests, settings)
    again = _chosen(manifests, works, run, seed)
    repeated, failed = _repeated(folder, works.get(again))
    gathered, ungathered = _gathered(folder, settings)
    return VerifyReport(
        folder.path,
        len(manifests),
        sum(len(m.files) for m in manifests),
        sum(len(m.inputs) for m in manifests),
        again,
        (*_hashed(folder, manifests), *_settled(manifests, works), *repeated, *gathered),
        (*unchecked, *_gone(manifests), *failed, *ungathered),
    )


def _works(
    manifests: Sequence[Manifest], settings: Settings
) -> tuple[dict[str, Work], tuple[str, ...]]:
    """The work that would give each finished run today, and why there is none."""
    try:
        works = list(_works_today(manifests, settings))
    except DefaultModeError as problem:
        return {}, (f"no run can be measured again: {problem}",)
    found = {(w.key, w.atlas): w for w in works}
    named = {m.key: found.get((m.key, str(m.settings["atlas"]))) for m in manifests}
    lost = [f"{key} has no recording in {settings.source} now" for key, w in named.items() if not w]
    return {key: work for key, work in named.items() if work}, tuple(lost)


def _works_today(manifests: Sequence[Manifest], settings: Settings) -> Iterator[Work]:
    if not settings.source:
        yield from embedded_works(settings)
        return
    everybody = replace(settings, participants=(), sessions=(), tasks=())
    runs = runs_of(everybody)
    for atlas in sorted({str(m.settings["atlas"]) for m in manifests}):
        for work in works_of(runs, replace(everybody, atlases=(atlas,) if atlas else ())):
            yield replace(work, settings=settings)


def _chosen(
    manifests: Sequence[Manifest], works: Mapping[str, Work], run: str, seed: int
) -> str:
    """The run to measure again: the one asked for, or one whose inputs are all there."""
    there = [m.key for m in manifests if all(Path(f.name).is_file() for f in m.inputs)]
    ready = [key for key in there if key in works and run in {"", key}]
    return str(np.random.default_rng(seed).choice(ready)) if ready else ""


def _hashed(folder: Folder, manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Outputs that are gone or have other bytes, and inputs that have."""
    for manifest in manifests:
        for file in manifest.files:
            path = folder.path / file.name
            if not path.is_file():
                yield Finding("output", file.name, "is gone")
            elif not file.holds(path):
                yield Finding("output", file.name, "has other bytes than were written")
        for file in manifest.inputs:
            path = Path(file.name)
            if path.is_file() and not file.holds(path):
                yield Finding("input", file.name, f"has changed since {manifest.key} was measured")


def _gone(manifests: Sequence[Manifest]) -> list[str]:
    inputs: list[Fingerprint] = [f for m in manifests for f in m.inputs]
    return [f"input {f.name} is not there now" for f in inputs if not Path(f.name).is_file()]


def _settled(manifests: Sequence[Manifest], works: Mapping[str, Work]) -> Iterator[Finding]:
    """Runs that were measured with other settings, sidecars or code than there are now."""
    for manifest in manifests:
        if manifest.version != __version__:
            how = f"was measured by version {manifest.version}; this is {__version__}"
            yield Finding("code", manifest.key, how)
        if manifest.key not in works:
            continue
        today = json.loads(json.dumps(works[manifest.key].analysis))
        for name in sorted(today.keys() | manifest.settings.keys()):
            before, now = manifest.settings.get(name), today.get(name)
            if before != now:
                how = f"{name} was {_short(before)} when it was measured, and is {_short(now)} now"
                yield Finding("setting", manifest.key, how)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _repeated(folder: Folder, work: Work | None) -> tuple[list[Finding], list[str]]:
    """Files of one run that come out otherwise when it is measured again."""
    if work is None:
        return [], []
    [(_, texts)] = launch(_texts, [Task(work.key, work)])
    if isinstance(texts, DefaultModeError):
        return [], [f"{work.key} cannot be measured again: {texts}"]
    return list(_differing("measured again", folder, texts)), []


def _texts(work: Work) -> dict[str, str]:
    return run_files(measured_run(read_recording(work.files, work.atlas), work.settings))


def _gathered(folder: Folder, settings: Settings) -> tuple[list[Finding], list[str]]:
    """Tables of the study that come out otherwise from the runs that lie here."""
    try:
        study, _ = gather_study(settings)
        studied = (folder.path / "effects.tsv").is_file()
        results = results_of(study, design_of(study, reference=settings.reference))
        texts = study_files(study, results if studied else ())
    except DefaultModeError as problem:
        return [], [f"the tables of the study: {problem}"]
    except (OSError, LookupError, ValueError) as problem:
        return [], [f"the tables of the study cannot be gathered from damaged files: {problem}"]
    return list(_differing("study", folder, texts)), []


def _differing(what: str, folder: Folder, texts: Mapping[str, str]) -> Iterator[Finding]:
    for name, text in sorted(texts.items()):
        path = folder.path / name
        if not path.is_file():
            yield Finding(what, name, "is not there")
            continue
        before = path.read_bytes().decode("utf-8", errors="replace")
        if before != text:
            yield Finding(what, name, _difference(before, text))


def _difference(before: str, now: str) -> str:
    """In how many cells two published texts differ, and which is the first."""
    cells = [re.split(r"[\t\n]", text) for text in (before, now)]
    if len(cells[0]) != len(cells[1]):
        return f"has {len(cells[0])} cells; it should have {len(cells[1])}"
    other = [(a, b) for a, b in zip(*cells, strict=True) if a != b]
    (found, expected), *_ = other
    return f"{len(other)} of {len(cells[0])} cells differ; the first is {found!r}, not {expected!r}"
