"""What all virtual people of a data set share: connectome, atlas, maps, and how they are run."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.running import worker_count
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import retune
from defaultmode.simulation.parameter_sets import (
    find_parameter_set,
    parameter_set,
    target_rate_hz,
)
from defaultmode.simulation.protocol import Scan
from defaultmode.sources.atlases import load_atlas, match_atlas
from defaultmode.sources.connectomes import (
    connectome_for,
    embedded_connectome,
    embedded_maps,
    read_connectome,
    read_map,
    with_unit_strength,
)

Array = NDArray[np.float64]
EMBEDDED_ATLAS = "schaefer100"
MOST_THREADS = 64
TUNING_SEEDS = 16
PARAMETERS = "graded"  # the set that conditions were made for, fitted on the embedded connectome
OWN_PARAMETERS = "two_network"  # what stands in for it on a connectome of one's own


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualSettings:
    """How virtual people are made, beside their protocol.

    out : the new folder; seed : of everything that is drawn
    connectome, lengths : tables of one's own, None for the embedded connectome
    atlas : registry name or file, where the connectome's regions are of no atlas of the package
    maps : name → table of one value for each region
    parameters : name of a parameter set, empty for the protocol's own
    dt_ms, coupling_every_ms, settle_s, update_s : as in `simulation.engine.Plan`
    threads : that simulate side by side, 0 for every core; the numbers do not depend on it
    truth_series : whether the neural activity of every scan is kept
    people, condition, noise_percent : in place of what the protocol or trial says, where given
    """

    out: Path
    seed: int = 0
    connectome: Path | None = None
    lengths: Path | None = None
    atlas: str = ""
    maps: Mapping[str, Path] = field(default_factory=dict)
    parameters: str = ""
    dt_ms: float = 0.1
    coupling_every_ms: float | None = None
    settle_s: float = 20.0
    update_s: float = 1.0
    threads: int = 0
    truth_series: bool = True
    people: int | None = None
    condition: str = ""
    noise_percent: float | None = None

    def __post_init__(self) -> None:
        lowest = {"seed": 0, "threads": 0, "people": 1, "noise_percent": 0}
        for name, low in lowest.items():
            value = getattr(self, name)
            if value is not None and not low <= value < math.inf:
                raise DefaultModeError("E411", f"{name} is {value}; expected {low} or more.")

    @property
    def cores(self) -> int:
        """Number of threads to use."""
        return worker_count(self.threads, MOST_THREADS)

    def plan(self, scan: Scan) -> Plan:
        """How one scan is run."""
        return Plan(
            duration_s=scan.duration_s,
            tr_s=scan.tr_s,
            settle_s=self.settle_s,
            dt_ms=self.dt_ms,
            coupling_every_ms=self.coupling_every_ms,
            update_s=self.update_s,
            activity_every_s=scan.tr_s if self.truth_series else None,
            threads=self.cores,
        )

    def record(self) -> dict[str, object]:
        """What must be known to repeat it, without the paths of this machine."""
        files = {"connectome": self.connectome, "lengths": self.lengths, **self.maps}
        given = {n: file_and_column(p)[0] for n, p in files.items() if p is not None}
        return {
            "seed": self.seed,
            "parameters": self.parameters,
            "people": self.people,
            "condition": self.condition,
            "noise_percent": self.noise_percent,
            "dt_ms": self.dt_ms,
            "coupling_every_ms": self.coupling_every_ms,
            "settle_s": self.settle_s,
            "update_s": self.update_s,
            "files": {
                name: {"name": p.name, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
                for name, p in given.items()
            },
        }


@dataclass(frozen=True, slots=True, eq=False)
class Substrate:
    """The healthy brain that conditions and drugs act on; parameters : the set it was made from."""

    connectome: Connectome
    atlas: Atlas
    maps: Mapping[str, Array]
    parameters: str
    brain: Brain


def own_map(path: Path, regions: Sequence[str]) -> Array:
    """A region map of the user's, from `FILE` or `FILE#COLUMN`; errors as `read_map`."""
    file, column = file_and_column(path)
    return read_map(file, regions, column=column)


def file_and_column(path: Path) -> tuple[Path, str]:
    """`FILE#COLUMN` taken apart; no column where the path as it stands is a file."""
    name, mark, column = path.name.rpartition("#")
    return (path.with_name(name), column) if mark and not path.exists() else (path, "")


def substrate_of(settings: VirtualSettings, stated: str) -> Substrate:
    """Read connectome, atlas and maps, and lay the parameter set on them.

    stated : the parameter set that the protocol names, may be empty
    Raises what `read_connectome` and `read_map` raise, E133 (regions of no known atlas), E511 (no
    such parameter set) and E504 (no stable rest).
    """
    if settings.connectome is None:
        connectome, atlas = embedded_connectome(), load_atlas(settings.atlas or EMBEDDED_ATLAS)
        maps = dict(embedded_maps())
    else:
        connectome = with_unit_strength(read_connectome(settings.connectome, settings.lengths))
        named = match_atlas(connectome.regions)[0] if not settings.atlas else None
        atlas = named or load_atlas(settings.atlas)
        maps = dict(embedded_maps()) if atlas.name == EMBEDDED_ATLAS else {}
    connectome = connectome_for(connectome, atlas)
    maps |= {name: own_map(path, atlas.names) for name, path in settings.maps.items()}
    usual = PARAMETERS if settings.connectome is None else OWN_PARAMETERS
    parameters = settings.parameters or stated or usual
    brain = parameter_set(parameters, connectome, atlas=atlas)
    fixed_point(brain)
    return Substrate(connectome, atlas, maps, parameters, brain)


def with_noise_on(substrate: Substrate) -> Substrate:
    """The same with its inhibition corrected in simulations, where its parameter set needs that.

    Raises E505 where the balanced branch is lost.
    """
    name = substrate.parameters.partition(":")[0]
    if not find_parameter_set(name).retuned:
        return substrate
    target = target_rate_hz(name, substrate.connectome, atlas=substrate.atlas)
    brain = retune(substrate.brain, rate_hz=target, seeds=range(TUNING_SEEDS))
    return replace(substrate, brain=brain)
