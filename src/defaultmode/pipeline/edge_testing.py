"""The edges of one atlas and preset, tested in a process of their own."""

from collections import Counter
from dataclasses import replace

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.outputs.read_back import fisher_z
from defaultmode.pipeline.edge_contrast import NO_CONTRAST
from defaultmode.pipeline.edge_found import EdgeFindings, EdgeStatistics, EdgeWork, NetworkRow
from defaultmode.pipeline.edge_methods import METHODS, covariates_of, exchange_of, is_within
from defaultmode.statistics.edge_networks import network_pairs
from defaultmode.statistics.effects import SMALLEST_N, false_discovery
from defaultmode.statistics.linear import FLAT, centred
from defaultmode.statistics.many_outcomes import Contrasted, contrasted
from defaultmode.statistics.permutation import permutation_p
from defaultmode.statistics.question import Array, Setup

NO_EDGE = "E449"


def tested_edges(work: EdgeWork) -> EdgeFindings:
    """Every edge of one atlas and preset; raises E448, E449, E437, E439 and E422."""
    values = _values(work)
    if not np.isfinite(values[work.cells.among]).any():
        msg = f"no run has a correlation matrix of {work.atlas.name} under {work.denoise}."
        raise DefaultModeError(NO_EDGE, msg)
    try:
        found = contrasted(work.question, work.cells, values)
    except DefaultModeError as why:
        code = NO_CONTRAST if why.code == "E438" else why.code
        raise DefaultModeError(code, f"{work.denoise}: {why.detail}") from why
    setup, dropped = _adjusted(found.setup, work.asked.covariates)
    found = replace(found, setup=setup)
    _enough(setup)
    networks, edges = (np.random.default_rng(s) for s in work.stream.spawn(2))
    tested = METHODS[work.asked.method](work, found, values, edges)
    if not np.isfinite(tested.t).any():
        said = "; ".join(f"{count}: {why}" for why, count in Counter(tested.reason).items())
        raise DefaultModeError(NO_EDGE, f"{work.denoise}, {work.atlas.name}: edges {said}.")
    missing = np.isnan(found.y).sum(axis=1)
    return EdgeFindings(
        work.atlas,
        work.denoise,
        tested,
        false_discovery(tested.p),
        tuple(_networks(work, found, tested, networks)),
        *_counts(setup),
        is_within(setup),
        tested.how or setup.how,
        setup.names,
        dropped,
        (_label(work, setup.people[missing.argmax()]), int(missing.max())),
        dict(Counter(str(r) for r in tested.reason if r)),
    )


def _label(work: EdgeWork, person: int) -> str:
    return work.cells.occasions.people[person]


def _values(work: EdgeWork) -> Array:
    """Fisher z of every row of the study, (n_rows, n_edges), NaN where there is no matrix."""
    upper = np.triu_indices(len(work.atlas), 1)
    values = np.full((len(work.matrices), len(upper[0])), np.nan)
    for row, path in zip(values, work.matrices, strict=True):
        if path is not None:
            row[:] = fisher_z(path)[upper]
    return values


def _adjusted(setup: Setup, named: tuple[str, ...]) -> tuple[Setup, tuple[str, ...]]:
    """The setup without covariates that are the same for everybody, and those; raises E437."""
    largest = np.abs(setup.covariates).max(axis=0, initial=0.0)
    flat = np.abs(centred(setup.covariates)).max(axis=0, initial=0.0) <= FLAT * largest
    dropped = tuple(n for n, same in zip(setup.names, flat, strict=True) if same)
    asked = [name for name in dropped if name in named or name.rsplit(" ", 1)[0] in named]
    if asked:
        msg = f"{', '.join(asked)} is the same for everybody in the comparison: {setup.how}."
        raise DefaultModeError("E437", msg)
    for name in dropped:
        setup = setup.without(name)
    design = np.column_stack([setup.x, *_constant(setup), centred(setup.covariates)])
    if np.linalg.matrix_rank(design) < min(design.shape):
        msg = f"{', '.join(setup.names)} say the same as one another or as the contrast."
        raise DefaultModeError("E437", msg)
    return setup, dropped


def _constant(setup: Setup) -> list[Array]:
    return [] if is_within(setup) else [np.ones(len(setup.x))]


def _enough(setup: Setup) -> None:
    """Raises E439 where a side has too few people with every covariate."""
    n, n_reference = _counts(setup)
    free = len(setup.x) - len(setup.names) - 1 - len(_constant(setup))
    if min(n, n_reference) < SMALLEST_N or free < 1:
        said = f", beside {len(setup.names)} covariates" if setup.names else ""
        msg = f"{n} and {n_reference} people{said}; {SMALLEST_N} and some freedom are needed."
        raise DefaultModeError("E439", msg)


def _counts(setup: Setup) -> tuple[int, int]:
    if is_within(setup):
        return len(setup.x), len(setup.x)
    return int((setup.x == 1).sum()), int((setup.x == 0).sum())


def _networks(
    work: EdgeWork, found: Contrasted, tested: EdgeStatistics, rng: np.random.Generator
) -> list[NetworkRow]:
    """The mean connectivity of every pair of networks, by permutation."""
    setup, pairs = found.setup, network_pairs(work.atlas.networks)
    usable = np.isfinite(tested.t)
    y = pairs.means(np.where(usable, found.y, np.nan))
    test = permutation_p(
        y,
        setup.x,
        covariates=covariates_of(setup),
        exchange=exchange_of(setup),
        n_permutations=work.asked.permutations,
        rng=rng,
    )
    mean_t = pairs.means(tested.t[None])[0]
    counts = pairs.counts(usable)
    return [
        NetworkRow(
            *names,
            int(counts[i]),
            float(mean_t[i]),
            float(test.slope[i]),
            float(test.t[i]),
            float(test.p[i]),
            float(test.p_familywise[i]),
            str(test.reason[i]),
        )
        for i, names in enumerate(pairs.names)
    ]
