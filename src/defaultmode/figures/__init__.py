"""Nouns and arrays to matplotlib figures: one figure per file, nothing computed, nothing shown."""

from defaultmode.figures.brain import brain, placed
from defaultmode.figures.evidence_forest import Finding, Target, evidence_forest
from defaultmode.figures.forest import Effect, forest
from defaultmode.figures.global_signal import Pair, global_signal
from defaultmode.figures.motion import motion
from defaultmode.figures.network_matrix import network_matrix, network_order
from defaultmode.figures.points import Category, Panel, points
from defaultmode.figures.specification_curve import Choice, Curve, specification_curve
from defaultmode.figures.style import png_of, svg_of

__all__ = [
    "Category",
    "Choice",
    "Curve",
    "Effect",
    "Finding",
    "Pair",
    "Panel",
    "Target",
    "brain",
    "evidence_forest",
    "forest",
    "global_signal",
    "motion",
    "network_matrix",
    "network_order",
    "placed",
    "png_of",
    "points",
    "specification_curve",
    "svg_of",
]
