"""What the command line prints: results to standard output, all else to standard error."""

import json
import sys
from collections.abc import Sequence

from defaultmode.core.errors import DefaultModeError, explain

MOST_SHOWN = 20


def say(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(text + "\n")


def tell(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def say_error(problem: DefaultModeError) -> None:
    """Write an error with its sentence and remedy."""
    entry = explain(problem.code)
    say(f"defaultmode: {problem.code} {entry.sentence}\n  {problem.detail}\n  → {entry.remedy}")


def say_missing(rows: Sequence[str]) -> None:
    """Write what needs a person's eyes, the first of it; all of it is in missing.tsv."""
    for row in rows[:MOST_SHOWN]:
        say(row)
    if len(rows) > MOST_SHOWN:
        say(f"and {len(rows) - MOST_SHOWN} more: see missing.tsv")


def show_json(content: object) -> None:
    """Print JSON, with null for what is not a number."""
    tell(json.dumps(_plain(content), indent=2, ensure_ascii=False, default=str))


def _plain(content: object) -> object:
    if isinstance(content, dict):
        return {str(k): _plain(v) for k, v in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(v) for v in content]
    return None if isinstance(content, float) and content != content else content  # noqa: PLR0124
