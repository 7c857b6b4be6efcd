"""`claims`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode.cli.printing import show_json, tell
from defaultmode.core.errors import DefaultModeError

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs


def add_claims(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser("claims", help="list every claim, or show one with its evidence")
    verb.add_argument("name", nargs="?", default="", metavar="CLAIM")
    verb.add_argument("--json", action="store_true", help="print JSON")
    verb.add_argument("--page", type=Path, metavar="FILE.html", help="write the account as a page")
    verb.add_argument("--study", type=Path, metavar="OUT", help="with this study's verdicts")


def run_claims(options: argparse.Namespace) -> int:
    """`defaultmode claims`."""
    from defaultmode.pipeline import listing_claims

    if options.page or options.study:
        _write_page(options)
    elif options.json:
        show_json(listing_claims.list_claims(options.name))
    elif options.name:
        tell("\n".join(listing_claims.claim_lines(options.name)).rstrip())
    else:
        tell("\n".join(listing_claims.claims_lines()))
    return 0


def _write_page(options: argparse.Namespace) -> None:
    """The account, sentence by sentence; raises E411, and E101, E206, E408 as `write_account`."""
    from defaultmode.pipeline.accounting import write_account

    if options.page is None:
        raise DefaultModeError("E411", "--study is for the page: give --page FILE.html too.")
    if options.name:
        msg = f"--page holds every claim; {options.name} alone cannot be one. Leave it out."
        raise DefaultModeError("E411", msg)
    write_account(options.page, options.study)
    tell(f"{options.page} holds the account, claim by claim.")
