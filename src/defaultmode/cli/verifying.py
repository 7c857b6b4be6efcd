"""`verify`."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode.cli.printing import say_error, show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs


def add_verify(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("verify", help="hash every result again, and measure one run again")
    verb.add_argument("out", metavar="OUT")
    verb.add_argument("--run", default="", metavar="KEY", help="the run to measure again")
    verb.add_argument("--seed", "--random-seed", type=int, default=0, metavar="N")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    verb.add_argument("--quiet", "-q", action="store_true", help="only what differs")


def run_verify(options: argparse.Namespace) -> int:
    """`defaultmode verify`."""
    from defaultmode.pipeline.verifying import verify

    report = verify(Path(options.out), run=options.run, seed=options.seed)
    if options.json:
        show_json(asdict(report))
    elif not options.quiet:
        tell("\n".join(report.lines()))
    if report.problem is not None:
        say_error(report.problem)
    return report.exit
