"""`power`."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from defaultmode.cli.printing import show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs
    from defaultmode.pipeline.power_settings import PowerSettings


def add_power(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("power", help="how many people a claim needs, and what they can show")
    verb.add_argument("claim", nargs="?", default="", metavar="CLAIM", help="such as C9")
    verb.add_argument("--test", default="", metavar="NAME", help="of the claim, its first if none")
    verb.add_argument(
        "--contrast", default="", metavar="NAME",
        help="groups, paired, parallel, correlation, prediction, moderation or mediation",
    )  # fmt: skip
    verb.add_argument("--effect", type=float, metavar="X", help="in the contrast's statistic")
    verb.add_argument(
        "--effect-in", default="observed", choices=("observed", "sd", "true"),
        help="as observed, in SDs of one session, or free of measurement error",
    )  # fmt: skip
    verb.add_argument("--effect-sd", type=float, metavar="X", help="how uncertain the effect is")
    verb.add_argument("--paths", type=float, nargs=2, metavar=("A", "B"), help="of mediation")
    verb.add_argument("--reliability", type=float, metavar="ICC", help="of the measure")
    verb.add_argument("--partner-reliability", type=float, metavar="ICC")
    verb.add_argument("--study", default="", metavar="OUT", help="take the ICC from its results")
    verb.add_argument("--n", type=int, metavar="N", help="people to enrol")
    verb.add_argument("--power", type=float, nargs="+", dest="targets", metavar="P")
    verb.add_argument("--alpha", type=float, default=0.05, metavar="P")
    verb.add_argument("--dropout", type=float, default=0.0, metavar="SHARE")
    verb.add_argument("--unblinding", type=float, default=0.0, metavar="SHARE")
    verb.add_argument("--attempts", type=int, default=1, metavar="N", help="tests sharing alpha")
    verb.add_argument("--smallest", type=float, metavar="X", help="smallest effect of interest")
    verb.add_argument("--ratio", type=float, default=1.0, metavar="X", help="controls per patient")
    verb.add_argument("--retest", type=float, metavar="R", help="baseline with end, parallel arms")
    verb.add_argument("--prevalence", type=float, default=0.5, metavar="SHARE")
    verb.add_argument("--predictors", type=int, default=0, metavar="N", help="of a model")
    verb.add_argument("--explained", type=float, default=0.1, metavar="R2", help="by a model")
    verb.add_argument("--seed", "--random-seed", type=int, default=0, metavar="N")
    verb.add_argument("--json", action="store_true", help="print JSON on standard output")


def run_power(options: argparse.Namespace) -> int:
    """`defaultmode power`."""
    from defaultmode.pipeline.power_ground import comparison_name
    from defaultmode.pipeline.power_mediation import plan_mediation
    from defaultmode.pipeline.power_planning import plan_power
    from defaultmode.pipeline.power_text import mediation_lines, power_lines

    settings = power_settings(options)
    if comparison_name(settings) == "mediation":
        mediation = plan_mediation(settings)
        content, lines = asdict(mediation), mediation_lines(mediation)
    else:
        report = plan_power(settings)
        content, lines = asdict(report), power_lines(report)
    if options.json:
        show_json(content)
    else:
        tell("\n".join(lines))
    return 0


def power_settings(options: argparse.Namespace) -> "PowerSettings":
    """The study to plan, as the command line says; raises E432."""
    from defaultmode.pipeline.power_settings import PowerSettings

    given = {name: getattr(options, name, None) for name in PowerSettings.__dataclass_fields__}
    known = {name: value for name, value in given.items() if value is not None}
    lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
    return PowerSettings(**(known | lists))
