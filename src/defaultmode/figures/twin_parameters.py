"""The parameters of twins that join a study, by group and session."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from defaultmode.figures.panel_grid import Scaled, panel_grid

IN_A_ROW = 2


def twin_parameters(parameters: Sequence[Scaled], *, title: str = "") -> Figure:
    """A panel for each parameter; each point is one twin, the line is the group's brain."""
    rows = [parameters[i : i + IN_A_ROW] for i in range(0, len(parameters), IN_A_ROW)]
    return panel_grid(rows, title=title)
