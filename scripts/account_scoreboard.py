"""Cuts a scoreboard down to what the account page shows of the simulator.

    defaultmode scoreboard --draws 36 --minutes 5 --out FOLDER
    python scripts/account_scoreboard.py FOLDER

Everything is taken from scoreboard.json of the folder and from the statements' registry: no number
is typed. The day is that on which scoreboard.json was written.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from defaultmode import __version__
from defaultmode.simulation.scoreboard import read_statements

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "src" / "defaultmode" / "report" / "account_scoreboard.json"
WORDS = ("condition", "preset", "verdict", "unit", "hypothetical", "lost")
NUMBERS = (
    "box_median", "box_low", "box_high", "box_share", "box_draws", "seeds_mean", "seeds_low",
    "seeds_high", "seeds_n",
)  # fmt: skip
DIGITS = 3  # significant, as the scoreboard prints


def shortened(folder: Path) -> dict[str, Any]:
    """The scoreboard of a folder, by statement."""
    path = folder / "scoreboard.json"
    whole = json.loads(path.read_text("utf-8"))
    statements, silent = read_statements()
    day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    return {
        "version": __version__,
        "computed": day.isoformat(),
        "settings": whole["settings"],
        "silent": {claim: one.reason for one in silent for claim in one.claims},
        "statements": [
            {
                "id": one.id,
                "claims": list(one.claims),
                "sentence": one.sentence,
                "label": one.label,
                "because": one.because,
                "rows": [_row(r) for r in whole["rows"] if r["row"].split(" | ")[0] == one.id],
            }
            for one in statements
        ],
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    numbers = {n: float(f"{row[n]:.{DIGITS}g}") for n in NUMBERS if row[n] is not None}
    return {name: row[name] for name in WORDS} | numbers


def written(content: dict[str, Any]) -> str:
    """JSON with one statement on a line, so that a change can be read."""
    head = {name: value for name, value in content.items() if name != "statements"}
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in content["statements"])
    opened = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{opened},\n "statements": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    FILE.write_text(written(shortened(Path(sys.argv[1]))), "utf-8")
