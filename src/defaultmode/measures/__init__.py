"""Measures: pure functions of one recording, each with its unit, sentence, sources and promises.

Every module of this folder is imported and so enters its measures; a package of a third party adds
its own through the entry-point group `defaultmode.measures`.
"""

from importlib import import_module
from pkgutil import iter_modules

from defaultmode.measures._connectivity import Connectivity, connectivity
from defaultmode.measures._dynamics import Dynamics, dynamics
from defaultmode.measures._place_maps import place_maps
from defaultmode.measures._pooled_landscape import (
    PatternShares,
    PooledLandscape,
    pattern_shares,
    pooled_landscape,
)
from defaultmode.measures._premises import PREMISES, Premise
from defaultmode.measures._regions import network_of
from defaultmode.measures._registry import Measure, all_measures, chosen, find, measure
from defaultmode.measures._state_learning import learn_states
from defaultmode.measures._state_scoring import state_labels
from defaultmode.measures._state_sequence import (
    dwell_time_s,
    fractional_occupancy,
    step_counts,
    transition_matrix,
)
from defaultmode.measures._window_series import (
    WINDOW_UNITS,
    WindowPlan,
    WindowSeries,
    window_series,
)
from defaultmode.measures.task_deactivation import activation_by_trial_type

__all__ = [
    "PREMISES",
    "WINDOW_UNITS",
    "Connectivity",
    "Dynamics",
    "Measure",
    "PatternShares",
    "PooledLandscape",
    "Premise",
    "WindowPlan",
    "WindowSeries",
    "activation_by_trial_type",
    "all_measures",
    "chosen",
    "connectivity",
    "dwell_time_s",
    "dynamics",
    "find",
    "fractional_occupancy",
    "learn_states",
    "measure",
    "network_of",
    "pattern_shares",
    "place_maps",
    "pooled_landscape",
    "state_labels",
    "step_counts",
    "transition_matrix",
    "window_series",
]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
