"""`plan`."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode.cli.printing import show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs


def add_plan(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("plan", help="freeze a plan of analysis, or say how it stands")
    verb.add_argument("action", choices=("freeze", "show"))
    verb.add_argument("plan", type=Path, metavar="PLAN.toml")
    verb.add_argument("--again", action="store_true", help="freeze a plan that changed since")
    verb.add_argument("--json", action="store_true", help="print JSON")


def run_plan(options: argparse.Namespace) -> int:
    """`defaultmode plan freeze` and `plan show`."""
    from defaultmode.core.frozen import read_planned
    from defaultmode.pipeline.freezing import freeze, plan_lines

    if options.action == "freeze":
        freeze(options.plan, again=options.again)
    plan, settings, frozen = read_planned(options.plan)
    if options.json:
        show_json({"frozen": None if frozen is None else asdict(frozen)})
    else:
        tell("\n".join(plan_lines(plan, settings, frozen)))
    return 0
