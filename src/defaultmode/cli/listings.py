"""The registries and the error table."""

import argparse
from collections.abc import Mapping, Sequence

from defaultmode.cli.printing import show_json, tell
from defaultmode.core.errors import error_table, explain


def run_list(options: argparse.Namespace) -> int:
    """`defaultmode measures`, `atlases`, `presets`."""
    from defaultmode import pipeline

    if options.verb == "atlases":
        rows = pipeline.list_regions(options.name) if options.name else pipeline.list_atlases()
    else:
        rows = {"measures": pipeline.list_measures, "presets": pipeline.list_presets}[
            options.verb
        ]()
    return _show(rows, json=options.json)


def run_list_virtual(options: argparse.Namespace) -> int:
    """`defaultmode drugs`, `conditions`, `events`, `models`."""
    from defaultmode.pipeline.listing_virtual import list_sources, list_virtual

    rows = list_virtual(options.verb, options.name)
    _show(rows, json=options.json)
    if options.name and not options.json and (found := list_sources(rows)):
        tell("\n".join(["sources:", *(f"    {key}: {text}" for key, text in found.items())]))
    return 0


def _show(rows: Sequence[Mapping[str, object]], *, json: bool) -> int:
    if json:
        show_json(rows)
        return 0
    for row in rows:
        name, *rest = row.items()
        said = [f"{key} {value}" for key, value in rest if value not in (None, "", 0)]
        tell(f"{name[1]}\n    {'; '.join(said)}")
    return 0


def run_explain(options: argparse.Namespace) -> int:
    """`defaultmode explain`."""
    from dataclasses import asdict

    entries = [explain(options.code)] if options.code else list(error_table().values())
    if options.json:
        show_json([asdict(e) for e in entries])
        return 0
    for e in entries:
        tell(f"{e.code}  {e.sentence}")
        if options.code:
            tell(f"  Likely cause: {e.cause}\n  What to do: {e.remedy}\n  Exit code: {e.exit}")
    return 0
