"""Fit one compartment with first-order absorption to the published course of psilocin.

    python scripts/fit_psilocin.py

Prints what drugs/psilocybin.toml holds, and how far it is from what was measured.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Array = NDArray[np.float64]
PSILOCIN_PER_PSILOCYBIN = 204.27 / 284.25  # molar masses, g/mol
# Holze 2023: mean peak (ng/ml) at each dose (mg), time of the peak, elimination half-lives
DOSES_MG = np.array([15.0, 25.0, 30.0])
PEAKS_NG_ML = np.array([11.0, 17.0, 21.0])
PEAK_TIME_H = 2.0
HALF_LIVES_H = np.array([1.8, 1.4, 1.8])


def peak_time_h(absorption: float, elimination: float) -> float:
    """When what comes in and what goes out are equal; rates per hour."""
    return float(np.log(absorption / elimination) / (absorption - elimination))


def peak_per_litre(absorption: float, elimination: float) -> float:
    """Share of the dose in the blood at the peak (closed form)."""
    hour = peak_time_h(absorption, elimination)
    left = np.exp(-elimination * hour) - np.exp(-absorption * hour)
    return float(absorption / (absorption - elimination) * left)


def main() -> None:
    """Elimination from the usual half-life, absorption from the peak's time, volume from 25 mg."""
    elimination = np.log(2) / np.median(HALF_LIVES_H)
    absorption = brentq(
        lambda rate: peak_time_h(rate, elimination) - PEAK_TIME_H, elimination * 1.001, 20.0
    )
    share = PSILOCIN_PER_PSILOCYBIN * peak_per_litre(absorption, elimination)
    volume_l = 1000.0 * share * DOSES_MG[1] / PEAKS_NG_ML[1]
    found = 1000.0 * share * DOSES_MG / volume_l
    print(f"share {PSILOCIN_PER_PSILOCYBIN:.4f}, absorption {absorption:.3f} /h", end=", ")
    print(f"elimination {elimination:.3f} /h, V/F {volume_l:.1f} L", end=", ")
    print(f"CL/F {volume_l * elimination:.1f} L/h")
    print(f"peaks {found.round(1)} ng/ml (published {PEAKS_NG_ML}); 25 mg by construction")


if __name__ == "__main__":
    main()
