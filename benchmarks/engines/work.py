"""What every engine of the simulation benchmark is given to do; needs nothing but NumPy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

DT_MS = 0.1
STEPS_PER_S = round(1000 / DT_MS)
NOISE = 0.01  # ms^-1/2, on both pools: Deco 2014
BOLD_EVERY_S = 1.0


@dataclass(frozen=True)
class Work:
    """Deco 2014's mean field on a connectome, coupled at every step, with noise and BOLD.

    weights : (n_regions, n_regions), a row receives; inhibition : (n_regions,) in nA
    n_people : simulations side by side, alike but for their noise; threads : to be used at most
    """

    weights: np.ndarray
    inhibition: np.ndarray
    coupling: float
    n_people: int
    threads: int

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return len(self.weights)

    def seconds(self, region_steps: float, multiple_of: int = 1) -> int:
        """Whole simulated seconds that come to about so many region-steps; at least one."""
        wanted = region_steps / (self.n_regions * self.n_people * STEPS_PER_S)
        return multiple_of * max(1, round(wanted / multiple_of))


def load(path: Path, n_people: int, threads: int) -> Work:
    """Connectome and inhibition from a file with the names above, for so many people."""
    with np.load(path) as kept:
        coupling = float(kept["coupling"])
        return Work(kept["weights"], kept["inhibition"], coupling, n_people, threads)


def peak_mb() -> float:
    """Highest resident memory of this process."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")
