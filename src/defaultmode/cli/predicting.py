"""`predict`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from defaultmode import DISCLAIMER
from defaultmode.cli.printing import say_missing, show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs
    from defaultmode.pipeline.predict_settings import PredictSettings
    from defaultmode.pipeline.predicting import PredictReport

CHOSEN = (
    "outcome", "rule", "positive", "session", "baseline", "features", "without", "denoise", "atlas",
    "estimator", "harmonise", "regress", "select", "base_rates", "repeats", "permutations", "seed",
)  # fmt: skip


def add_predict(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("predict", help="how well a cohort's response is told by its baseline")
    verb.add_argument("out", metavar="OUT")
    verb.add_argument(
        "--outcome", required=True, metavar="COLUMN", help="column, or clinical scale"
    )
    verb.add_argument("--rule", choices=("response", "remission"), help="as the scale defines it")
    verb.add_argument("--positive", metavar="LEVEL", help="the class that is predicted")
    verb.add_argument("--outcome-session", dest="session", metavar="LABEL")
    verb.add_argument("--baseline", metavar="LABEL", help="session of the features")
    verb.add_argument("--features", nargs="+", metavar="NAME", help="measures and columns")
    verb.add_argument("--without", nargs="+", metavar="NAME", help="leave these out")
    verb.add_argument("--denoise", "-p", metavar="PRESET")
    verb.add_argument("--atlas", metavar="ATLAS")
    verb.add_argument("--estimator", metavar="NAME", help="ridge or elastic_net")
    verb.add_argument("--harmonise", choices=("combat", "none"), help="sites, within the folds")
    verb.add_argument("--regress", nargs="+", metavar="COLUMN", help="take out, within the folds")
    verb.add_argument("--select", type=int, metavar="N", help="best measures, within the folds")
    verb.add_argument("--base-rate", nargs="+", type=float, dest="base_rates", metavar="SHARE")
    verb.add_argument("--repeats", type=int, metavar="N", help="of the folds")
    verb.add_argument("--permutations", type=int, metavar="N", help="of the labels; 0 for none")
    verb.add_argument("--plan", type=Path, metavar="FILE.toml")
    verb.add_argument("--bids-dir", nargs="+", dest="bids_dirs", metavar="FOLDER")
    verb.add_argument("--table", nargs="+", dest="tables", metavar="FILE")
    verb.add_argument("--seed", "--random-seed", type=int, metavar="N")
    verb.add_argument("--nprocs", "--nthreads", "--n-cpus", type=int, metavar="N")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")
    verb.add_argument("--quiet", "-q", action="store_true", help="no progress, no summary")


def run_predict(options: argparse.Namespace) -> int:
    """`defaultmode predict`."""
    from defaultmode.cli.analyses import warn_of_virtual
    from defaultmode.pipeline.predicting import predict, predict_plan

    given = {name: getattr(options, name) for name in ("bids_dirs", "tables", "nprocs")}
    known = {
        name: tuple(str(Path(v).absolute()) for v in value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    settings, plan = predict_plan(Path(options.out), options.plan, known)
    virtual = warn_of_virtual(settings, options)
    report = predict(settings, predict_settings(options), plan=plan, quiet=options.quiet)
    say_missing(report.notices)
    if options.json:
        show_json({"virtual": virtual} | predict_summary(report))
    elif not options.quiet:
        tell_prediction(report)
    return 0


def predict_settings(options: argparse.Namespace) -> "PredictSettings":
    """What the command line asks for; raises E411."""
    from defaultmode.pipeline.predict_settings import PredictSettings

    given = {name: getattr(options, name) for name in CHOSEN}
    plain: dict[str, Any] = {
        n: tuple(v) if isinstance(v, list) else v for n, v in given.items() if v is not None
    }
    return PredictSettings(**plain)


def predict_summary(report: "PredictReport") -> dict[str, object]:
    """What `predict` found, for JSON."""
    result = report.result
    return {
        "out": str(report.out),
        "sentence": result.sentence,
        "notes": list(result.notes),
        "seconds": round(report.seconds, 1),
        "rows": result.table.to_dict("records"),
    }


def tell_prediction(report: "PredictReport") -> None:
    """What `predict` found, in words, with its cautions."""
    tell(report.result.sentence)
    for note in report.result.notes:
        tell(f"  {note}")
    tell(f"all figures: {report.out / 'prediction.tsv'}")
    tell(DISCLAIMER)
