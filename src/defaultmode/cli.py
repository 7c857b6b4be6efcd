"""The command line: parse, call the pipeline, print."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defaultmode import DISCLAIMER, __version__
from defaultmode.core.errors import DefaultModeError, explain

if TYPE_CHECKING:
    from defaultmode.pipeline import MeasureReport, StudyReport

    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

LEVELS = ("participant", "group")
MOST_SHOWN = 20


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="defaultmode",
        description="Measure the brain's default mode network in real recordings, and test it.",
        epilog=f"BIDS-App spelling: defaultmode DERIVATIVES OUT participant|group. {DISCLAIMER}",
    )
    top.add_argument("--version", action="version", version=f"defaultmode {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)

    _add_analyses(verbs)
    _add_listings(verbs)
    return top


def _add_analyses(verbs: "Verbs") -> None:
    demo = verbs.add_parser("demo", help="embedded real recordings, from start to report")
    demo.add_argument("out", nargs="?", default="defaultmode-demo", metavar="OUT")
    _common(demo)

    check = verbs.add_parser("check", help="what would be measured, what is wrong; starts nothing")
    check.add_argument("source", metavar="DERIVATIVES")
    _selection(check)
    _common(check)

    measure = verbs.add_parser("measure", help="recordings → measures, one row per run")
    measure.add_argument("source", metavar="DERIVATIVES")
    measure.add_argument("out", metavar="OUT")
    measure.add_argument("-n", "--dry-run", action="store_true", help="do as `check` does")
    _selection(measure)
    _common(measure)

    study = verbs.add_parser("study", help="measures and clinical tables → comparisons → report")
    study.add_argument("out", metavar="OUT")
    study.add_argument("--plan", type=Path, metavar="FILE.toml", help="settings of the analysis")
    _tables(study)
    _common(study)


def _add_listings(verbs: "Verbs") -> None:
    for name, text in (("measures", "measure"), ("presets", "denoising preset")):
        listing = verbs.add_parser(name, help=f"list every {text}")
        listing.add_argument("--json", action="store_true", help="print JSON")
    atlases = verbs.add_parser("atlases", help="list every atlas, or the regions of one")
    atlases.add_argument("name", nargs="?", default="", metavar="ATLAS")
    atlases.add_argument("--json", action="store_true", help="print JSON")
    why = verbs.add_parser("explain", help="what an error code means and what to do")
    why.add_argument("code", nargs="?", default="", metavar="CODE")
    why.add_argument("--json", action="store_true", help="print JSON")


def _common(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--seed", "--random-seed", type=int, default=None, metavar="N")
    verb.add_argument("--nprocs", "--nthreads", "--n-cpus", type=int, default=None, metavar="N")
    verb.add_argument("--mem-mb", type=int, default=None, metavar="MB")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    verb.add_argument("--quiet", "-q", action="store_true", help="no progress, no summary")
    verb.add_argument("-v", "--verbose", action="count", default=0, help="a line for every run")
    verb.add_argument("-w", "--work-dir", default="", help="accepted; no work files are written")


def _tables(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--bids-dir", nargs="+", dest="bids_dirs", metavar="FOLDER")
    verb.add_argument("--table", nargs="+", dest="tables", metavar="FILE")


def _selection(verb: argparse.ArgumentParser) -> None:
    _tables(verb)
    verb.add_argument("--participant-label", nargs="+", dest="participants", metavar="LABEL")
    verb.add_argument(
        "--session-label", "--session-id", nargs="+", dest="sessions", metavar="LABEL"
    )
    verb.add_argument("-t", "--task-id", nargs="+", dest="tasks", metavar="LABEL")
    verb.add_argument("--bids-filter-file", metavar="FILE.json")
    verb.add_argument("--atlas", "--atlases", nargs="+", dest="atlases", metavar="ATLAS")
    verb.add_argument("--denoise", "-p", nargs="+", metavar="PRESET")
    verb.add_argument("--measures", nargs="+", metavar="MEASURE")
    verb.add_argument("--lower-bpf", type=float, dest="low_hz", metavar="HZ")
    verb.add_argument("--upper-bpf", type=float, dest="high_hz", metavar="HZ")
    verb.add_argument("--min-time", type=float, dest="min_usable_s", metavar="S")
    verb.add_argument("-f", "--fd-thresh", type=float, dest="fd_threshold_mm", metavar="MM")
    verb.add_argument("--dvars-thresh", type=float, dest="dvars_threshold", metavar="X")


def bids_app(arguments: Sequence[str]) -> list[str]:
    """Turn `DERIVATIVES OUT participant|group` into the verb that it spells."""
    words = [_dashed(word) for word in arguments]
    if not words or words[0] in VERB_FUNCTIONS or words[0].startswith("-"):
        return words
    if len(words) >= 3 and words[2] in LEVELS:
        source, out, level, *flags = words
        return (
            ["measure", source, out, *flags] if level == "participant" else ["study", out, *flags]
        )
    return words


def _dashed(word: str) -> str:
    """`--participant_label` is read as `--participant-label`, as BIDS-Apps accept both."""
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else word


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    words = bids_app(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(words)
    try:
        code = VERB_FUNCTIONS[options.verb](options)
        sys.stdout.flush()
    except DefaultModeError as problem:
        say_error(problem)
        code = problem.exit
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing is wrong here
        code = 0
    except KeyboardInterrupt:
        say("interrupted; what is finished is kept, and the same command goes on from there.")
        code = 130
    except MemoryError:
        say_error(DefaultModeError("E605", "memory ran out."))
        code = 5
    except Exception as bug:  # noqa: BLE001  # the one place where a bug becomes a crash file
        code = crash(bug)
    return code


def say(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(text + "\n")


def tell(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def say_error(problem: DefaultModeError) -> None:
    """Write an error with its sentence and remedy."""
    entry = explain(problem.code)
    say(f"defaultmode: {problem.code} {entry.sentence}\n  {problem.detail}\n  → {entry.remedy}")


def crash(bug: Exception) -> int:
    """Keep the traceback of a bug in a file and say where it is."""
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(bug))
    with tempfile.NamedTemporaryFile(
        "w", prefix="defaultmode-crash-", suffix=".txt", delete=False, encoding="utf-8"
    ) as stream:
        stream.write(f"defaultmode {__version__}\n{' '.join(sys.argv)}\n{text}")
    say(f"defaultmode: this is a bug ({type(bug).__name__}). Please report {stream.name}")
    return 1


def settings_from(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given on the command line, by their names in Settings."""
    from defaultmode.core.settings import Settings

    given = {name: getattr(options, name, None) for name in Settings.__dataclass_fields__}
    plain = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    return {name: _absolute(name, value) for name, value in plain.items()}


def _absolute(name: str, value: Any) -> Any:
    """Paths as absolute ones, so that `study` finds them from wherever it is called."""
    if name in {"source", "bids_filter_file"}:
        return str(Path(value).absolute())
    if name in {"bids_dirs", "tables"}:
        return tuple(str(Path(v).absolute()) for v in value)
    if name == "atlases":
        return tuple(str(Path(v).absolute()) if Path(v).is_file() else v for v in value)
    return value


def run_demo(options: argparse.Namespace) -> int:
    """`defaultmode demo`."""
    from defaultmode.core.settings import Settings
    from defaultmode.pipeline import demo, demo_text

    measured, studied = demo(Settings(**settings_from(options)), quiet=options.quiet)
    if options.json:
        show_json(study_summary(studied) | measure_summary(measured))
    elif not options.quiet:
        tell("\n".join([*demo_text(studied), ""]))
        tell_study(studied)
    return max(measured.exit, studied.exit)


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

    report = measure(
        Settings(**settings_from(options)),
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
        show_json(measure_summary(report))
    elif not options.quiet:
        tell(measure_sentence(report))
    return report.exit


def run_study(options: argparse.Namespace) -> int:
    """`defaultmode study`."""
    from defaultmode.pipeline import study, study_settings

    given = settings_from(options)
    out = Path(str(given.pop("out")))
    report = study(study_settings(out, options.plan, given))
    say_missing(report.for_eyes)
    if options.json:
        show_json(study_summary(report))
    elif not options.quiet:
        tell_study(report)
    return report.exit


def measure_sentence(report: "MeasureReport") -> str:
    """What `measure` did, in words."""
    parts = [f"{len(report.measured)} runs measured in {report.seconds:.1f} s"]
    if report.complete:
        parts.append(f"{len(report.complete)} were complete already")
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
        "missing": len(report.study.missing),
        "sentences": [r.sentence for r in report.results],
        "notices": list(report.notices),
        "effects": [row for rows in effects for row in rows],
    }


def say_missing(rows: Sequence[str]) -> None:
    """Write what needs a person's eyes, the first of it; all of it is in missing.tsv."""
    for row in rows[:MOST_SHOWN]:
        say(row)
    if len(rows) > MOST_SHOWN:
        say(f"and {len(rows) - MOST_SHOWN} more: see missing.tsv")


def tell_study(report: "StudyReport") -> None:
    """What `study` found, in words."""
    missing = len(report.study.missing)
    participants = report.study.table["participant_id"].nunique()
    tell(f"{len(report.study.table)} rows of {participants} participants; {missing} values missing")
    for result in report.results:
        tell(result.sentence)
    tell(f"report: {report.out / 'report.html'}")
    tell(DISCLAIMER)


def run_list(options: argparse.Namespace) -> int:
    """`defaultmode measures`, `atlases`, `presets`."""
    from defaultmode import pipeline

    if options.verb == "atlases":
        rows = pipeline.list_regions(options.name) if options.name else pipeline.list_atlases()
    else:
        rows = {"measures": pipeline.list_measures, "presets": pipeline.list_presets}[
            options.verb
        ]()
    if options.json:
        show_json(rows)
        return 0
    for row in rows:
        name, *rest = row.items()
        said = [f"{key} {value}" for key, value in rest if value not in (None, "", 0)]
        tell(f"{name[1]}\n    {'; '.join(said)}")
    return 0


def run_explain(options: argparse.Namespace) -> int:
    """`defaultmode explain`."""
    from dataclasses import asdict

    from defaultmode.core.errors import error_table

    entries = [explain(options.code)] if options.code else list(error_table().values())
    if options.json:
        show_json([asdict(e) for e in entries])
        return 0
    for e in entries:
        tell(f"{e.code}  {e.sentence}")
        if options.code:
            tell(f"  Likely cause: {e.cause}\n  What to do: {e.remedy}\n  Exit code: {e.exit}")
    return 0


def show_json(content: object) -> None:
    """Print JSON, with null for what is not a number."""
    tell(json.dumps(_plain(content), indent=2, ensure_ascii=False, default=str))


def _plain(content: object) -> object:
    if isinstance(content, dict):
        return {str(k): _plain(v) for k, v in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(v) for v in content]
    return None if isinstance(content, float) and content != content else content  # noqa: PLR0124


VERB_FUNCTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "demo": run_demo,
    "check": run_check,
    "measure": run_measure,
    "study": run_study,
    "measures": run_list,
    "atlases": run_list,
    "presets": run_list,
    "explain": run_explain,
}
