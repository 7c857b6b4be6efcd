"""`serve`."""

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode import DISCLAIMER
from defaultmode.cli.printing import say, tell

if TYPE_CHECKING:
    from defaultmode.cli.arguments import Verbs


def add_serve(verbs: "Verbs") -> None:
    """The verb and its flags."""
    verb = verbs.add_parser(
        "serve",
        help="the simulator's page: give a model brain a dose and watch",
        description="Serve the simulator's page on this machine only, until Ctrl-C.",
        epilog=f"Model output is not evidence of effect in people. {DISCLAIMER}",
    )
    verb.add_argument("--twins", type=Path, metavar="FOLDER", help="the folder that `fit` left")
    verb.add_argument("--port", type=int, metavar="N", help="a free one unless given")
    verb.add_argument("--no-browser", action="store_true", help="print the address only")
    verb.add_argument(
        "--page", type=Path, metavar="FILE.html", help="write one offline file instead, no server"
    )
    verb.add_argument("--seed", "--random-seed", type=int, metavar="N")
    verb.add_argument("--quiet", "-q", action="store_true", help="no progress")


def run_serve(options: argparse.Namespace) -> int:
    """`defaultmode serve`."""
    from defaultmode.pipeline.serving import ServeSettings, serve, write_page

    given = {name: getattr(options, name) for name in ("twins", "port", "seed")}
    settings = ServeSettings(**{name: v for name, v in given.items() if v is not None})
    if options.page is not None:
        n_bytes = write_page(settings, options.page, quiet=options.quiet)
        tell(f"{options.page}: {n_bytes / 1e6:.1f} MB")
        return 0

    def ready(url: str) -> None:
        tell(url)
        sys.stdout.flush()  # whoever reads it through a pipe waits for it
        say("Only this machine can open it. Ctrl-C ends it.")
        if not options.no_browser:
            _open(url)

    serve(settings, ready=ready)
    return 0


def _open(url: str) -> None:
    """Open a browser window; one that lives in the terminal would take it over, and is not."""
    import webbrowser

    with contextlib.suppress(webbrowser.Error):
        browser = webbrowser.get()
        if type(browser) is not webbrowser.GenericBrowser:
            browser.open(url)
