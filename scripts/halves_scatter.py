"""How much two halves of a recording differ, in the standard errors that a fit assumes.

    python scripts/halves_scatter.py

Band-passed BOLD has more power low in the band and is not stationary, so that halves differ by more
than 2 × bandwidth × duration independent samples would. The mean square over the embedded runs is
what `fitting/priors.toml` divides the samples by (`independent_share` is its inverse).
"""

import numpy as np

from defaultmode.core.settings import Settings
from defaultmode.pipeline.demonstrating import embedded_works
from defaultmode.pipeline.twin_targets import shown_by


def main() -> None:
    """Print the mean square of every run, and its mean over runs."""
    found = []
    for work in embedded_works(Settings(source="")):
        shown = shown_by(work)
        above = np.triu_indices(len(shown.regions), 1)
        nominal = 2.0 * (shown.high_hz - shown.low_hz) * shown.usable_s / 2.0  # of either half
        square = float(((shown.first.z - shown.second.z)[above] ** 2).mean()) / 2.0 * nominal
        print(f"{shown.key}: {square:.2f}")
        found.append(square)
    print(f"mean of {len(found)} runs: {np.mean(found):.2f}, inverse {1 / np.mean(found):.2f}")


if __name__ == "__main__":
    main()
