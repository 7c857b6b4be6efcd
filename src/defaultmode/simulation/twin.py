"""A twin: the brain that a person's scan makes plausible, and others that it does not exclude."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import Shown
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.controlled import Control, Parameters, control_at
from defaultmode.simulation.twin_space import OperatingPoint, Space, brain_of

Array = NDArray[np.float64]
Stored = Mapping[str, NDArray[np.generic]]
AT_REST = ("net", "local_excitation", "nmda_on_inhibitory", "noise", "shared")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Twin(Shown):
    """A fitted brain as a point of a space around the group's, with plausible others.

    regions : names in order; scores : (n_scores,); draws : (n_draws, n_scores), may be empty
    """

    regions: tuple[str, ...]
    point: OperatingPoint
    space: Space
    scores: Array
    draws: Array

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "regions": len(self.regions),
            "parameters": len(self.space),
            "plausible others": len(self.draws),
            "rate": f"{self.point.rate_hz:.3g} Hz",
            "noise": self.point.noise,
            "meant for": "asking what a mechanism would do; not for decisions about its person",
        }

    @property
    def control(self) -> Control:
        """What inhibition control keeps fixed in this brain."""
        return control_at(self.point.rate_hz, noise_inhibitory=self.point.noise)

    def brain(self, draw: int | None = None) -> Brain:
        """The fitted brain, or one of the plausible others, as both engines take it."""
        scores = self.scores if draw is None else self.draws[draw]
        return brain_of(self.space.parameters(scores), self.regions, self.point)


def stored(twin: Twin) -> dict[str, NDArray[np.generic]]:
    """The twin as arrays that a file can keep; `restored` gives it back to single precision."""
    space = twin.space
    kept: dict[str, NDArray[np.generic]] = {
        f"start.{name}": getattr(space.start, name).astype(np.float32) for name in AT_REST
    }
    kept |= {f"point.{name}": np.array(value) for name, value in asdict(twin.point).items()}
    return kept | {
        "exists": space.exists,
        "regions": np.array(twin.regions),
        "networks": np.array(space.networks),
        "members": space.members.astype(np.float32),
        "sd.names": np.array(list(space.sd)),
        "sd.values": np.array(list(space.sd.values())),
        "scores": twin.scores.astype(np.float32),
        "draws": twin.draws.astype(np.float32),
    }


def restored(kept: Stored) -> Twin:
    """The twin that `stored` kept; raises E518 where something is missing or does not fit."""
    try:
        numbers = {f.name: float(kept[f"point.{f.name}"]) for f in fields(OperatingPoint)}
        start = Parameters(*(kept[f"start.{name}"].astype(np.float64) for name in AT_REST))
        space = Space(
            start=start,
            exists=kept["exists"].astype(bool),
            networks=tuple(str(name) for name in kept["networks"]),
            members=kept["members"].astype(np.float64),
            sd=dict(zip(map(str, kept["sd.names"]), kept["sd.values"].tolist(), strict=True)),
        )
        twin = Twin(
            regions=tuple(str(name) for name in kept["regions"]),
            point=OperatingPoint(**numbers),
            space=space,
            scores=kept["scores"].astype(np.float64),
            draws=kept["draws"].astype(np.float64).reshape(-1, len(space)),
        )
    except (KeyError, ValueError, TypeError) as problem:
        raise DefaultModeError(
            "E518", f"the file of a twin lacks something: {problem}."
        ) from problem
    n = len(twin.regions)
    if start.net.shape != (n, n) or twin.scores.shape != (len(space),):
        msg = f"the file of a twin holds {n} regions, and arrays of other sizes."
        raise DefaultModeError("E518", msg)
    return twin
