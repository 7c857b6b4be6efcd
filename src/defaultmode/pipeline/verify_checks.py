"""The checks of `verify`: each yields what is not as it was, or what it could not look at."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.outputs import misplaced, study_files
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import gather_study
from defaultmode.pipeline.one_run import Work, contents_of, measured_run, recording_of
from defaultmode.pipeline.state_scoring import scored_texts, scoring_of
from defaultmode.pipeline.studying import results_of
from defaultmode.running import Manifest, Task, launch
from defaultmode.statistics import design_of

LONGEST = 80  # characters of a setting that are shown


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was, or (`differs` false) that could not be looked at.

    what : output, input, setting, code, place, measured again, scored again or study
    name : the file or run; how : how it differs, or why it could not be looked at
    """

    what: str
    name: str
    how: str
    differs: bool = True


def hashed_otherwise(folder: Folder, manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Outputs that are gone or have other bytes, and inputs that have or are gone."""
    for manifest in manifests:
        for file in manifest.files:
            path = folder.path / file.name
            if not path.is_file():
                yield Finding("output", file.name, "is gone")
            elif not file.holds(path):
                yield Finding("output", file.name, "has other bytes than were written")
        for file in manifest.inputs:
            path = Path(file.name)
            if not path.is_file():
                yield Finding("input", file.name, "is not there now", differs=False)
            elif not file.holds(path):
                yield Finding("input", file.name, f"has changed since {manifest.key} was measured")


def placed_otherwise(folder: Folder) -> Iterator[Finding]:
    """Files that do not belong into a folder of results, or do not hold what they should."""
    for name, problem in misplaced(folder.path):
        yield Finding("place", name, problem)


def settled_otherwise(
    manifests: Sequence[Manifest], works: Mapping[str, Work]
) -> Iterator[Finding]:
    """Runs that were measured with other settings, sidecars or code than there are now."""
    for manifest in manifests:
        if manifest.version != __version__:
            how = f"was measured by version {manifest.version}; this is {__version__}"
            yield Finding("code", manifest.key, how)
        if manifest.key in works:
            yield from _other_settings(manifest, works[manifest.key].analysis)


def scored_otherwise(
    folder: Folder, settings: Settings, manifests: Sequence[Manifest]
) -> Iterator[Finding]:
    """Runs that were scored from other files, by other states or settings than there are now."""
    finished = {m.key: m for m in manifests}
    for scoring in folder.scorings():
        if scoring.key not in finished:
            yield Finding("scored", scoring.key, "is scored and is no finished run")
            continue
        yield from _other_settings(
            scoring, scoring_of(folder, settings, finished[scoring.key]).basis
        )


def _other_settings(manifest: Manifest, analysis: Mapping[str, object]) -> Iterator[Finding]:
    today = json.loads(json.dumps(analysis))
    for name in sorted(today.keys() | manifest.settings.keys()):
        before, now = manifest.settings.get(name), today.get(name)
        if before != now:
            how = f"{name} was {_short(before)} and is {_short(now)} now"
            yield Finding("setting", manifest.key, how)


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def measured_otherwise(folder: Folder, work: Work | None) -> Iterator[Finding]:
    """Files of one run that come out otherwise when it is measured again."""
    if work is not None:
        yield from _made_again(folder, "measured again", work.key, lambda: _contents(work))


def rescored_otherwise(
    folder: Folder, settings: Settings, manifest: Manifest | None
) -> Iterator[Finding]:
    """Files of one run that come out otherwise when it is scored again by the states there are."""
    if manifest is not None and manifest.key in {m.key for m in folder.scorings()}:
        scoring = scoring_of(folder, settings, manifest)
        yield from _made_again(
            folder, "scored again", manifest.key, lambda: _encoded(scored_texts(scoring))
        )


def gathered_otherwise(folder: Folder, settings: Settings) -> Iterator[Finding]:
    """Tables of the study that come out otherwise from the runs that lie here."""
    yield from _made_again(folder, "study", "study.tsv", lambda: _tables(folder, settings))


def _contents(work: Work) -> dict[str, bytes]:
    return contents_of(measured_run(recording_of(work), work.settings))


def _tables(folder: Folder, settings: Settings) -> dict[str, bytes]:
    study, _ = gather_study(settings)
    studied = (folder.path / "effects.tsv").is_file()
    design = design_of(study, reference=settings.reference)
    return _encoded(study_files(study, results_of(study, design) if studied else ()))


def _encoded(texts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}


def _made_again(
    folder: Folder, what: str, name: str, make: Callable[[], Mapping[str, bytes]]
) -> Iterator[Finding]:
    """What is made again and differs from the file that lies there."""
    [(_, contents)] = launch(lambda again: again(), [Task(name, make)])
    if isinstance(contents, DefaultModeError):
        yield Finding(what, name, f"cannot be made again: {contents}", differs=False)
        return
    for file, content in sorted(contents.items()):
        path = folder.path / file
        if not path.is_file():
            yield Finding(what, file, "is not there")
        elif (before := path.read_bytes()) != content:
            yield Finding(what, file, _difference(before, content))


def _difference(before: bytes, now: bytes) -> str:
    """In how many cells two published texts differ, and which is the first."""
    found, expected = (re.split(r"[\t\n]", c.decode("utf-8", "replace")) for c in (before, now))
    if len(found) != len(expected):
        return f"has {len(found)} cells; it should have {len(expected)}"
    other = [(a, b) for a, b in zip(found, expected, strict=True) if a != b]
    if not other:
        return "has other bytes"
    first, right = other[0]
    return f"{len(other)} of {len(found)} cells differ; the first is {first!r}, not {right!r}"
