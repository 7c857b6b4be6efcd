"""The switch model's steps, compiled: the equations of `models.switch`, one person at a time."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.compiling import kept
from defaultmode.simulation.models import find_model

Array = NDArray[np.float64]

PARAMETERS = (
    "recurrent",
    "rivalry",
    "adaptation",
    "drive",
    "threshold",
    "softness",
    "activity_ms",
    "adaptation_ms",
    "noise_ms",
)


def packed(brain: Brain, n_people: int) -> Array:
    """Parameters and both noises of every person, (n_people, 11, 2)."""
    model = find_model("switch")
    rows = [brain.full(name) for name in PARAMETERS]
    rows += [model.noise(brain)[0], model.shared_noise(brain)[1]]
    wide = [np.broadcast_to(row, (2, n_people)) for row in rows]
    return np.ascontiguousarray(np.transpose(wide, (2, 0, 1)))


@kept
def advance(state: Array, drawn: Array, packed: Array, step_ms: float) -> None:
    """Euler–Maruyama steps in place.

    state : (n_people, 4, 2), the model's states of both populations
    drawn : (n_people, n_steps, 3) standard normals: of each population, and of both
    """
    root = np.sqrt(step_ms)
    moved = np.empty((4, 2))
    for person in range(state.shape[0]):
        now, p = state[person], packed[person]
        for step in range(drawn.shape[1]):
            for k in range(2):
                z, c, x, a = now[0, k], now[1, k], now[2, k], now[3, k]
                received = p[0, k] * x - a + z + c + p[3, k] - p[1, k] * now[2, 1 - k]
                response = 1.0 / (1.0 + np.exp((p[4, k] - received) / p[5, k]))
                kick, both = drawn[person, step, k], drawn[person, step, 2]
                moved[0, k] = z - step_ms * z / p[8, k] + root * p[9, k] * kick
                moved[1, k] = c - step_ms * c / p[8, k] + root * p[10, k] * both
                moved[2, k] = x + step_ms * (response - x) / p[6, k]
                moved[3, k] = a + step_ms * (p[2, k] * x - a) / p[7, k]
            now[:, :] = moved
