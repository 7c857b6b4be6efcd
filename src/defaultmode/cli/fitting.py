"""`fit`: one twin for every run."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode import DISCLAIMER
from defaultmode.cli.printing import say, say_error, show_json, tell

if TYPE_CHECKING:
    from defaultmode.pipeline.twinning import FitReport

EMBEDDED = "embedded"  # in place of a folder, unless there is one of that name


def run_fit(options: argparse.Namespace) -> int:
    """`defaultmode fit`."""
    from defaultmode.cli.arguments import settings_from
    from defaultmode.core.settings import Settings
    from defaultmode.pipeline.twinning import FitSettings, fit

    given = settings_from(options)
    if options.source == EMBEDDED and not Path(EMBEDDED).exists():
        given["source"] = ""
    report = fit(
        Settings(**given),
        FitSettings(draws=options.draws, dynamic=options.route == "dynamic"),
        quiet=options.quiet,
        tell=say if options.verbose else None,
    )
    for key, problem in report.failed.items():
        say(f"{key}:")
        say_error(problem)
    if options.json:
        show_json(_summary(report))
    elif not options.quiet:
        tell("\n".join(_lines(report)))
    return report.exit


def _summary(report: "FitReport") -> dict[str, object]:
    return {
        "out": str(report.out),
        "twins": list(report.rows),
        "groups": dict(report.groups),
        "failed": {key: {"code": e.code, "detail": e.detail} for key, e in report.failed.items()},
        "complete": list(report.complete),
        "seconds": round(report.seconds, 1),
    }


def _lines(report: "FitReport") -> list[str]:
    """How far each atlas's twins can be believed, and what to type next."""
    there, lost = len(report.complete), len(report.failed)
    lines = [f"{len(report.rows)} twins ({there} were there), {lost} runs without: {report.out}"]
    for atlas, group in report.groups.items():
        rows = [row for row in report.rows if row["atlas"] == atlas]
        lines += [f"{atlas}: group of {group}", *_table(rows)]
    if not report.rows:
        return [*lines, "no twin was made"]
    return [
        *lines,
        "no model: the first half shrunk towards the group; a twin cannot be expected to show more",
        "next:",
        f"  defaultmode measure DERIVATIVES {report.out} && defaultmode study {report.out}",
        f"  defaultmode simulate --twin sub-LABEL --twins {report.out} PROTOCOL.toml NEW",
        f"A twin is a model: no dose is found and no mood predicted with it. {DISCLAIMER}",
    ]


COLUMNS = {
    "fitted_r": "fitted",
    "held_out_r": "second half",
    "ceiling_r": "half-half",
    "noiseless_ceiling_r": "at most",
    "blend_r": "no model",
    "group_average_r": "others",
    "structure_only_r": "structure",
    "other_run_r": "other run",
}


def _table(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """One line for every twin: correlations of connectivities."""
    lines = ["  " + f"{'correlation with':<24}" + "".join(f"{n:>12}" for n in COLUMNS.values())]
    for row in rows:
        name = "_".join(str(row[k]) for k in ("participant_id", "session_id", "run_id") if row[k])
        cells = "".join(f"{_number(row.get(c)):>12}" for c in COLUMNS)
        lines.append(f"  {name:<24}{cells}  {row['status']}")
    return lines


def _number(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "–"
