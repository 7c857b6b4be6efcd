"""Connectomes and region maps: those that come with the package, and the user's own."""

from defaultmode.sources.connectomes.choosing import connectome_of_atlas
from defaultmode.sources.connectomes.embedded import (
    connectome_notes,
    embedded_connectivity,
    embedded_connectome,
    embedded_maps,
)
from defaultmode.sources.connectomes.fitting import connectome_for, with_unit_strength
from defaultmode.sources.connectomes.own import read_connectome, read_map
from defaultmode.sources.connectomes.people import own_connectome

__all__ = [
    "connectome_for",
    "connectome_notes",
    "connectome_of_atlas",
    "embedded_connectivity",
    "embedded_connectome",
    "embedded_maps",
    "own_connectome",
    "read_connectome",
    "read_map",
    "with_unit_strength",
]
