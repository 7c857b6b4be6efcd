"""For every claim that the model can speak to: what it does, how surely, and whether it is news."""

from defaultmode.simulation.scoreboard.box import Box, Draw, draws, read_box
from defaultmode.simulation.scoreboard.judging import (
    Seeded,
    Shared,
    holds,
    seeded,
    shared,
    value_of,
    verdict,
)
from defaultmode.simulation.scoreboard.quantities import Ground
from defaultmode.simulation.scoreboard.situations import Situation, parse_situation, situation_brain
from defaultmode.simulation.scoreboard.statements import Row, Silent, Statement, read_statements
from defaultmode.simulation.scoreboard.sweep import Swept, sweep

__all__ = [
    "Box",
    "Draw",
    "Ground",
    "Row",
    "Seeded",
    "Shared",
    "Silent",
    "Situation",
    "Statement",
    "Swept",
    "draws",
    "holds",
    "parse_situation",
    "read_box",
    "read_statements",
    "seeded",
    "shared",
    "situation_brain",
    "sweep",
    "value_of",
    "verdict",
]
