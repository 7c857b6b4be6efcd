"""`demo`, `check`, `measure` and `study`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode import DISCLAIMER
from defaultmode.cli.arguments import settings_from
from defaultmode.cli.printing import say, say_error, say_missing, show_json, tell

if TYPE_CHECKING:
    from defaultmode.core.settings import Settings
    from defaultmode.pipeline import MeasureReport, StudyReport


def run_demo(options: argparse.Namespace) -> int:
    """`defaultmode demo`."""
    from defaultmode.core.settings import Settings
    from defaultmode.pipeline import demo, demo_text

    report = demo(Settings(**settings_from(options)), quiet=options.quiet)
    if options.json:
        virtual = study_summary(report.virtual_studied) | measure_summary(report.virtual_measured)
        real = study_summary(report.studied) | measure_summary(report.measured)
        show_json(real | {"virtual_trial": virtual})
    elif not options.quiet:
        tell("\n".join([*demo_text(report), ""]))
        tell_study(report.studied)
        tell("\nBeside them a virtual trial; nobody in it exists, and a model is no evidence:")
        tell_study(report.virtual_studied)
    return report.exit


def run_check(options: argparse.Namespace) -> int:
    """`defaultmode check`."""
    from defaultmode.core.settings import Settings
    from defaultmode.pipeline import check

    report = check(Settings(**settings_from(options)))
    if options.json:
        show_json(report.as_dict())
    elif not options.quiet:
        tell("\n".join(report.lines()))
    return report.exit


def run_measure(options: argparse.Namespace) -> int:
    """`defaultmode measure`."""
    if options.dry_run:
        return run_check(options)
    from defaultmode.core.settings import Settings
    from defaultmode.pipeline import measure

    settings = Settings(**settings_from(options))
    virtual = warn_of_virtual(settings, options)
    report = measure(
        settings,
        quiet=options.quiet,
        tell=say if options.verbose else None,
    )
    for key, problem in report.failed.items():
        say(f"{key}:")
        say_error(problem)
    for key, damage in report.damaged.items():
        say(f"{key}: {damage}")
    say_missing(report.for_eyes)
    if options.json:
        show_json({"virtual": virtual} | measure_summary(report))
    elif not options.quiet:
        tell(measure_sentence(report))
    return report.exit


def run_study(options: argparse.Namespace) -> int:
    """`defaultmode study`."""
    from defaultmode.core.frozen import read_planned
    from defaultmode.pipeline import study, study_settings
    from defaultmode.pipeline.freezing import Planned

    given = settings_from(options)
    out = Path(str(given.pop("out")))
    planned = Planned(*read_planned(options.plan)) if options.plan else Planned()
    settings = study_settings(out, planned.settings, given)
    virtual = warn_of_virtual(settings, options)
    report = study(settings, planned)
    say_missing(report.for_eyes)
    if options.json:
        show_json({"virtual": virtual} | study_summary(report))
    elif not options.quiet:
        tell_study(report)
    return report.exit


def warn_of_virtual(settings: "Settings", options: argparse.Namespace) -> bool:
    """Say before anything else that the people of a data set are simulated, and whether so."""
    from defaultmode.pipeline.virtual_sources import virtual_warning

    warning = virtual_warning(settings)
    if warning and not (options.json or options.quiet):
        tell(warning)
    return bool(warning)


def measure_sentence(report: "MeasureReport") -> str:
    """What `measure` did, in words."""
    parts = [f"{len(report.measured)} runs measured in {report.seconds:.1f} s"]
    if report.complete:
        parts.append(f"{len(report.complete)} were complete already")
    if report.scored:
        parts.append(f"{report.scored} scored by the states of the study")
    if report.failed:
        parts.append(f"{len(report.failed)} failed")
    if report.damaged:
        parts.append(f"{len(report.damaged)} need your eyes")
    return f"{', '.join(parts)}: {report.out}"


def measure_summary(report: "MeasureReport") -> dict[str, object]:
    """What `measure` did, for JSON."""
    return {
        "out": str(report.out),
        "measured": list(report.measured),
        "complete": list(report.complete),
        "failed": {k: {"code": e.code, "reason": e.detail} for k, e in report.failed.items()},
        "damaged": dict(report.damaged),
    }


def study_summary(report: "StudyReport") -> dict[str, object]:
    """What `study` found, for JSON."""
    effects = [r.table.to_dict("records") for r in report.results]
    return {
        "report": str(report.out / "report.html"),
        "rows": len(report.study.table),
        "missing": report.study.n_missing,
        "sentences": [r.sentence for r in report.results],
        "notices": list(report.notices),
        "stamp": report.stamp.word,
        "departures": list(report.stamp.departures),
        "claims": report.ledger.claims.table.to_dict("records"),
        "effects": [row for rows in effects for row in rows],
    }


def tell_study(report: "StudyReport") -> None:
    """What `study` found, in words."""
    missing = report.study.n_missing
    participants = report.study.table["participant_id"].nunique()
    tell(f"{len(report.study.table)} rows of {participants} participants; {missing} values missing")
    for result in report.results:
        tell(result.sentence)
    for sentence in report.followed.sentences:
        tell(sentence)
    if not len(report.reliability.table) and report.reliability.sentence:
        tell(report.reliability.sentence)
    tell(report.stamp.sentence)
    for note in report.ledger.claims.notes:
        tell(note)
    tell(report.ledger.claims.sentence)
    tell("\n".join(verdict_lines(report)))
    tell(f"report: {report.out / 'report.html'}")
    tell(DISCLAIMER)


def verdict_lines(report: "StudyReport") -> list[str]:
    """The claims that the study could test, and the parts of others, a line each."""
    table = report.ledger.claims.table
    first = table.drop_duplicates(["claim", "atlas"])
    tested = first[first["verdict_over_presets"] != "not testable"]
    columns = (
        "claim",
        "verdict_over_presets",
        "title",
        "statistic",
        "estimate",
        "ci_low",
        "ci_high",
    )
    lines = [
        f"  {claim:<4} {word:<18} {title}: {statistic} {value:.2f} [{low:.2f}, {high:.2f}]"
        for claim, word, title, statistic, value, low, high in zip(
            *(tested[name] for name in columns), strict=True
        )
    ]
    whole = report.ledger.specifications.table
    parts = whole[
        whole["decides"] & whole["estimate"].notna() & ~whole["claim"].isin(tested["claim"])
    ]
    return lines + [
        f"  {claim:<4} {'in part':<18} {test}, {denoise}: {reason}"
        for claim, test, denoise, reason in zip(
            *(parts[name] for name in ("claim", "test", "denoise", "reason")), strict=True
        )
    ]
