"""A mixed model at each of 79,800 edges, beside statsmodels at a few of them.

python -m jobs.edgewise_mixed ROUNDS (in the folder benchmarks)
"""

import sys
import warnings

import numpy as np
from jobs.answering import alternating, answer, cpu_s

from defaultmode.statistics.edgewise import edgewise

N_EDGES, PEOPLE, SESSIONS, LOST = 400 * 399 // 2, 60, 4, 0.15
THEIR_EDGES = 6  # fitted by statsmodels; the time of all is extrapolated from them
NAMES = ("constant", "drug", "time", "period", "age", "sex", "motion", "site b", "site c")
TOLERANCE = 1e-10  # of their optimiser, so that estimates are compared and not its stopping


def made(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges (n, N_EDGES), columns (n, 9), participants (n,); 15 % of the sessions are missing."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(PEOPLE), SESSIONS)
    each = rng.normal(size=(PEOPLE, 2))[who]
    site = rng.integers(0, 3, PEOPLE)[who]
    drug, time = np.tile([0, 1, 0, 1], PEOPLE), np.tile([0, 0, 1, 1], PEOPLE)
    period = (who + np.tile(np.arange(SESSIONS), PEOPLE)) % 2
    x = np.column_stack(
        [np.ones(len(who)), drug, time, period, each[:, 0], each[:, 1] > 0,
         rng.gamma(2, 0.1, len(who)), site == 1, site == 2]
    )  # fmt: skip
    kept = rng.random(len(who)) >= LOST
    own = rng.normal(size=(PEOPLE, N_EDGES), scale=0.7)
    edges = own[who] + rng.normal(size=(len(who), N_EDGES))
    return edges[kept], x[kept].astype(float), who[kept]


def their_fit(y: np.ndarray, x: np.ndarray, who: np.ndarray) -> tuple[float, ...]:
    """Coefficient of the drug, t by statsmodels, t by its variances, and share of participants.

    Its own t inverts the Hessian of coefficients and variances together; ours, as the mixed models
    of R do, that of the coefficients given the variances.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the gradient is not quite zero
        fit = MixedLM(y, x, groups=who).fit(reml=True, method="bfgs", gtol=TOLERANCE)
    own = float(fit.cov_re[0, 0])
    together = own * (who[:, None] == who) + float(fit.scale) * np.eye(len(who))
    error = np.sqrt(np.linalg.inv(x.T @ np.linalg.solve(together, x))[1, 1])
    drug = float(fit.fe_params[1])
    return drug, float(fit.tvalues[1]), drug / error, own / (own + float(fit.scale))


def main(rounds: int) -> None:
    """Compare the estimates of the drug at some edges, then time both."""
    edges, x, who = made()

    def ours():
        return edgewise(edges, x, who, names=NAMES, column="drug")

    found = ours()
    places = np.linspace(0, N_EDGES - 1, THEIR_EDGES).astype(int)
    theirs: list[tuple[float, ...]] = []
    their_s = cpu_s(lambda: theirs.extend(their_fit(edges[:, i], x, who) for i in places))
    taken, _ = alternating({"ours": ours, "squares": lambda: (edges**2).sum(axis=0)}, rounds)
    coefficient, t, t_given, icc = np.array(theirs).T
    answer(
        ours_s=taken["ours"],
        theirs_s=their_s / THEIR_EDGES * N_EDGES,
        their_edge_s=their_s / THEIR_EDGES,
        ratio=their_s / THEIR_EDGES * N_EDGES / taken["ours"],
        edges=N_EDGES,
        rows=len(x),
        columns=len(NAMES),
        tested=found.n_tested,
        largest_t_difference=float(np.abs(t - found.t[places]).max()),
        largest_t_given_difference=float(np.abs(t_given - found.t[places]).max()),
        largest_coefficient_difference=float(np.abs(coefficient - found.coefficient[places]).max()),
        largest_icc_difference=float(np.abs(icc - found.icc[places]).max()),
        reading_share=taken["squares"] / taken["ours"],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
