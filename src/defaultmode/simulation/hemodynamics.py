"""Blood flow: how the BOLD signal follows a region's excitation.

Balloon–Windkessel model of Friston 2003 (doi 10.1016/S1053-8119(03)00202-7): κ and γ are rates per
second, as published there. Deco 2014's own scripts, and others after them, read the same two
numbers as time constants in seconds, which makes the response about twice as fast. The signal
equation is Buxton 1998's with k1 = 7ρ, k2 = 2, k3 = 2ρ − 0.2. S_E drives it (Deco 2014; other
packages take the rate). States are deviations from rest, which single precision holds better.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]

KAPPA_PER_S = 0.65  # decay of the vasodilatory signal: Friston 2003, table 1
GAMMA_PER_S = 0.41  # flow-dependent elimination: Friston 2003, table 1
TAU_S = 0.98  # transit time: Friston 2003, table 1
ALPHA = 0.32  # stiffness exponent: Friston 2003, table 1
RHO = 0.34  # resting oxygen extraction: Friston 2003, table 1
V_0 = 0.02  # resting blood volume fraction: Friston 2003
K_1, K_2, K_3 = 7.0 * RHO, 2.0, 2.0 * RHO - 0.2  # Buxton 1998, at 1.5 T
STEP_S = 0.001
N_STATES = 4  # vasodilatory signal; inflow, volume and deoxyhaemoglobin less their resting 1


def at_rest(n_regions: int, n_people: int) -> Array:
    """Blood flow without any drive, (4, n_regions, n_people)."""
    return np.zeros((N_STATES, n_regions, n_people))


def advance(flow: Array, drive: Array, *, step_s: float = STEP_S) -> Array:
    """Blood flow one Euler step later (Friston 2003, eq. 3); `drive` is (n_regions, n_people)."""
    signal, inflow, volume, deoxy = flow
    outflow = (1.0 + volume) ** (1.0 / ALPHA)
    extraction = (1.0 - (1.0 - RHO) ** (1.0 / (1.0 + inflow))) / RHO
    d_signal = drive - KAPPA_PER_S * signal - GAMMA_PER_S * inflow
    d_volume = (inflow + 1.0 - outflow) / TAU_S
    d_deoxy = ((1.0 + inflow) * extraction - outflow * (1.0 + deoxy) / (1.0 + volume)) / TAU_S
    return flow + step_s * np.stack([d_signal, signal, d_volume, d_deoxy])


def percent_signal(flow: Array) -> Array:
    """BOLD signal in percent of rest, (n_regions, n_people) (Buxton 1998, eq. 10)."""
    volume, deoxy = flow[2], flow[3]
    ratio = 1.0 - (1.0 + deoxy) / (1.0 + volume)
    return np.asarray(100.0 * V_0 * (-K_1 * deoxy + K_2 * ratio - K_3 * volume))


def measurement_noise(bold: ArrayLike, sd_percent: float, rng: np.random.Generator) -> Array:
    """The signal with white noise of the scanner added; both in percent signal change.

    bold : any shape. Raises E506 where `sd_percent` is negative or not finite.
    """
    if not 0.0 <= sd_percent < np.inf:
        raise DefaultModeError("E506", f"measurement noise is {sd_percent} %; expected 0 or more.")
    signal = np.asarray(bold, dtype=np.float64)
    return signal + sd_percent * rng.standard_normal(signal.shape)
