"""Nouns and arrays to matplotlib figures: one figure per file, nothing computed, nothing shown."""

from defaultmode.figures.brain import brain, placed
from defaultmode.figures.calibration_curve import Bins, Decisions, calibration_curve
from defaultmode.figures.dwell_times import dwell_times
from defaultmode.figures.energy_landscape import Relief, energy_landscape
from defaultmode.figures.evidence_forest import Finding, Target, evidence_forest
from defaultmode.figures.forest import Effect, forest
from defaultmode.figures.global_signal import Pair, global_signal
from defaultmode.figures.lean_svg import lean_svg
from defaultmode.figures.motion import motion
from defaultmode.figures.network_matrix import network_matrix, network_order
from defaultmode.figures.panel_grid import Scaled, panel_grid
from defaultmode.figures.points import Category, Panel, points
from defaultmode.figures.raincloud import Rain, RainPanel, raincloud
from defaultmode.figures.spaghetti import Strand, StrandPanel, spaghetti
from defaultmode.figures.specification_curve import Choice, Curve, specification_curve
from defaultmode.figures.state_profiles import state_profiles
from defaultmode.figures.state_timeline import Track, state_timeline
from defaultmode.figures.style import png_of, svg_of
from defaultmode.figures.twin_belief import Standing, twin_belief
from defaultmode.figures.twin_parameters import twin_parameters

__all__ = [
    "Bins",
    "Category",
    "Choice",
    "Curve",
    "Decisions",
    "Effect",
    "Finding",
    "Pair",
    "Panel",
    "Rain",
    "RainPanel",
    "Relief",
    "Scaled",
    "Standing",
    "Strand",
    "StrandPanel",
    "Target",
    "Track",
    "brain",
    "calibration_curve",
    "dwell_times",
    "energy_landscape",
    "evidence_forest",
    "forest",
    "global_signal",
    "lean_svg",
    "motion",
    "network_matrix",
    "network_order",
    "panel_grid",
    "placed",
    "png_of",
    "points",
    "raincloud",
    "spaghetti",
    "specification_curve",
    "state_profiles",
    "state_timeline",
    "svg_of",
    "twin_belief",
    "twin_parameters",
]
