"""Each person's own default mode network: dual regression from the networks of the atlas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._grid import Mask, correlations, dice, grid_of, laterality
from defaultmode.measures._regions import DEFAULT_MODE, once_per_recording, partition
from defaultmode.measures._registry import measure

UNCHANGED = ("region order", "time reversal")
CITES = ("Nickerson2017", "Gordon2017")


@dataclass(frozen=True, slots=True, eq=False)
class OwnNetworks:
    """Maps of a person's networks.

    names : of the networks; maps : (n_places, n_networks), standardised over the places in `among`
    template : (n_places,) network of each place in the atlas, −1 for none
    among : (n_places,) places that belong to a network in the atlas and have a signal
    """

    names: tuple[str, ...]
    maps: Array
    template: NDArray[np.intp]
    among: Mask

    @property
    def default(self) -> int:
        """Which of the networks is the default mode."""
        return self.names.index(DEFAULT_MODE)

    @property
    def winner(self) -> NDArray[np.intp]:
        """Network whose map is highest at each place, −1 outside `among`, (n_places,)."""
        best = np.where(self.among[:, None], self.maps, 0.0).argmax(axis=1)
        return np.where(self.among, best, -1)


@once_per_recording
def own_networks(recording: Recording) -> OwnNetworks:
    """Dual regression (Nickerson 2017), its templates the networks of the atlas, 1 inside, 0 out.

    Stage 1 regresses each volume on the templates: for templates that do not overlap, the mean
    signal of each network's places. Stage 2 regresses each place on all these time courses at once,
    place and time courses scaled to variance one. No group components are embedded, hence atlas
    networks. Raises E301, and E302 for fewer than two networks.
    """
    grid = grid_of(recording)
    columns, labels = partition(recording)
    names = tuple(sorted(set(labels.tolist())))
    network = np.full(len(recording.atlas) + 1, -1, dtype=np.intp)
    network[columns] = [names.index(label) for label in labels]
    template = network[grid.region]
    means = [grid.signal[template == i].mean(axis=0, dtype=np.float64) for i in range(len(names))]
    courses = grid.cleaned(np.column_stack(means))[recording.usable]
    r = correlations(recording, courses)
    slopes = np.linalg.lstsq(np.corrcoef(courses, rowvar=False), r.T)[0].T
    among = (template >= 0) & np.isfinite(r).all(axis=1)
    maps = (slopes - slopes[among].mean(axis=0)) / slopes[among].std(axis=0)
    return OwnNetworks(names, maps, template, among)


def _own_default(recording: Recording) -> tuple[Mask, OwnNetworks]:
    found = own_networks(recording)
    return found.winner == found.default, found


@measure(unit="Dice", cites=(*CITES, "Dice1945"), unchanged_by=UNCHANGED, premises=("grid known",))
def own_default_overlap(recording: Recording) -> float:
    """Overlap of a person's own default mode network with the atlas' default mode network.

    Dice coefficient, 0 to 1. The own network is where, after dual regression from the networks of
    the atlas (Nickerson 2017), the map of the default mode is the highest of all networks' maps
    (winner takes all, as in template matching: Gordon 2017).
    """
    own, found = _own_default(recording)
    return dice(own, (found.template == found.default) & found.among)


@measure(unit="share", cites=CITES, unchanged_by=UNCHANGED, premises=("grid known",))
def own_default_size(recording: Recording) -> float:
    """Share of the atlas' voxels or vertices that are in a person's own default mode network.

    Share from 0 to 1, of the places that belong to a network in the atlas; the own network is that
    of `own_default_overlap`.
    """
    own, found = _own_default(recording)
    return float(own.sum() / found.among.sum())


@measure(
    unit="index", cites=(*CITES, "Seghier2008"), unchanged_by=UNCHANGED, premises=("grid known",)
)
def own_default_laterality(recording: Recording) -> float:
    """Laterality of a person's own default mode network: above 0 where more of it is on the left.

    Index from −1 (all right) to 1 (all left): (left − right) / (left + right) over the shares of
    each hemisphere's places (Seghier 2008); the own network is that of `own_default_overlap`.
    """
    own, found = _own_default(recording)
    return laterality(grid_of(recording), own, found.among)
