"""From the study's table to effects with intervals: groups, conditions, changes, correlations."""

from defaultmode.statistics.compare import compare
from defaultmode.statistics.correlate import correlate
from defaultmode.statistics.design import Design, Factor, design_of
from defaultmode.statistics.rows import EFFECT_COLUMNS

__all__ = ["EFFECT_COLUMNS", "Design", "Factor", "compare", "correlate", "design_of"]
