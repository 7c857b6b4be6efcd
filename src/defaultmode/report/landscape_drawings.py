"""The energy landscapes of a study, as a figure and as a table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from defaultmode.figures import Relief, energy_landscape
from defaultmode.measures.energy_landscape import LEAST_ACCURACY
from defaultmode.report.choosing import preset_labels
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Page
from defaultmode.report.section_nouns import Landscapes, Valleys
from defaultmode.report.writing import Cell, Table, counted, figure, listed, shown, word

MOST_DRAWN = 4
HEAD = (
    *("Whose", "Minimum", "Networks up", "Energy (nats)", "Share of time", "Barrier (nats)"),
    *("Default mode's", "Fit of the model"),
)


def landscape_title(page: Page, found: Landscapes) -> str:
    """Atlas and preset."""
    return f"{found.atlas}, {preset_labels(page.study).get(found.denoise, found.denoise)}"


def landscape_drawing(page: Page, found: Landscapes) -> Drawing | None:
    """Minima and passes of the first groups and sessions whose model fits; None where none does."""
    fitting = [v for v in found.valleys if v.accuracy > LEAST_ACCURACY]
    chosen = fitting[:MOST_DRAWN]
    if not chosen:
        return None
    relief = energy_landscape([_relief(v) for v in chosen], title=landscape_title(page, found))
    left = len(fitting) - len(chosen)
    caption = (
        "Above: each mark is a minimum, a set of networks that holds for a while; two of them join "
        "where the lowest pass between them lies, and the climb to it is the barrier. Below: which "
        "networks are above their own mean there (filled), and the share of time in its basin. "
        "Diamond: the default mode is up and at least half of the task-positive networks are down."
        + (f" {counted(left, 'further landscape')} in the table only." if left else "")
    )
    name = f"landscape-{found.atlas}-{found.denoise}".replace("+", "-")
    alt = f"Energy landscape, {landscape_title(page, found)}. {' '.join(map(_words, chosen))}"
    return drawing(name, relief, _frame(found.valleys), alt=alt, caption=caption)


def _relief(valleys: Valleys) -> Relief:
    return Relief(
        valleys.label,
        valleys.people,
        valleys.networks,
        valleys.saddles,
        valleys.up,
        valleys.basins,
        valleys.default,
    )


def _words(valleys: Valleys) -> str:
    own = float(valleys.basins[valleys.default].sum())
    n = len(valleys.energies)
    minima = "1 minimum" if n == 1 else f"{n} minima"
    return f"{valleys.label}: {minima}, {own:.0%} of the time in those of the default mode."


def landscape_table(page: Page, found: Landscapes) -> Table | None:
    """One row for each minimum; None where there is no landscape."""
    if not found.valleys:
        return None
    rows = [row for valleys in found.valleys for row in _rows(valleys)]
    name = f"minima-{found.atlas}-{found.denoise}".replace("+", "-")
    caption = f"Minima of the energy landscape, {landscape_title(page, found)}"
    return Table(name, caption, HEAD, tuple(rows), _frame(found.valleys))


def _rows(valleys: Valleys) -> list[tuple[Cell, ...]]:
    made: list[tuple[Cell, ...]] = []
    for i, energy in enumerate(valleys.energies):
        climb = barrier(valleys, i)
        up = [n for n, high in zip(valleys.networks, valleys.up[i], strict=True) if high]
        made.append(
            (
                word(valleys.label),
                figure(i + 1, str(i + 1)),
                word(listed(up) or "none"),
                figure(energy, shown(energy, 2)),
                figure(valleys.basins[i], f"{valleys.basins[i]:.0%}"),
                figure(climb, shown(climb, 2)),
                word("yes" if valleys.default[i] else "no"),
                figure(valleys.accuracy, shown(valleys.accuracy, 2)),
            )
        )
    return made


def barrier(valleys: Valleys, minimum: int) -> float | None:
    """Lowest climb from a minimum to another, nats; None where there is no other."""
    others = np.delete(valleys.saddles[minimum], minimum)
    return float(others.min() - valleys.energies[minimum]) if len(others) else None


def _frame(found: Sequence[Valleys]) -> pd.DataFrame:
    rows = [
        {
            "whose": valleys.label,
            "n_people": len(set(valleys.people)),
            "n_runs": len(valleys.people),
            "minimum": i + 1,
            "networks_up": listed(np.array(valleys.networks)[valleys.up[i]].tolist()),
            "energy_nats": float(energy),
            "share_of_time": float(valleys.basins[i]),
            "barrier_nats": barrier(valleys, i),
            "default_mode": bool(valleys.default[i]),
            "accuracy": valleys.accuracy,
        }
        for valleys in found
        for i, energy in enumerate(valleys.energies)
    ]
    return pd.DataFrame(rows)
