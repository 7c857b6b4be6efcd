"""Three ways to test every edge: components, each by permutation, a mixed model of each."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.pipeline.edge_found import Component, EdgeStatistics, EdgeWork, Texts
from defaultmode.pipeline.edge_settings import COMPONENTS, EACH, MIXED
from defaultmode.pipeline.mixed_claims import trial_of
from defaultmode.statistics.edge_networks import between, within
from defaultmode.statistics.edge_permutation import permuted_edges
from defaultmode.statistics.edgewise import edgewise
from defaultmode.statistics.exchange import Exchange
from defaultmode.statistics.linear import FLAT
from defaultmode.statistics.many_outcomes import Contrasted
from defaultmode.statistics.network_based import NetworkTest, network_based
from defaultmode.statistics.permutation import design_columns, design_of
from defaultmode.statistics.question import Array, Setup
from defaultmode.statistics.trial_model import TrialModel, model_of
from defaultmode.statistics.trial_rows import cells_of

ROLES = ("default", "task-positive")


def is_within(setup: Setup) -> bool:
    """Whether the contrast is a difference of each person, not one between people."""
    return bool(np.ptp(setup.x) == 0)


def covariates_of(setup: Setup) -> Array | None:
    """Covariates (n, q), None where there are none; a mean difference is that where they are 0."""
    return setup.covariates if setup.names else None


def exchange_of(setup: Setup) -> Exchange:
    """Signs of differences within people; people within their site between groups or arms."""
    if is_within(setup):
        return Exchange(flips=True)
    return Exchange(within=setup.blocks if len(set(setup.blocks)) > 1 else None)


def _components(
    work: EdgeWork, found: Contrasted, _: Array, rng: np.random.Generator
) -> EdgeStatistics:
    """The network-based statistic."""
    from scipy.stats import t as student

    setup, y = found.setup, found.y
    x = np.column_stack([setup.x, setup.covariates])
    test = network_based(
        y,
        x,
        threshold_t=work.asked.threshold,
        exchange=exchange_of(setup),
        n_permutations=work.asked.permutations,
        rng=rng,
    )
    design = design_of(design_columns(x[:, 0], x[:, 1:], len(y)))
    effect = design.tested @ design.residuals(y) / float(design.tested @ design.tested)
    return EdgeStatistics(
        test.t,
        np.where(np.isfinite(test.t), effect, np.nan),
        np.asarray(2 * student.sf(np.abs(test.t), design.df)),
        np.full(len(test.t), np.nan),
        _reasons(found, test.t),
        test.component,
        tuple(_described(work.atlas, test)),
        len(test.null_extent),
        test.complete,
    )


def _each(work: EdgeWork, found: Contrasted, _: Array, rng: np.random.Generator) -> EdgeStatistics:
    """Each edge that everybody has, by permutation."""
    setup, k = found.setup, found.y.shape[1]
    largest = np.abs(found.y).max(axis=0)
    with np.errstate(invalid="ignore"):
        used = np.flatnonzero(np.std(found.y, axis=0) > FLAT * largest)
    t, effect, p, familywise = np.full((4, k), np.nan)
    if not len(used):
        return EdgeStatistics(t, effect, p, familywise, _reasons(found, t))
    test = permuted_edges(
        found.y[:, used],
        setup.x,
        covariates=covariates_of(setup),
        exchange=exchange_of(setup),
        n_permutations=work.asked.permutations,
        rng=rng,
    )
    t[used], effect[used], p[used], familywise[used] = test.t, test.slope, test.p, test.p_familywise
    return EdgeStatistics(
        t, effect, p, familywise, _reasons(found, t),
        n_shuffles=test.n_shuffles, complete=test.complete,
    )  # fmt: skip


def _mixed(
    work: EdgeWork, found: Contrasted, values: Array, _: np.random.Generator
) -> EdgeStatistics:
    """Each edge by a mixed model of all rows; an ordinary one where everybody has one row."""
    anything = np.where(np.isfinite(values).any(axis=1), 0.0, np.nan)
    kept = {n: v for n, v in work.question.covariates.items() if n in found.setup.names}
    question = replace(work.question, outcome=anything, covariates=kept)
    rows, trial, contrast = trial_of(question, work.cells)
    model = _with_sites(model_of(trial, cells_of(trial, contrast), contrast))
    who = np.asarray(trial.participant)
    several = len(set(who)) < len(who)
    groups = who if several else None
    fit = edgewise(values[rows], model.x, groups, names=model.names, column=model.names[0])
    beyond = f", beyond {', '.join(model.beyond)}" if model.beyond else ""
    kind = "linear mixed model, random participant" if several else "linear model"
    how = f"{contrast}: {kind}{beyond}"
    nothing = np.full(len(fit.t), np.nan)
    return EdgeStatistics(fit.t, fit.coefficient, fit.p, nothing, fit.reason, how=how)


def _with_sites(model: TrialModel) -> TrialModel:
    """The model with a column for each site where sites would be random."""
    if model.site is None:
        return model
    levels = sorted({str(label) for label in model.site})[1:]
    columns = [(model.site == level).astype(np.float64) for level in levels]
    x = np.column_stack([model.x, *columns])
    names = tuple(f"site {level}" for level in levels)
    return replace(
        model, x=x, names=(*model.names, *names), beyond=(*model.beyond, *names), site=None
    )


METHODS: Mapping[
    str, Callable[[EdgeWork, Contrasted, Array, np.random.Generator], EdgeStatistics]
] = {
    COMPONENTS: _components,
    EACH: _each,
    MIXED: _mixed,
}


def _reasons(found: Contrasted, t: Array) -> Texts:
    """Why edges have no statistic, "" where they have one."""
    missing = np.isnan(found.y).sum(axis=0)
    said = np.array(
        [f"missing in {m} of {len(found.y)} people" if m else "does not vary" for m in missing],
        dtype=object,
    )
    said = np.where(found.reason == "", said, found.reason)
    return np.where(np.isfinite(t), "", said).astype(object)


def _described(atlas: Atlas, test: NetworkTest) -> list[Component]:
    """Every component, the one of most edges first."""
    default, positive = (np.isin(np.arange(len(atlas)), atlas.members(r)) for r in ROLES)
    inside, across = within(default), between(default, positive)
    usable = np.isfinite(test.t)
    a, b = np.triu_indices(len(atlas), 1)
    found = []
    for i in range(len(test.extent)):
        edges = test.component == i + 1
        nodes = np.unique(np.concatenate([a[edges], b[edges]]))
        found.append(
            Component(
                int(test.extent[i]),
                float(test.intensity[i]),
                float(test.p_extent[i]),
                float(test.p_intensity[i]),
                tuple(atlas.names[n] for n in nodes),
                int((test.t[edges] > 0).sum()),
                float(inside[edges].mean()),
                float(inside[usable].mean()),
                float(across[edges].mean()),
                float(across[usable].mean()),
            )
        )
    return found
