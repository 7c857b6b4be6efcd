"""How often, how long and how restlessly a state is visited, beside surrogates."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from defaultmode.figures.panel_grid import Scaled, panel_grid


def dwell_times(seen: Sequence[Scaled], beyond: Sequence[Scaled], *, title: str = "") -> Figure:
    """What was seen above, what is left of it beyond surrogates below.

    seen, beyond : a panel for each quantity, in one order; without surrogates there is no lower row
    """
    return panel_grid([seen, beyond] if beyond else [seen], title=title)
