"""How the scoreboard is run, and the brains that it runs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.substrate import own_map
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan
from defaultmode.simulation.graded import graded_points
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.simulation.scoreboard import Ground, Row, read_statements
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectome, embedded_maps

ATLAS = "schaefer100"
GRADED = "graded"
QUICK = {"draws": 12, "seeds": 4, "duration_s": 250.0, "switch_s": 120.0, "dt_ms": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """What the scoreboard is computed from; checked when made.

    draws : of the box; seeds : virtual people per situation, the same ones in all of them
    duration_s : of a recording; switch_s : of the switch model; tr_s : repetition time
    noise_percent : standard deviation of measurement noise; none by default, since connections were
        fitted to measured connectivity, which has it already
    dt_ms, coupling_every_ms : step of the integration; how often regions read one another
    claims : only statements on one of these, all where it is empty
    maps : (name, file) of one's own region maps; parameters : "graded" or a parameter set's name
    Raises E411 for numbers that cannot be used.
    """

    draws: int = 64
    seeds: int = 20
    seed: int = 0
    duration_s: float = 480.0
    switch_s: float = 600.0
    tr_s: float = 2.0
    noise_percent: float = 0.0
    dt_ms: float = 0.1
    coupling_every_ms: float = 1.0
    maps: tuple[tuple[str, Path], ...] = ()
    parameters: str = GRADED
    claims: tuple[str, ...] = ()
    nprocs: int = 0
    out: Path | None = None

    def __post_init__(self) -> None:
        lowest = {"draws": 1, "seeds": 2, "seed": 0, "nprocs": 0}
        for name, low in lowest.items():
            if getattr(self, name) < low:
                msg = f"{name} is {getattr(self, name)}; expected {low} or more."
                raise DefaultModeError("E411", msg)

    @property
    def people_seeds(self) -> tuple[int, ...]:
        """One seed for each virtual person."""
        drawn = np.random.SeedSequence(self.seed).generate_state(self.seeds, np.uint64)
        return tuple(int(value) for value in drawn)

    @property
    def plan(self) -> Plan:
        """How one recording is simulated."""
        return Plan(
            duration_s=self.duration_s,
            tr_s=self.tr_s,
            dt_ms=self.dt_ms,
            coupling_every_ms=self.coupling_every_ms,
        )

    def record(self) -> dict[str, object]:
        """What must be known to repeat it, without paths of this machine."""
        kept = ("draws", "seeds", "seed", "duration_s", "switch_s", "tr_s", "noise_percent")
        named = {
            name: getattr(self, name)
            for name in (*kept, "dt_ms", "coupling_every_ms", "parameters", "claims")
        }
        return named | {"maps": {name: path.name for name, path in self.maps}}


def rows_of(settings: ScoreSettings) -> tuple[Row, ...]:
    """The rows asked for, those on sourced mechanisms first; raises E410 where there are none."""
    said, _ = read_statements()
    chosen = [s for s in said if not settings.claims or set(s.claims) & set(settings.claims)]
    if not chosen:
        known = ", ".join(dict.fromkeys(claim for s in said for claim in s.claims))
        wanted = ", ".join(settings.claims)
        raise DefaultModeError("E410", f"no statement is on {wanted}; there are {known}.")
    rows = (row for statement in chosen for row in statement.rows)
    return tuple(sorted(rows, key=lambda row: row.hypothetical))


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Healthy brains by operating point, and what they stand on; `default` is the usual point."""

    ground: Ground
    bases: Mapping[str, Brain]
    default: str


@cache
def laid(settings: ScoreSettings) -> Laid:
    """The brains of a parameter set; raises E511, E513 and what `read_map` raises."""
    connectome, atlas = embedded_connectome(), load_atlas(ATLAS)
    maps = dict(embedded_maps())
    maps |= {name: own_map(path, atlas.names) for name, path in settings.maps}
    ground = Ground(atlas, connectome.weights, maps)
    if settings.parameters == GRADED:
        names = {point: f"{GRADED}:{point}" for point in graded_points()}
    else:
        names = {settings.parameters: settings.parameters}
    bases = {k: parameter_set(name, connectome, atlas=atlas) for k, name in names.items()}
    return Laid(ground, bases, next(iter(names)))
