"""`verify`: hash every file again, measure one run again, and say what is not as it was."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings, read_settings
from defaultmode.pipeline import verify_checks as checks
from defaultmode.pipeline.demonstrating import embedded_works
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.measuring import runs_of, works_of
from defaultmode.pipeline.one_run import Work
from defaultmode.pipeline.verify_checks import Finding
from defaultmode.running import Manifest

NOT_COVERED = (
    "not covered: report.html, CITATION.*, logs/, whether the same states would be learnt again, "
    "and data sets below this folder"
)
MISMATCH = "E606"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was checked in a folder, and what was found.

    runs, files, inputs : how many were checked; again : the run that was measured again, or empty
    """

    out: Path
    runs: int
    files: int
    inputs: int
    again: str
    findings: tuple[Finding, ...]

    @property
    def problem(self) -> DefaultModeError | None:
        """The error E606 where something differs."""
        differing = [f for f in self.findings if f.differs]
        if not differing:
            return None
        first, *others = differing
        more = f", and {len(others)} more" if others else ""
        return DefaultModeError(MISMATCH, f"{first.what} {first.name}: {first.how}{more}.")

    @property
    def exit(self) -> int:
        """0 all well, 6 something differs, 4 something could not be checked."""
        if self.problem is not None:
            return self.problem.exit
        return 4 if self.findings else 0

    def lines(self) -> list[str]:
        """The report for a terminal."""
        counted = f"{self.runs} runs, {self.files} files and {self.inputs} inputs hashed"
        again = f"{self.again} measured again" if self.again else "no run measured again"
        said = [
            f"  {'' if f.differs else 'not checked: '}{f.what} {f.name}: {f.how}"
            for f in self.findings
        ]
        differing = sum(f.differs for f in self.findings)
        last = f"{differing} differences" if differing else "nothing differs"
        return [f"{counted}, {again}: {self.out}", *said, f"  {NOT_COVERED}", last]


def verify(out: Path, *, run: str = "", seed: int = 0) -> VerifyReport:
    """Compare a folder of results with what its manifests say, and with itself made again.

    Every output and input is hashed and the settings are compared; one run (`run`, or one drawn by
    `seed`) is measured and scored again and its published text compared to the letter; the tables
    of the study are gathered again; every file must be one that belongs there.
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
    hashed = [*manifests, *folder.scorings(), *folder.twins(), *folder.twins(route="dynamics")]
    works, lost = _works(manifests, settings)
    again = _chosen(manifests, works, run, seed)
    found = [
        *(Finding("run", folder.path.name, why, differs=False) for why in folder.unfinished()),
        *checks.hashed_otherwise(folder, hashed),
        *checks.placed_otherwise(folder),
        *lost,
        *checks.settled_otherwise(manifests, works),
        *checks.measured_otherwise(folder, works.get(again)),
    ]
    found += _derived_otherwise(folder, settings, manifests, again, found)
    return VerifyReport(
        folder.path,
        len(manifests),
        sum(len(m.files) for m in hashed),
        sum(len(m.inputs) for m in hashed),
        again,
        tuple(found),
    )


def _derived_otherwise(
    folder: Folder,
    settings: Settings,
    manifests: Sequence[Manifest],
    again: str,
    found: Sequence[Finding],
) -> Iterator[Finding]:
    """What was made from the outputs of runs; they cannot be read where they are damaged."""
    if any(f.differs and f.what == "output" for f in found):
        how = "states and study are not gathered from damaged outputs"
        yield Finding("study", folder.path.name, how, differs=False)
        return
    yield from checks.scored_otherwise(folder, settings, manifests)
    chosen = next((m for m in manifests if m.key == again), None)
    yield from checks.rescored_otherwise(folder, settings, chosen)
    yield from checks.gathered_otherwise(folder, settings)


def _works(
    manifests: Sequence[Manifest], settings: Settings
) -> tuple[dict[str, Work], list[Finding]]:
    """The work that would give each finished run today, and why there is none."""
    try:
        today = {(w.key, w.atlas): w for w in _works_today(manifests, settings)}
    except DefaultModeError as problem:
        how = f"no run can be measured again: {problem}"
        return {}, [Finding("input", settings.source, how, differs=False)]
    works = {m.key: today.get((m.key, str(m.settings["atlas"]))) for m in manifests}
    how = f"has no recording in {settings.source} now"
    lost = [Finding("input", key, how, differs=False) for key, work in works.items() if not work]
    return {key: work for key, work in works.items() if work}, lost


def _works_today(manifests: Sequence[Manifest], settings: Settings) -> Iterator[Work]:
    if not settings.source:
        yield from embedded_works(settings)
        return
    everybody = replace(settings, participants=(), sessions=(), tasks=())
    runs = runs_of(everybody)
    for atlas in sorted({str(m.settings["atlas"]) for m in manifests}):
        for work in works_of(runs, replace(everybody, atlases=(atlas,) if atlas else ())):
            yield replace(work, settings=settings)


def _chosen(manifests: Sequence[Manifest], works: Mapping[str, Work], run: str, seed: int) -> str:
    """The run to measure again: the one asked for, or one whose inputs are all there."""
    there = [m.key for m in manifests if all(Path(f.name).is_file() for f in m.inputs)]
    ready = [key for key in there if key in works and run in {"", key}]
    return str(np.random.default_rng(seed).choice(ready)) if ready else ""
