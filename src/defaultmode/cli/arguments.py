"""The words of the command line: every verb with its flags."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defaultmode import DISCLAIMER, __version__
from defaultmode.cli.claims import add_claims
from defaultmode.cli.edges import add_edges
from defaultmode.cli.overlap import add_overlap
from defaultmode.cli.planning import add_plan
from defaultmode.cli.power import add_power
from defaultmode.cli.predicting import add_predict
from defaultmode.cli.scoring import add_scoreboard
from defaultmode.cli.serving import add_serve
from defaultmode.cli.verifying import add_verify

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


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
    add_predict(verbs)
    add_verify(verbs)
    _add_virtual(verbs)
    add_scoreboard(verbs)
    add_serve(verbs)
    add_power(verbs)
    add_plan(verbs)
    add_overlap(verbs)
    add_edges(verbs)
    add_claims(verbs)
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

    twins = verbs.add_parser("fit", help="one twin per run: a whole-brain model fitted to it")
    twins.add_argument("source", metavar="DERIVATIVES", help="or `embedded`")
    twins.add_argument("out", metavar="OUT")
    twins.add_argument(
        "--draws", type=int, default=16, metavar="N", help="plausible others of each"
    )
    twins.add_argument(
        "--route",
        choices=("linear", "dynamic"),
        default="linear",
        help="dynamic: global factors by simulation too, minutes a run (needs the extra `fit`)",
    )
    _selection(twins)
    _common(twins)

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
    for kind in ("drugs", "conditions", "events", "models"):
        listing = verbs.add_parser(kind, help=f"list the simulator's {kind}, or all of one")
        listing.add_argument("name", nargs="?", default="", metavar="NAME")
        listing.add_argument("--json", action="store_true", help="print JSON")
    why = verbs.add_parser("explain", help="what an error code means and what to do")
    why.add_argument("code", nargs="?", default="", metavar="CODE")
    why.add_argument("--json", action="store_true", help="print JSON")


def _add_virtual(verbs: "Verbs") -> None:
    for name, text in (
        ("simulate", "a protocol → virtual people, as a BIDS derivative"),
        ("trial", "a virtual trial, as a BIDS derivative"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("file", metavar="PROTOCOL.toml" if name == "simulate" else "TRIAL.toml")
        verb.add_argument("out", metavar="OUT", type=Path)
        if name == "simulate":
            verb.add_argument("--n", type=int, dest="people", metavar="N", help="virtual people")
            verb.add_argument("--condition", metavar="CONDITION")
        _twins(verb, text="whose twin, or `all`" if name == "simulate" else argparse.SUPPRESS)
        _brain(verb)


def _twins(verb: argparse.ArgumentParser, *, text: str) -> None:
    folder = text if text == argparse.SUPPRESS else "the folder that `fit` left"
    verb.add_argument("--twin", metavar="sub-LABEL", help=text)
    verb.add_argument("--twins", type=Path, metavar="FOLDER", help=folder)


def _brain(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("-n", "--dry-run", action="store_true", help="say what would be simulated")
    verb.add_argument("--seed", "--random-seed", type=int, metavar="N")
    verb.add_argument("--connectome", type=Path, metavar="WEIGHTS.tsv")
    verb.add_argument("--lengths", type=Path, metavar="LENGTHS.tsv", help="tract lengths in mm")
    verb.add_argument("--atlas", metavar="ATLAS", help="whose regions the connectome has")
    verb.add_argument("--map", nargs="+", dest="maps", metavar="NAME=FILE.tsv")
    verb.add_argument("--parameters", metavar="SET", help="a named parameter set")
    verb.add_argument("--noise", type=float, dest="noise_percent", metavar="PERCENT")
    verb.add_argument("--coupling-every", type=float, dest="coupling_every_ms", metavar="MS")
    verb.add_argument("--nprocs", "--nthreads", "--n-cpus", type=int, dest="threads", metavar="N")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    verb.add_argument("--quiet", "-q", action="store_true", help="no progress, no summary")


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
    verb.add_argument(
        "--activity", nargs="+", metavar="FILE", help="regional blood flow or tracer uptake"
    )


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
    verb.add_argument("--n-states", type=int, metavar="N", help="brain states to learn")
    verb.add_argument("--surrogates", type=int, metavar="N", help="for each dynamic measure")
    verb.add_argument("--states", metavar="OUT", help="score by the states of a finished study")
    verb.add_argument("--connectome", metavar="WEIGHTS.tsv", help="structural connectome")
    verb.add_argument(
        "--windows", action="store_true", default=None, help="windows along runs without a dose too"
    )
    verb.add_argument("--window-s", type=float, metavar="S", help="length of a window: 60")
    verb.add_argument("--window-step-s", type=float, metavar="S", help="between their starts: 20")
    verb.add_argument(
        "--window-across", action="store_true", default=None, help="windows over the first dose too"
    )
    verb.add_argument(
        "--within-scan", nargs="+", metavar="FILE", help="ratings and plasma within a scan"
    )
    verb.add_argument(
        "--maps", action="store_true", default=None, help="voxels or vertices too, not only regions"
    )


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
    if name in {"source", "bids_filter_file", "states", "connectome"}:
        return str(Path(value).absolute())
    if name in {"bids_dirs", "tables", "activity", "within_scan"}:
        return tuple(str(Path(v).absolute()) for v in value)
    if name == "atlases":
        return tuple(str(Path(v).absolute()) if Path(v).is_file() else v for v in value)
    return value
