"""`simulate` and `trial`."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode import DISCLAIMER
from defaultmode.cli.printing import show_json, tell
from defaultmode.cli.twin_use import refuse_twins, run_twins
from defaultmode.core.errors import DefaultModeError

if TYPE_CHECKING:
    from defaultmode.pipeline.simulating import SimulateReport
    from defaultmode.pipeline.substrate import VirtualSettings


def run_simulate(options: argparse.Namespace) -> int:
    """`defaultmode simulate`."""
    if options.twin is not None or options.twins is not None:
        return run_twins(options)
    from defaultmode.pipeline.simulating import simulate

    report = simulate(
        Path(options.file), virtual_settings(options), dry=options.dry_run, quiet=options.quiet
    )
    return _show(report, options)


def run_trial(options: argparse.Namespace) -> int:
    """`defaultmode trial`."""
    from defaultmode.pipeline.trialling import trial

    refuse_twins(options)
    report = trial(
        Path(options.file), virtual_settings(options), dry=options.dry_run, quiet=options.quiet
    )
    return _show(report, options)


def virtual_settings(options: argparse.Namespace) -> "VirtualSettings":
    """How virtual people are made, as the command line says; raises E411."""
    from defaultmode.pipeline.substrate import VirtualSettings

    given = {name: getattr(options, name, None) for name in VirtualSettings.__dataclass_fields__}
    known = {name: value for name, value in given.items() if value is not None}
    known["maps"] = dict(named_file(pair) for pair in options.maps or ())
    return VirtualSettings(**known)


def named_file(pair: str) -> tuple[str, Path]:
    """`NAME=FILE` taken apart; raises E411."""
    name, equals, path = pair.partition("=")
    if not (name and equals and path):
        raise DefaultModeError("E411", f"--map {pair!r}; expected NAME=FILE or NAME=FILE#COLUMN.")
    return name, Path(path)


def _show(report: "SimulateReport", options: argparse.Namespace) -> int:
    if options.json:
        show_json(asdict(report) | {"out": str(report.out), "people": report.people})
    elif not options.quiet:
        tell("\n".join(_lines(report)))
    return 0


def _lines(report: "SimulateReport") -> list[str]:
    """What was simulated, or would be, and what to type next."""
    groups = ", ".join(f"{name} {n}" for name, n in report.groups.items())
    what = (
        f"{report.people} virtual people ({groups}), {report.scans} scans, "
        f"{report.simulated_s / 60:.0f} min of brain time"
    )
    cost = f"about {report.seconds:.0f} s and {report.disk_mb:.0f} MB"
    if report.dry:
        return [f"{report.name}: {what}", f"{cost} (a rough guide); nothing was started"]
    return [
        f"{report.name}: {what}, simulated in {report.seconds:.0f} s: {report.out}",
        "next:",
        f"  defaultmode measure {report.out} RESULTS",
        "  defaultmode study RESULTS",
        f"Virtual people: what a model does is not evidence of effect. {DISCLAIMER}",
    ]
