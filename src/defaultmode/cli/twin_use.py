"""`simulate --twin`."""

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode import DISCLAIMER
from defaultmode.cli.printing import show_json, tell
from defaultmode.core.errors import DefaultModeError

if TYPE_CHECKING:
    from defaultmode.pipeline.twin_agreement import Agreement
    from defaultmode.pipeline.twin_cohort import CohortChange
    from defaultmode.pipeline.twin_results import TriedTwin
    from defaultmode.pipeline.twin_simulation import TwinSettings, TwinUseReport

FEW = 5  # so many are named
OWN_BRAIN = ("connectome", "lengths", "parameters", "coupling_every_ms")


def refuse_twins(options: argparse.Namespace) -> None:
    """A virtual trial gives doses, and is not held on twins of real people; raises E517."""
    if options.twin is not None or options.twins is not None:
        raise DefaultModeError(
            "E517", "a trial gives doses and rates mood; `simulate` takes twins."
        )


def run_twins(options: argparse.Namespace) -> int:
    """`defaultmode simulate --twin`."""
    from defaultmode.pipeline.twin_simulation import simulate_twins

    report = simulate_twins(
        Path(options.file), twin_settings(options), dry=options.dry_run, quiet=options.quiet
    )
    if options.json:
        show_json(_summary(report))
    elif not options.quiet:
        tell("\n".join(_lines(report)))
    return 0


def twin_settings(options: argparse.Namespace) -> "TwinSettings":
    """Whose twins and how; raises E411 (a flag that twins do not take) and E517."""
    from defaultmode.cli.virtual import named_file
    from defaultmode.pipeline.twin_simulation import TwinSettings

    if options.twin is None or options.twins is None:
        alone = "--twin" if options.twins is None else "--twins"
        raise DefaultModeError("E411", f"{alone} alone; expected --twin sub-LABEL --twins FOLDER.")
    if options.people is not None or options.condition is not None:
        msg = "--n and --condition make virtual people; a twin is one person as they are."
        raise DefaultModeError("E517", msg)
    for name in OWN_BRAIN:
        if getattr(options, name) is not None:
            msg = f"--{name.removesuffix('_ms').replace('_', '-')} is fixed by the fit of a twin."
            raise DefaultModeError("E411", msg)
    known = {
        "seed": options.seed,
        "atlas": options.atlas,
        "noise_percent": options.noise_percent,
        "nprocs": options.threads,
    }
    return TwinSettings(
        twins=options.twins,
        who=options.twin,
        out=options.out,
        maps=dict(named_file(pair) for pair in options.maps or ()),
        **{name: value for name, value in known.items() if value is not None},
    )


def _summary(report: "TwinUseReport") -> dict[str, object]:
    """What was tried and every row of its tables, for JSON."""
    from defaultmode.pipeline.twin_results import CAUTION, sheets_of

    tables = {
        name: [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]
        for name, sheet in sheets_of(report.tried, report.cohort).items()
    }
    return {
        "out": str(report.out),
        "name": report.name,
        "caution": CAUTION,
        "conditions": list(report.conditions),
        "people": list(report.people),
        "excluded": dict(report.excluded),
        "groups": list(report.groups),
        "dry": report.dry,
        "seconds": round(report.seconds, 1),
    } | tables


def _lines(report: "TwinUseReport") -> Iterator[str]:
    """What was tried, what it changes, whether the simulation agrees, and how little it says."""
    n = len(report.people)
    yield f"{report.name}, on twins of {', '.join(report.people) if n <= FEW else f'{n} people'}"
    yield from (f"  {sentence}" for sentence in report.conditions)
    yield from (f"left out: {key}: {reason}" for key, reason in report.excluded.items())
    if report.dry:
        yield "nothing was started"
        return
    if report.cohort:
        yield from _cohort(report.cohort, report.groups)
        yield from _lost(report.tried)
    else:
        yield from (line for twin in report.tried for line in _changes(twin))
    agreements = [a for twin in report.tried for a in twin.agreements]
    if agreements:
        yield from _agreements(agreements)
    yield f"all numbers: {report.out}/twin_changes.tsv ({report.seconds:.0f} s)"
    if agreements:
        yield f"next: defaultmode measure {report.out} RESULTS"
    yield "Mechanism only, not evidence of effect; not for decisions about a person."
    yield DISCLAIMER


def _changes(twin: "TriedTwin") -> Iterator[str]:
    doubt = "; says no more of its person than the others' average does"
    yield f"{twin.found.key}, linear model{doubt if twin.found.personal is False else ''}"
    for condition in dict.fromkeys(c.condition for c in twin.changes):
        rows = [c for c in twin.changes if c.condition == condition]
        yield (
            f"{condition:<34}{'baseline':>10}{'change':>10}{'95 % of plausible brains':>26}"
            f"{'same sign':>11}{'learnt':>8}  mark"
        )
        for c in rows:
            if c.missing:
                yield f"  {c.look.name:<32}n/a: {c.missing.code} {c.missing.reason}"
                continue
            interval = f"{_number(c.low)} to {_number(c.high)}"
            yield (
                f"  {c.look.name:<32}{_number(c.baseline):>10}{_number(c.value):>10}{interval:>26}"
                f"{_number(c.same_sign, 2):>11}{_number(c.learnt, 2):>8}  {c.mark}"
            )
    yield from _lost([twin])


def _lost(tried: Sequence["TriedTwin"]) -> Iterator[str]:
    """How many plausible brains lost their stable branch, condition by condition."""
    for condition in dict.fromkeys(c.condition for twin in tried for c in twin.changes):
        one_each = [next(c for c in t.changes if c.condition == condition) for t in tried]
        lost, draws = sum(c.lost for c in one_each), sum(c.draws for c in one_each)
        yield f"{condition}: {lost} of {draws} plausible brains lost their stable branch"
    changes = [c for twin in tried for c in twin.changes]
    if beside := sum(c.beside for c in changes):
        yield (
            f"{beside} of {len(changes)} changes of fitted brains lie beside their interval: "
            "plausible brains are not centred on the fit"
        )


def _agreements(rows: Sequence["Agreement"]) -> Iterator[str]:
    verdicts = [a.missing.code if a.missing else a.verdict for a in rows if a.missing or a.verdict]
    counts = ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts))
    yield f"linear says / nonlinear shows: {counts}"
    for a in rows:
        if a.verdict and a.verdict != "agrees":
            what = "change" if a.is_change else "level"
            yield (
                f"  {a.condition}: {what} of {a.look.name}: {_number(a.linear)} / "
                f"{_number(a.nonlinear)} ± {_number(a.standard_error)}, one scan ± "
                f"{_number(a.one_scan)}: {a.verdict}"
            )


def _cohort(rows: Sequence["CohortChange"], groups: Sequence[str]) -> Iterator[str]:
    yield from groups
    for condition in dict.fromkeys(c.condition for c in rows):
        contrast = "; patients less controls" if groups else ""
        yield f"{condition}, linear model: mean over people, 95 % interval{contrast}"
        for c in (c for c in rows if c.condition == condition):
            interval = f"{_number(c.low)} to {_number(c.high)}"
            lost = f" ({c.left_out} left out)" if c.left_out else ""
            line = f"  {c.look.name:<32}n {c.n}{lost:<2}{_number(c.mean):>10}{interval:>22}"
            if math.isfinite(c.g):
                line += f"   g {c.g:+.2f} ({c.g_low:+.2f} to {c.g_high:+.2f}), p {c.p:.3f}"
            yield f"{line}  {c.mark}"
    reasons = dict.fromkeys(c.reason for c in rows if c.reason and groups)
    yield from (f"patients and controls are not compared: {reason}" for reason in reasons)


def _number(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"
