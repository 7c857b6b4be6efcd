"""Print what neuroCombat and neuroHarmonize make of the data of tests/reference/test_combat.py.

Run in an environment of its own, as neither is a dependency:

    pip install neuroCombat neuroHarmonize
    python scripts/combat_reference.py
"""

import numpy as np
import pandas as pd
from neuroCombat import neuroCombat
from neuroHarmonize import harmonizationApply, harmonizationLearn

N, P, SITES = 24, 6, 3
SHOWN = ((0, 0), (1, 5), (10, 3), (17, 2), (23, 4))


def made() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (N, P), sites (N,) and one covariate (N,), the same in the test."""
    row, column = np.arange(N)[:, None], np.arange(P)[None]
    site = np.arange(N) % SITES
    age = 20.0 + (7 * np.arange(N)) % 31
    noise = np.sin(1.0 + 12.9898 * row + 78.233 * column)
    values = 2.0 + column + 0.05 * age[:, None] + (1 + 0.5 * site[:, None]) * noise
    return values + site[:, None] * (0.3 + 0.2 * column), site, age


def main() -> None:
    """Print the numbers that the test holds."""
    values, site, age = made()
    covars = pd.DataFrame({"SITE": site, "age": age})
    for name, kept in (("no covariate", []), ("age kept", ["age"])):
        found = neuroCombat(
            dat=values.T, covars=covars, batch_col="SITE", continuous_cols=kept or None
        )["data"].T
        print("neuroCombat,", name, [float(f"{found[i]:.10g}") for i in SHOWN])
    train = np.arange(N) < 18
    model, _ = harmonizationLearn(values[train], covars[train].reset_index(drop=True))
    unseen = harmonizationApply(values[~train], covars[~train].reset_index(drop=True), model)
    print("neuroHarmonize, unseen rows", [[float(f"{v:.10g}") for v in row] for row in unseen[:2]])


if __name__ == "__main__":
    main()
