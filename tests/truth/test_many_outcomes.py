"""Contrasts of many outcomes at once are those that the ledger takes one by one."""

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.edge_networks import between, network_pairs, within
from defaultmode.statistics.edge_permutation import permuted_edges
from defaultmode.statistics.exchange import Exchange
from defaultmode.statistics.many_outcomes import contrasted
from defaultmode.statistics.occasions import occasions_of
from defaultmode.statistics.permutation import permutation_p
from defaultmode.statistics.question import Cells, Question
from defaultmode.statistics.setups import set_up
from made_studies import crossover, factor, made, two_groups

N_OUTCOMES = 7


def cells_of(study) -> Cells:
    occasions = occasions_of(study)
    return Cells(occasions, np.ones(len(occasions.rows), dtype=bool))


def outcomes(cells: Cells, *, gaps: bool, seed: int = 3) -> np.ndarray:
    """Values of every row; with gaps, in several patterns of missing rows."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(cells.among), N_OUTCOMES))
    if gaps:
        values[0, :2] = values[5, 1:4] = values[6:8, 3] = np.nan
    return values


def question(contrast: str, cells: Cells, **more) -> Question:
    return Question(contrast, np.full(len(cells.among), np.nan), **more)


PSILOCYBIN = {"treatment": "psilocybin", "reference": "placebo", "phase": "acute"}


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(
    ("contrast", "study", "more"),
    [
        ("patients - controls", two_groups(6, 8), {}),
        ("treatment - reference", crossover(6), PSILOCYBIN),
    ],
)
def test_each_outcome_is_contrasted_as_it_would_be_alone(contrast, study, more, gaps) -> None:
    cells = cells_of(study)
    values = outcomes(cells, gaps=gaps)
    asked = question(contrast, cells, **more)
    found = contrasted(asked, cells, values)
    for j in range(N_OUTCOMES):
        alone = set_up(Question(contrast, values[:, j], **more), cells)
        known = np.isfinite(found.y[:, j])
        assert found.setup.people[known].tolist() == alone.people.tolist()
        assert found.y[known, j] == pytest.approx(alone.y, abs=1e-12)
        assert found.setup.x[known].tolist() == alone.x.tolist()
    assert found.setup.how == alone.how
    assert (found.reason == "").all()


def test_an_outcome_that_only_another_comparison_could_use_says_so() -> None:
    """Without the scans before, the difference of changes would be one of levels."""
    cells = cells_of(crossover(6))
    values = outcomes(cells, gaps=False)
    values[cells.occasions.phase == "baseline", 2] = np.nan
    values[:, 4] = np.nan
    found = contrasted(question("treatment - reference", cells, **PSILOCYBIN), cells, values)
    assert "rows are missing" in found.reason[2]
    assert "nobody has both" in found.reason[4]
    assert np.isnan(found.y[:, [2, 4]]).all()
    assert np.isfinite(np.delete(found.y, [2, 4], axis=1)).all()


def arms(n: int = 12):
    """A parallel trial: half get ketamine, half placebo; before and after."""
    rows = [
        {"participant_id": f"sub-{i:02d}", "session_id": session, "arm": drug}
        for i in range(n)
        for drug in ["ketamine" if i % 2 else "placebo"]
        for session in ("ses-baseline", "ses-post")
    ]
    return made(pd.DataFrame(rows), factor("arm"))


def test_between_arms_each_outcome_loses_what_goes_with_its_own_baseline() -> None:
    cells = cells_of(arms())
    values = outcomes(cells, gaps=True)
    asked = question(
        "treatment - reference", cells, treatment="ketamine", reference="placebo", phase="after"
    )
    found = contrasted(asked, cells, values)
    assert "given the baseline" in found.setup.how
    assert found.setup.names == ()
    for j, (before, after) in enumerate(zip(values[::2].T, values[1::2].T, strict=True)):
        both = np.isfinite(before) & np.isfinite(after)
        left = np.polyfit(before[both], after[both], 1)
        rest = after[both] - np.polyval(left, before[both]) + after[both].mean()
        assert np.isfinite(found.y[:, j]).sum() == both.sum()
        assert found.y[np.isfinite(found.y[:, j]), j] == pytest.approx(rest, abs=1e-9)


def test_a_study_without_the_groups_is_refused() -> None:
    cells = cells_of(crossover(4))
    with pytest.raises(DefaultModeError, match="E438"):
        contrasted(question("patients - controls", cells), cells, outcomes(cells, gaps=False))


@pytest.mark.parametrize("blocks", [None, np.repeat([0, 1], 10)])
def test_permuted_edges_are_the_permutation_test_of_each(monkeypatch, blocks) -> None:
    monkeypatch.setattr("defaultmode.statistics.edge_permutation.EDGES_AT_ONCE", 4)
    rng = np.random.default_rng(1)
    y, z = rng.normal(size=(20, 9)), rng.normal(size=(20, 1))
    x = np.tile([0.0, 1.0], 10)
    y[:, 2] += 2 * x
    more = {"covariates": z, "exchange": Exchange(within=blocks), "n_permutations": 299}
    found = permuted_edges(y, x, rng=np.random.default_rng(5), **more)
    right = permutation_p(y, x, rng=np.random.default_rng(5), **more)
    for name in ("slope", "t", "p", "p_familywise"):
        assert getattr(found, name) == pytest.approx(getattr(right, name), rel=1e-12)
    assert found.n_shuffles == 299
    assert found.p_familywise[2] < 0.05


def test_signs_of_few_differences_are_flipped_in_every_way() -> None:
    y = np.random.default_rng(2).normal(size=(6, 4)) + np.array([0, 0, 0, 3.0])
    found = permuted_edges(
        y, np.ones(6), exchange=Exchange(flips=True), rng=np.random.default_rng(0)
    )
    assert found.complete
    assert found.p[3] == found.p.min() == 2 / 64


def test_edges_by_the_networks_that_they_join() -> None:
    pairs = network_pairs(["A", "B", "A"])  # edges 0-1, 0-2, 1-2
    assert pairs.names == (("A", "A"), ("A", "B"))
    assert pairs.of_edge.tolist() == [1, 0, 1]
    values = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, 4.0]])
    assert pairs.means(values) == pytest.approx(np.array([[2, 2], [np.nan, 4]]), nan_ok=True)
    assert pairs.counts(np.array([True, False, False])).tolist() == [0, 1]
    in_a = np.array([True, False, True])
    assert within(in_a).tolist() == [False, True, False]
    assert between(in_a, ~in_a).tolist() == [True, False, True]
