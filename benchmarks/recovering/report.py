"""The page and the line that tell what came back, what did not, and whether intervals hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.fitting.calibration import Ranked, flat_by_band
from defaultmode.fitting.recovery import RECOVERED_R, Agreement, over_people, within_people
from recovering.jobs import Plan, gathered
from recovering.world import GROUP_SAMPLES, world

Found = Mapping[str, np.ndarray]
LEVELS = (0.5, 0.8, 0.95)
SEED = 0
INTRODUCTION = """# Recovery: do the parameters of a twin come back?

People are drawn from the prior of `fitting/priors.toml` around the group's brain (Schaefer-100, the
embedded connectivity of 706 people). Each is recorded, and the recording is fitted as `defaultmode
fit` does. Brains less stable than asked are drawn again, so that people and prior differ a little.
*Model*: Gaussian recordings with the model's own cross-spectra, which try the method. *Simulator*:
the nonlinear engine through Balloon–Windkessel blood flow and a Butterworth band-pass, which tries
the linear model too. Every r is a correlation of true with fitted values; in brackets 95 % of
resamples of people. **Bold** is r ≥ 0.8.
"""


def agreements(found: Found) -> dict[str, Agreement | Missing]:
    """Every block and every summary over people, then every block within people."""
    rng, here = np.random.default_rng(SEED), world()
    true, fitted = found["true"], found["fitted"]
    told = {
        name: over_people(true[:, part], fitted[:, part], rng=rng)
        for name, part in here.space.slices.items()
    }
    summaries = zip(here.summaries(true).items(), here.summaries(fitted).values(), strict=True)
    for (name, put_in), came_back in summaries:
        told[name] = over_people(put_in[:, None], came_back[:, None], rng=rng)
    for name, part in here.space.slices.items():
        if part.stop - part.start > len(here.space.networks):
            told[f"{name} within a person"] = within_people(true[:, part], fitted[:, part], rng=rng)
    return told


def ranked(plan: Plan, folder: Path) -> Ranked | None:
    """Where the truth lay among the draws, None before anybody was ranked."""
    found = gathered(folder, "ranks", plan.standard)
    if "ranks" not in found:
        return None
    return Ranked(found["ranks"], found["spread"], found["true"], plan.draws)


def conditions(plan: Plan) -> list[tuple[str, float]]:
    """Kinds and lengths of recordings, in the order of the columns."""
    return [("model", m) for m in plan.minutes] + [("simulator", plan.standard)]


def report(plan: Plan, folder: Path, machine: str) -> str:
    """The whole page."""
    told = {c: gathered(folder, *c) for c in conditions(plan)}
    found = {c: agreements(f) for c, f in told.items() if "true" in f}
    parts = [INTRODUCTION, _people(told, machine), _recovery(found)]
    ranks = ranked(plan, folder)
    if ranks is not None:
        parts += [_calibration(ranks, plan)]
    parts += [_verdict(found[("model", plan.standard)], ranks)]
    return "\n".join(parts)


def summary(plan: Plan, folder: Path) -> dict[str, object]:
    """The figures of the last line."""
    standard = gathered(folder, "model", plan.standard)
    told = agreements(standard)
    line: dict[str, object] = {
        f"{name.replace(' ', '_')}_r": None if isinstance(a, Missing) else round(a.r, 3)
        for name, a in told.items()
    }
    line |= {"minutes": plan.standard, "people": len(standard["true"])}
    ranks = ranked(plan, folder)
    if ranks is not None and len(ranks.ranks) > 1:
        p = _summary_p(ranks)
        line |= {
            "ranked_people": len(ranks.ranks),
            "summaries_not_flat": sum(v < 0.05 / len(p) for v in p.values()),
            "summaries": len(p),
            "coverage_95_of_summaries": round(float(ranks.coverage(0.95)[:, -len(p) :].mean()), 3),
        }
    return line


def _people(told: Mapping[tuple[str, float], Found], machine: str) -> str:
    rows = []
    for (what, minutes), found in told.items():
        if "true" in found:
            counts = (len(found["true"]), int(found["lost"]), int(found["refused"].sum()))
            settled = f"{found['settled'].mean():.0%}"
            rows.append((f"{what}, {minutes:g} min", *map(str, counts), settled))
    heads = ("recordings", "people", "lost", "refused before", "searches that ended by themselves")
    sd = ", ".join(f"{name} {value:g}" for name, value in world().space.sd.items())
    return (
        f"Standard deviations: {sd}; {len(world().model)} parameters; group of {GROUP_SAMPLES:g} "
        f"samples. Measured on {machine}.\n\n{_table(heads, rows)}"
    )


def _recovery(found: Mapping[tuple[str, float], Mapping[str, Agreement | Missing]]) -> str:
    heads = ("value", "n", *(f"{what}, {minutes:g} min" for what, minutes in found))
    columns = list(found.values())
    rows = []
    for name in columns[0]:
        n = next((str(c[name].n_values) for c in columns if isinstance(c[name], Agreement)), "")
        rows.append((name.removeprefix("twin_"), n, *(_cell(column[name]) for column in columns)))
    return (
        "## What comes back\nBlocks of parameters first (mean over their n values of the "
        "correlation over people), then what joins a study as columns, then the pattern within a "
        f"person (mean over people of the correlation over values).\n\n{_table(heads, rows)}"
    )


def _cell(agreement: Agreement | Missing) -> str:
    if isinstance(agreement, Missing):
        return agreement.reason
    r = f"**{agreement.r:.2f}**" if agreement.recovered else f"{agreement.r:.2f}"
    return f"{r} ({agreement.low:.2f} to {agreement.high:.2f})"


def _calibration(ranks: Ranked, plan: Plan) -> str:
    p = flat_by_band(ranks.ranks, ranks.n_draws)
    contraction = ranks.contraction()
    covered = [ranks.coverage(level) for level in LEVELS]
    rows = []
    for name, part in _parts():
        chance = (
            f"{p[part][0]:.3f}" if part.stop - part.start == 1 else f"{(p[part] < 0.05).mean():.0%}"
        )
        shares = [f"{c[:, part].mean():.0%}" for c in covered]
        learnt = f"{contraction[part].mean():.2f}"
        rows.append((name.removeprefix("twin_"), *shares, chance, learnt))
    heads = ("value", *(f"{level:.0%} interval" for level in LEVELS), "flat", "contraction")
    return (
        "## Do intervals hold?\nSimulation-based calibration (Talts 2018, arXiv 1804.06788): "
        f"{len(ranks.ranks)} people, {ranks.n_draws} draws each, {plan.standard:g} min by the "
        "model. Shares of true values inside central intervals; *flat*: p of the ranks against "
        "simultaneous bands (Säilynoja 2022), and for blocks the share of values with p < 0.05, "
        "which is 5 % of calibrated ones; *contraction*: share of the variance between people that "
        f"one recording takes away, below 0 where the fit adds some.\n\n{_table(heads, rows)}"
    )


def _parts() -> Iterator[tuple[str, slice]]:
    """Blocks, then summaries, among the quantities that were ranked."""
    here = world()
    yield from here.space.slices.items()
    names = here.summaries(np.zeros((1, len(here.model))))
    for k, name in enumerate(names, start=len(here.model)):
        yield name, slice(k, k + 1)


def _summary_p(ranks: Ranked) -> dict[str, float]:
    p = flat_by_band(ranks.ranks, ranks.n_draws)
    return {name: float(p[part][0]) for name, part in _parts() if name.startswith("twin_")}


def _verdict(found: Mapping[str, Agreement | Missing], ranks: Ranked | None) -> str:
    told = {name: a for name, a in found.items() if isinstance(a, Agreement)}
    good = [f"{_plain(n)} ({a.r:.2f})" for n, a in told.items() if a.recovered]
    poor = [f"{_plain(n)} ({a.r:.2f})" for n, a in told.items() if not a.recovered]
    text = (
        f"## What follows\nRecovered with r ≥ {RECOVERED_R:g}: {', '.join(good) or 'nothing'}.\n\n"
        f"Not recovered: {', '.join(poor) or 'nothing'}.\n"
    )
    if ranks is None:
        return text
    p = _summary_p(ranks)
    bad = [f"{_plain(n)} (p = {v:.3f})" for n, v in p.items() if v < 0.05 / len(p)]
    return text + (
        f"\nOf {len(p)} columns, ranks are not flat, at 5 % over all of them (Bonferroni), for: "
        f"{', '.join(bad) or 'none'}.\n"
    )


def _plain(name: str) -> str:
    return name.removeprefix("twin_").replace("_", " ")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
