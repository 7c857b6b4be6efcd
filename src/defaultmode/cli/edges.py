"""`edges`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defaultmode import DISCLAIMER
from defaultmode.cli.printing import say_missing, show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs

CHOSEN = (
    "contrast", "phase", "method", "denoise", "atlas", "threshold", "permutations", "covariates",
    "motion", "seed",
)  # fmt: skip


def add_edges(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("edges", help="every edge, between groups or treatments")
    verb.add_argument("out", metavar="OUT", type=Path)
    verb.add_argument(
        "--contrast", required=True, metavar="'A - B'", help="patients - controls, or treatments"
    )
    verb.add_argument("--phase", choices=("acute", "after"), help="of the treatments")
    verb.add_argument(
        "--method", choices=("nbs", "mixed", "edgewise"), help="components, or each edge"
    )
    verb.add_argument("--denoise", "-p", nargs="+", metavar="PRESET")
    verb.add_argument("--atlas", metavar="ATLAS")
    verb.add_argument("--threshold", type=float, metavar="T", help="of the components: 3.1")
    verb.add_argument("--permutations", type=int, metavar="N")
    verb.add_argument("--covariate", nargs="+", dest="covariates", metavar="COLUMN")
    verb.add_argument("--no-motion", action="store_false", dest="motion", default=None)
    verb.add_argument("--plan", type=Path, metavar="FILE.toml")
    verb.add_argument("--seed", "--random-seed", type=int, metavar="N")
    verb.add_argument("--nprocs", "--nthreads", "--n-cpus", type=int, default=0, metavar="N")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    verb.add_argument("--quiet", "-q", action="store_true", help="no progress, no summary")


def run_edges(options: argparse.Namespace) -> int:
    """`defaultmode edges`."""
    from defaultmode.cli.analyses import warn_of_virtual
    from defaultmode.core.frozen import read_planned
    from defaultmode.pipeline.comparing_edges import compare_edges
    from defaultmode.pipeline.edge_settings import EdgesAsked
    from defaultmode.pipeline.freezing import Planned
    from defaultmode.pipeline.gathering import study_settings

    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name in CHOSEN
        if (value := getattr(options, name)) is not None
    }
    planned = Planned(*read_planned(options.plan)) if options.plan else Planned()
    settings = study_settings(options.out, planned.settings, {})
    asked = EdgesAsked(**given)
    virtual = warn_of_virtual(settings, options)
    report = compare_edges(settings, planned, asked, nprocs=options.nprocs, quiet=options.quiet)
    say_missing([f"{m.code}: {p}, {a}: {m.reason}" for (a, p), m in report.missing.items()])
    if options.json:
        show_json({"virtual": virtual} | report.as_dict())
    elif not options.quiet:
        tell("\n".join(report.lines()))
        tell(DISCLAIMER)
    return 0
