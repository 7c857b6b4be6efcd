"""`scoreboard`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode.cli.printing import show_json, tell
from defaultmode.cli.virtual import named_file

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs
    from defaultmode.pipeline.score_settings import ScoreSettings


def add_scoreboard(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("scoreboard", help="what the model does with every claim")
    verb.add_argument("--quick", action="store_true", help="few draws and seeds, short recordings")
    verb.add_argument("--claim", nargs="+", dest="claims", metavar="CLAIM", help="such as C19")
    verb.add_argument("--draws", type=int, metavar="N", help="of the box of parameters")
    verb.add_argument("--seeds", type=int, metavar="N", help="virtual people per situation")
    verb.add_argument("--minutes", type=float, metavar="MIN", help="length of a recording")
    verb.add_argument("--seed", "--random-seed", type=int, metavar="N")
    verb.add_argument("--parameters", metavar="SET", help="a named parameter set")
    verb.add_argument("--map", nargs="+", dest="maps", metavar="NAME=FILE.tsv")
    verb.add_argument("--nprocs", "--nthreads", "--n-cpus", type=int, metavar="N")
    verb.add_argument("--out", type=Path, metavar="FOLDER", help="write TSV, JSON and a page")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    verb.add_argument("--quiet", "-q", action="store_true", help="no progress, no summary")


def run_scoreboard(options: argparse.Namespace) -> int:
    """`defaultmode scoreboard`."""
    from defaultmode.pipeline.score_text import score_lines
    from defaultmode.pipeline.scoring import scoreboard

    result = scoreboard(score_settings(options), quiet=options.quiet)
    if options.json:
        rows = result.table.to_dict("records")
        show_json({"sentence": result.sentence, "notes": list(result.notes), "rows": rows})
    elif not options.quiet:
        tell("\n".join(score_lines(result)))
    return 0


def score_settings(options: argparse.Namespace) -> "ScoreSettings":
    """How the scoreboard is run, as the command line says; raises E411."""
    from defaultmode.pipeline import score_settings as usual

    given = {n: getattr(options, n, None) for n in usual.ScoreSettings.__dataclass_fields__}
    known = {name: value for name, value in given.items() if value is not None}
    known["maps"] = tuple(named_file(pair) for pair in options.maps or ())
    known["claims"] = tuple(options.claims or ())
    if options.minutes is not None:
        known["duration_s"] = 60.0 * options.minutes
    return usual.ScoreSettings(**{**(usual.QUICK if options.quick else {}), **known})
