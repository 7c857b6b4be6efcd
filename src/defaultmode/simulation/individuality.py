"""How one healthy brain differs from another before anything is done to it."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.constants import constants
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.people import People

Array = NDArray[np.float64]

SPREAD = {"coupling": "coupling_spread", "shared_noise": "shared_noise_spread"}
FURTHEST_SD = 2.5  # nobody lies further out, so that no healthy brain comes near instability


def individual(brain: Brain, people: People) -> Brain:
    """Everybody's healthy brain, (n_people,), around one of a single person.

    Strength of long-range excitation and of shared noise differ between people, log-normally;
    local inhibition is balanced again for each, so that all fire as the typical brain does.
    Raises E504 where the typical brain has no stable fixed point.
    """
    if people.alike or "inhibition" not in brain.values:
        return brain
    own = {name: brain.value(name) * f[None, :] for name, f in factors(people).items()}
    return balance(brain.changed(**own), fixed_point(brain).rate_hz[:, 0])


def factors(people: People) -> dict[str, Array]:
    """What each person's parameters are multiplied with, (n_people,), the same at every visit."""
    if people.alike:
        return {name: np.ones(len(people)) for name in SPREAD}
    return {name: _drawn(people, spread) for name, spread in SPREAD.items()}


def _drawn(people: People, spread: str) -> Array:
    scores = [float(rng.standard_normal()) for rng in people.generators(spread)]
    near = np.clip(scores, -FURTHEST_SD, FURTHEST_SD)
    return np.asarray(np.exp(constants("people")[spread].value * near))
