"""The maps of a recording that are worth looking at."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._registry import NOT_ENOUGH_DATA
from defaultmode.measures.homogeneity import homogeneity_map
from defaultmode.measures.own_network import own_networks
from defaultmode.measures.seed_maps import seed_map


def _own_map(recording: Recording) -> Array:
    found = own_networks(recording)
    return np.asarray(found.maps[:, found.default])


MAPS = {"reho": homogeneity_map, "seedconnectivity": seed_map, "dualregression": _own_map}


def place_maps(recording: Recording) -> dict[str, Array]:
    """Maps over the voxels or vertices of a denoised recording, (n_places,), by name.

    reho : Kendall's W of each place and its neighbours; seedconnectivity : Fisher z with the
    posterior cingulate; dualregression : the person's own default mode network, standardised. NaN
    where a place has no value. A map that the recording cannot give (E3xx) is left out, and so are
    all where no voxels or vertices were read.
    """
    found = {}
    for name, make in MAPS.items():
        try:
            found[name] = make(recording)
        except DefaultModeError as error:
            if not error.code.startswith(NOT_ENOUGH_DATA):
                raise
    return found
