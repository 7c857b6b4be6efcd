"""The tables of a calibration, as Markdown."""

from collections.abc import Iterator, Mapping
from math import isfinite

from machine import machine

from nulls.judging import ERRORS, coverage_word, loud, rate_word
from nulls.world import ALPHA, Tally, World, monte_carlo_error

WORDS = ("supported", "contradicted", "negligible", "inconclusive", "pipeline-dependent",
         "not testable")  # fmt: skip
WRITTEN = """Written by `python benchmarks/ledger_calibration.py --out docs/calibration.md`; \
nothing here was edited by hand. Every procedure of the ledger was run on data whose truth is \
known: how often it finds what is not there, and how often its 95 % interval holds what is."""
CHANCE = "One world in some 370 that hold falls outside by chance."
INTERVALS = """Bias is the mean estimate less the truth. Cohen's d of one sample and d_z are not \
corrected for small samples, so that they exceed the truth by a known factor; a correlation falls \
short of it. Power is the share of p ≤ .05."""
VERDICTS = """Of one preset, and (both) over two whose values correlate by 0.8: the claimed \
direction is an increase, the smallest effect of interest 0.2, or 0.1 for correlations. Of whole \
ledgers: 70 people in three arms and controls, every claim, every contrast."""
FACTORS = """Their mean under the null is 1 if they are what they say; none exceeds k more often \
than 1/k."""
Worlds = Mapping[str, World]
Tallies = Mapping[str, Tally]


def report(worlds: Worlds, found: Tallies, *, seed: int) -> str:
    """The whole page."""
    parts = [
        _head({key: found[key] for key in worlds}, seed), _loudly(worlds, found),
        _rates(worlds, found), _coverage(worlds, found), _verdicts(worlds, found),
        _bayes(worlds, found),
    ]  # fmt: skip
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def without_effect(world: World) -> bool:
    """Whether what is tested is absent in a world: its rate is one of false positives."""
    return "planted" not in world.name


def _head(found: Tallies, seed: int) -> list[str]:
    total = sum(t.asked for t in found.values())
    cpu_s = sum(t.seconds for t in found.values())
    where = machine("numpy", "scipy", "numba")
    error = monte_carlo_error(ALPHA, 20_000)
    ran = f"{total:,} simulations in {len(found)} worlds, seed {seed}"
    counted = f"Counted is p ≤ {ALPHA:g}. Its Monte Carlo standard error is {error:.2%}"
    rule = f"holding its level, within {ERRORS:g} of them, LIBERAL above, conservative below"
    return [
        "# Calibration",
        WRITTEN,
        "",
        f"{ran}; {cpu_s / 60:.0f} min of processor time on two cores; {where}.",
        "",
        f"{counted} at 20,000 simulations; a rate is called exact, or {rule}. {CHANCE}",
    ]


def _loudly(worlds: Worlds, found: Tallies) -> list[str]:
    lines = ["## What is liberal, or too narrow"]
    for key, world in worlds.items():
        tally = found[key]
        if tally.tested and without_effect(world) and loud(rate_word(world, tally)):
            lines.append(f"- {key}: {tally.rate:.2%}, {rate_word(world, tally)}")
        if tally.spanned and loud(coverage_word(tally)):
            lines.append(f"- {key}: interval holds {tally.coverage:.2%}, "
                         f"{coverage_word(tally)}")  # fmt: skip
    return lines if len(lines) > 1 else [*lines, "Nothing."]


def _rates(worlds: Worlds, found: Tallies) -> list[str]:
    lines = [
        "## Where nothing is there: share of p ≤ .05",
        "| family | world | simulations | rate | its error | promised | what that says |",
        "|---|---|---|---|---|---|---|",
    ]
    for key, world in worlds.items():
        tally = found[key]
        if tally.tested and without_effect(world):
            error = monte_carlo_error(tally.rate, tally.tested)
            lines.append(
                f"| {world.family} | {world.name} | {tally.tested:,} | {tally.rate:.2%} "
                f"| {error:.2%} | {world.nature} | {rate_word(world, tally)} |"
            )
    return lines


def _coverage(worlds: Worlds, found: Tallies) -> list[str]:
    lines = [
        "## 95 % intervals and planted effects",
        INTERVALS,
        "",
        (
            "| family | world | intervals | hold the truth | what that says | truth | bias (error) "
            "| power |"
        ),
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, world in worlds.items():
        tally = found[key]
        if not tally.spanned:
            continue
        power = f"{tally.rate:.1%}" if tally.tested and not without_effect(world) else ""
        bias = tally.mean - world.truth
        shown = f"{bias:+.4f} ({tally.mean_error:.4f})" if isfinite(bias) else ""
        lines.append(
            f"| {world.family} | {world.name} | {tally.spanned:,} | {tally.coverage:.2%} "
            f"| {coverage_word(tally)} | {world.truth:g} | {shown} | {power} |"
        )
    return lines


def _verdicts(worlds: Worlds, found: Tallies) -> list[str]:
    lines = [
        "## Verdicts where nothing is there",
        VERDICTS,
        "",
        f"| contrast | verdicts | {' | '.join(WORDS)} |",
        "|---" * (len(WORDS) + 2) + "|",
    ]
    for key in worlds:
        for name, shares, n in _groups_of_words(found[key].words):
            cells = " | ".join(f"{shares.get(word, 0.0):.2%}" for word in WORDS)
            lines.append(f"| {key}{f': {name}' if name else ''} | {n:,} | {cells} |")
    return lines


def _groups_of_words(words: Mapping[str, int]) -> Iterator[tuple[str, dict[str, float], int]]:
    names = dict.fromkeys(w.rpartition(": ")[0] for w in words)
    for name in names:
        mine = {w.rpartition(": ")[2]: c for w, c in words.items() if w.rpartition(": ")[0] == name}
        total = sum(mine.values())
        yield name, {word: count / total for word, count in mine.items()}, total


def _bayes(worlds: Worlds, found: Tallies) -> list[str]:
    lines = [
        "## Bayes factors where nothing is there",
        FACTORS,
        "",
        "| world | mean factor (error) | above |",
        "|---|---|---|",
    ]
    for key in worlds:
        if key.startswith("Bayes"):
            tally = found[key]
            mean = f"{tally.mean:.3f} ({tally.mean_error:.3f})"
            lines.append(f"| {key} | {mean} | {tally.rate:.2%} |")
    return lines
