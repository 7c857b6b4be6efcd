"""Regression DCM of 400 regions: one eigendecomposition for all, and an inversion per region.

python -m jobs.regression_dcm ROUNDS (in the folder benchmarks)
"""

import sys

import numpy as np
from jobs.answering import alternating, answer
from made_recording import TR_S, made_recording

REGIONS = (7, 211)  # inverted directly, of the 400; the time of all is extrapolated from them
MOST_ROUNDS = 2000


def direct(signal: np.ndarray, region: int) -> tuple[np.ndarray, int]:
    """Posterior means of what a region receives, and the rounds it took, as Frässle 2017 states it.

    The posterior covariance is inverted anew in every round; priors and stopping are as ours.
    """
    from defaultmode.measures import _regression_dcm as dcm

    activity = signal - signal.mean(axis=0)
    rate, activity = np.diff(activity, axis=0)[:, region] / TR_S, activity[:-1]
    n = activity.shape[1]
    prior = np.full(n, dcm.OTHER_PRECISION * n)
    prior[region] = dcm.SELF_PRECISION * n
    expected = np.zeros(n)
    expected[region] = dcm.SELF_MEAN_HZ
    gram, moment = activity.T @ activity, activity.T @ rate
    precision = dcm.SHAPE / dcm.RATE
    for done in range(1, MOST_ROUNDS + 1):
        covariance = np.linalg.inv(precision * gram + np.diag(prior))
        mean = covariance @ (precision * moment + prior * expected)
        residual = rate - activity @ mean
        error = residual @ residual + (gram * covariance).sum()
        before = precision
        precision = (dcm.SHAPE + dcm.PAIR_WEIGHT * len(rate) / 2) / (dcm.RATE + error / 2)
        if abs(np.log(precision / before)) < dcm.SETTLED:
            return mean, done
    raise RuntimeError(f"region {region} does not settle in {MOST_ROUNDS} rounds")


def main(rounds: int) -> None:
    """Compare both on the unfiltered signal of a made recording."""
    from defaultmode.measures._regression_dcm import regression_dcm

    signal = np.asarray(made_recording().unfiltered)
    ours = regression_dcm(signal, TR_S).mean
    found = {region: direct(signal, region) for region in REGIONS}
    centred = signal - signal.mean(axis=0)
    works = {
        "ours": lambda: regression_dcm(signal, TR_S),
        "eigendecomposition": lambda: np.linalg.eigh(centred.T @ centred),
        "direct": lambda: [direct(signal, region) for region in REGIONS],
    }
    taken, ratios = alternating(works, rounds)
    all_of_them = signal.shape[1] / len(REGIONS)
    answer(
        ours_s=taken["ours"],
        theirs_s=all_of_them * taken["direct"],
        ratio=all_of_them * ratios["direct"],
        extrapolated_from=len(REGIONS),
        direct_rounds=[done for _, done in found.values()],
        difference=max(float(np.abs(ours[r] - mean).max()) for r, (mean, _) in found.items()),
        share=ratios["eigendecomposition"],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
