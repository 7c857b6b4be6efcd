"""The page and the line that tell what came back, what did not, and whether intervals hold."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.fitting.calibration import Ranked, flat_by_band
from defaultmode.fitting.priors import stretches
from defaultmode.fitting.recovery import RECOVERED_R, Agreement, over_people, within_people
from recovering.jobs import Plan, gathered
from recovering.world import GROUP_SAMPLES, world

Found = Mapping[str, np.ndarray]
LEVELS = (0.5, 0.8, 0.95)
SEED = 0
FEWEST_RANKED = 3
PRIOR_DRAWS = 500
INTRODUCTION = """# Recovery: do the parameters of a twin come back?

People are drawn from the prior of `fitting/priors.toml` around the group's brain (Schaefer-100, the
embedded connectivity of 706 people). Each is recorded, and the recording is fitted as `defaultmode
fit` does. Brains less stable than asked are drawn again, so that people and prior differ a little.
*Model*: Gaussian recordings with the model's own cross-spectra, which try the method. *Simulator*:
the nonlinear engine through Balloon–Windkessel blood flow and a Butterworth band-pass, which tries
the linear model too. Every r is a correlation of true with fitted values; in brackets 95 % of
resamples of people. **Bold** is r ≥ 0.8.
Ten people show only what is far from 0.8; `--full` has 100.
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
    """Where the truth lay among the draws, None before three people were ranked."""
    found = gathered(folder, "ranks", plan.standard)
    if len(found.get("ranks", ())) < FEWEST_RANKED:
        return None
    kept = (found[name] for name in ("ranks", "middle", "spread", "true"))
    return Ranked(*kept, n_draws=plan.draws)


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
        parts += [_calibration(ranks, plan), _stretching(ranks)]
    parts.append(_verdict(found, plan.standard, ranks))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


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
    if ranks is not None:
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
        rows.append((name, n, *(_cell(column[name]) for column in columns)))
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
    contraction = ranks.contraction(_prior_sd())
    covered = [ranks.coverage(level) for level in LEVELS]
    rng, rows = np.random.default_rng(SEED), []
    for name, part in _parts():
        middle = over_people(ranks.true[:, part], ranks.middle[:, part], rng=rng)
        chance = (
            f"{p[part][0]:.3f}" if part.stop - part.start == 1 else f"{(p[part] < 0.05).mean():.0%}"
        )
        shares = [f"{c[:, part].mean():.0%}" for c in covered]
        learnt = f"{contraction[part].mean():.2f}"
        rows.append((name, *shares, chance, learnt, _cell(middle)))
    heads = ("value", *(f"{level:.0%} interval" for level in LEVELS), "flat", "contraction")
    heads += ("r of the draws' mean",)
    return (
        "## Do intervals hold?\nSimulation-based calibration (Talts 2018, arXiv 1804.06788): "
        f"{len(ranks.ranks)} people, {ranks.n_draws} draws each, {plan.standard:g} min by the "
        "model. Shares of true values inside central intervals; *flat*: p of the ranks against "
        "simultaneous bands (Säilynoja 2022), and for blocks the share of values with p < 0.05, "
        "which is 5 % of calibrated ones; *contraction*: share of the prior's variance that one "
        f"recording takes away, below 0 where the fit adds some.\n\n{_table(heads, rows)}"
    )


def _stretching(ranks: Ranked) -> str:
    """How much wider intervals must be, from every second person, and what they then hold."""
    from scipy.stats import chi2, t

    columns = {
        kind: [part.start for name, part in _parts() if name.startswith(f"twin_{kind}")]
        for kind in stretches()
    }
    once_more = np.sqrt(1.0 + 1.0 / ranks.n_draws)
    rows = []
    for kind, chosen in columns.items():
        away = (ranks.true - ranks.middle)[:, chosen] / ranks.spread[:, chosen] / once_more
        factor = float(np.sqrt((away[::2] ** 2).mean()))
        limits = [t.ppf((1.0 + level) / 2.0, ranks.n_draws - 1) for level in LEVELS]
        held = [
            f"{(np.abs(away[1::2]) < wide * limit).mean():.0%}"
            for wide in (1.0, stretches()[kind])
            for limit in limits
        ]
        rows.append((kind, str(len(chosen)), f"{factor:.2f}", f"{stretches()[kind]:g}", *held))
    n = len(ranks.true[::2])
    low, high = (np.sqrt(n / chi2.ppf(q, n)) for q in (0.975, 0.025))
    heads = ("columns", "n", "factor", "shipped")
    heads += tuple(f"{level:.0%}{when}" for when in ("", ", stretched") for level in LEVELS)
    return (
        "### Published intervals\nPlausible brains scatter too little around where the truth is. "
        "The root mean square of (truth − mean) / standard deviation in every second person is the "
        "*factor*; published intervals are wider by what is *shipped* in `fitting/priors.toml`. "
        f"The shares that intervals hold are those of the other {len(ranks.true) // 2} people. "
        f"From {n} people a factor is known to {low:.2f} to {high:.2f} times itself; it was tried "
        "on recordings by the model alone, of one length and one atlas, and is used for all. One "
        "factor stands for all networks of a kind.\n\n"
        f"{_table(heads, rows)}"
    )


def _prior_sd() -> np.ndarray:
    here = world()
    scores = np.random.default_rng(SEED).standard_normal((PRIOR_DRAWS, len(here.model)))
    summaries = np.array(list(here.summaries(scores).values()))
    return np.r_[np.ones(len(here.model)), summaries.std(axis=1, ddof=1)]


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


def _published(ranks: Ranked) -> list[str]:
    """Columns whose means over the draws come back."""
    rng = np.random.default_rng(SEED)
    told = {
        name: over_people(ranks.true[:, part], ranks.middle[:, part], rng=rng)
        for name, part in _parts()
        if name.startswith("twin_")
    }
    return [name for name, good in _recovered(told).items() if good]


def _verdict(
    found: Mapping[tuple[str, float], Mapping[str, Agreement | Missing]],
    minutes: float,
    ranks: Ranked | None,
) -> str:
    """What is recovered and what is not, and which columns both kinds of recordings bear out."""
    model = _recovered(found["model", minutes])
    simulator = _recovered(found.get(("simulator", minutes), {}))
    both = [n for n in model if n.startswith("twin_") and model[n] and simulator.get(n)]
    poor = [n for n, good in model.items() if not good]
    text = (
        f"## What follows\nAt {minutes:g} min of recordings by the model, r ≥ {RECOVERED_R:g} for: "
        f"{_listed(n for n, good in model.items() if good)}.\n\n**Not recovered**: "
        f"{_listed(poor)}.\n\nColumns with r ≥ {RECOVERED_R:g} by the model and by the simulator, "
        f"which can be compared between people: {_listed(both)}. The others say what fits, not "
        "what is.\n"
    )
    if ranks is None:
        return text
    text += (
        "\nAs published (means over plausible brains, by the model, "
        f"{len(ranks.ranks)} people) r ≥ {RECOVERED_R:g} for: {_listed(_published(ranks))}.\n"
    )
    p = _summary_p(ranks)
    bad = [f"{n} (p = {v:.3f})" for n, v in p.items() if v < 0.05 / len(p)]
    return text + (
        f"\nOf {len(p)} columns, ranks are not flat, at 5 % over all of them (Bonferroni), for: "
        f"{_listed(bad)}.\n"
    )


def _recovered(told: Mapping[str, Agreement | Missing]) -> dict[str, bool]:
    return {name: isinstance(a, Agreement) and a.recovered for name, a in told.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
