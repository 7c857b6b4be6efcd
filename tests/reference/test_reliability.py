"""Intraclass correlations against published numbers."""

import numpy as np
import pytest

from defaultmode.statistics.intraclass import intraclass

# Shrout & Fleiss (1979), table 2: six targets, four judges.
JUDGED = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=float,
)
# Table 4 of the same for the estimates; the limits as the R package psych prints them.
PUBLISHED = {
    "one_way": (0.17, -0.13, 0.72),
    "agreement": (0.29, 0.02, 0.76),
    "consistency": (0.71, 0.34, 0.95),
}
ROUNDED = 0.005  # the published numbers have two decimals


@pytest.mark.parametrize(("form", "published"), PUBLISHED.items())
def test_shrout_and_fleiss_table_4(form, published):
    found = getattr(intraclass(JUDGED[:, :, None]), form)
    numbers = (found.value[0], found.ci_low[0], found.ci_high[0])
    np.testing.assert_allclose(numbers, published, atol=ROUNDED)


def test_one_way_with_gaps_is_the_analysis_of_variance_of_statsmodels():
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    gappy = JUDGED.copy()
    gappy[[0, 2, 2, 5], [3, 0, 1, 2]] = np.nan
    who, judge = np.nonzero(np.isfinite(gappy))
    long = pd.DataFrame({"y": gappy[who, judge], "who": who.astype(str)})
    squares = anova_lm(ols("y ~ C(who)", long).fit())["mean_sq"].to_numpy()
    each = np.isfinite(gappy).sum(axis=1)
    n0 = (each.sum() - (each**2).sum() / each.sum()) / (len(each) - 1)  # Searle
    expected = (squares[0] - squares[1]) / (squares[0] + (n0 - 1) * squares[1])
    found = intraclass(gappy[:, :, None])
    assert found.one_way.value[0] == pytest.approx(expected, abs=1e-12)
    assert found.sem[0] == pytest.approx(np.sqrt(squares[1]), abs=1e-12)
    assert (found.n[0], found.n_values[0], found.n_complete[0]) == (6, 20, 3)
