"""The atlases: which column is which region, and what that region is to the default mode network.

`load_atlas` gives an atlas of the package by name, or one of the user's own by path;
`match_atlas` finds the atlas that a table's columns belong to; `parcellation` gives the label
volume of an atlas that has one. An atlas of the package is two files in `data/`: NAME.tsv, one row
for each region, and NAME.toml, which says what it is and where the membership comes from.
"""

from defaultmode.sources.atlases.loading import atlas_files, load_atlas, parcellation
from defaultmode.sources.atlases.matching import match_atlas, match_columns
from defaultmode.sources.atlases.parcels import Parcellation
from defaultmode.sources.atlases.registry import absent_places, atlas_names

__all__ = [
    "Parcellation",
    "absent_places",
    "atlas_files",
    "atlas_names",
    "load_atlas",
    "match_atlas",
    "match_columns",
    "parcellation",
]
