"""`overlap`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode.cli.printing import show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs


def add_overlap(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("overlap", help="are the maps of change of two treatments alike")
    verb.add_argument("out_a", metavar="OUT_A", type=Path)
    verb.add_argument("out_b", metavar="OUT_B", type=Path, help="another study, or the same")
    verb.add_argument("--measure", metavar="MEASURE", help="one that gives one value per region")
    verb.add_argument("--denoise", "-p", nargs="+", metavar="PRESET")
    verb.add_argument("--treatment", nargs=2, metavar=("A", "B"), help="where a study has several")
    verb.add_argument("--reference", metavar="TREATMENT", help="whose change is taken off, or none")
    verb.add_argument("--phase", choices=("acute", "after"))
    verb.add_argument("--atlas", metavar="ATLAS")
    verb.add_argument("--seed", "--random-seed", type=int, metavar="N")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")


def run_overlap(options: argparse.Namespace) -> int:
    """`defaultmode overlap`."""
    from defaultmode.pipeline.overlapping import OverlapAsked, compare_treatments

    asked = {
        "measure": options.measure,
        "denoise": options.denoise and tuple(options.denoise),
        "treatments": options.treatment and tuple(options.treatment),
        "reference": options.reference,
        "phase": options.phase,
        "atlas": options.atlas,
        "seed": options.seed,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    report = compare_treatments(options.out_a, options.out_b, OverlapAsked(**given))
    if options.json:
        show_json(report.as_dict())
    else:
        tell("\n".join(report.lines()))
    return 0
