"""Build the documentation site: `python scripts/build_docs.py [SITE]`; it needs the extra `docs`.

The pages of `docs/` and four of the repository's own are copied into one folder, the reference
pages are written beside them from the registries, and Sphinx makes the site of it. A warning is an
error. No network is used.
"""

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path, PurePosixPath

from docs_reference import reference_pages

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
OWN_PLACE = {  # page of the repository → page of the site, for those that are not in docs/
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "benchmarks/README.md": "benchmarks.md",
}
# What the theme leaves for a reader with a keyboard or a screen reader to stumble over.
MENDED = {
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    "<pre>": '<pre tabindex="0">',
    '<th class="head"><p></p></th>': "<td></td>",
    'class="caption" role="heading"': 'class="caption" role="heading" aria-level="2"',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<aside class="announcement-content">': (
        '<aside class="announcement-content" aria-label="Research use only">'
    ),
    '<div id="search-results"></div>': '<h1>Search</h1><div id="search-results"></div>',
}
LINK = re.compile(r"(?<=\]\()(?!https?:|#)(?P<path>[^)#\s]+)")


def place(path: str) -> str:
    """Where a file of the repository stands in the site."""
    return OWN_PLACE.get(path, path.removeprefix("docs/"))


def relinked(text: str, page: str) -> str:
    """The text of a page with its links as they are in the site."""
    here, there = PurePosixPath(page).parent, PurePosixPath(place(page)).parent

    def moved(link: re.Match[str]) -> str:
        target = place(os.path.normpath(here / link["path"]))
        return os.path.relpath(target, there)

    return LINK.sub(moved, text)


def gather(pages: Path) -> None:
    """Copy every page, figure and example, and write the reference pages."""
    shutil.copytree(ROOT / "docs", pages, dirs_exist_ok=True)
    shutil.copytree(ROOT / "examples", pages / "examples")
    for page in [*OWN_PLACE, *(p.relative_to(ROOT).as_posix() for p in ROOT.glob("docs/**/*.md"))]:
        (pages / place(page)).write_text(relinked((ROOT / page).read_text("utf-8"), page), "utf-8")
    (pages / "reference").mkdir()
    for name, text in reference_pages().items():
        (pages / "reference" / f"{name}.md").write_text(text, "utf-8")


def build(site: Path) -> int:
    """Make the site afresh; returns Sphinx's exit code."""
    from sphinx.cmd.build import build_main

    shutil.rmtree(site, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        pages, kept = Path(folder, "pages"), Path(folder, "kept")
        gather(pages)
        strict = ["-b", "html", "-W", "--keep-going", "-q", "-d", str(kept)]
        code = build_main([*strict, str(pages), str(site)])
    mend(site)
    return code


def mend(site: Path) -> None:
    """Let the keyboard reach what scrolls, and name what a screen reader announces."""
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        for before, after in MENDED.items():
            text = text.replace(before, after)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE))
