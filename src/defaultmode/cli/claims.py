"""`claims`."""

import argparse
from typing import TYPE_CHECKING

from defaultmode.cli.printing import show_json, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs


def add_claims(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("claims", help="list every claim, or show one with its evidence")
    verb.add_argument("name", nargs="?", default="", metavar="CLAIM")
    verb.add_argument("--json", action="store_true", help="print JSON")


def run_claims(options: argparse.Namespace) -> int:
    """`defaultmode claims`."""
    from defaultmode.pipeline import listing_claims

    if options.json:
        show_json(listing_claims.list_claims(options.name))
    elif options.name:
        tell("\n".join(listing_claims.claim_lines(options.name)).rstrip())
    else:
        tell("\n".join(listing_claims.claims_lines()))
    return 0
