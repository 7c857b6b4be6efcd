"""What a rate over many simulations says of a procedure, in plain words."""

from scipy.stats import binom

from nulls.world import ALPHA, Tally, World, monte_carlo_error

ERRORS = 3.0  # Monte Carlo standard errors within which a rate is the promised one
RARE = 0.002  # and, where simulations are too few for a normal law, by the binomial one


def rate_word(world: World, tally: Tally) -> str:
    """Of the rate of rejection without an effect."""
    limit = world.limit
    error = monte_carlo_error(limit, tally.tested)
    excess = tally.rate - limit
    rare = binom.sf(tally.rejected - 1, tally.tested, limit) < RARE
    if excess > ERRORS * error and rare:
        return f"**LIBERAL** by {excess:.2%}"
    if world.nature == "bound":
        return f"below the bound of {limit:.0%}"
    if excess >= -ERRORS * error:
        return "exact" if world.nature == "exact" else "holds its level"
    by = f"conservative by {-excess:.2%}"
    return by if world.nature != "exact" else f"**{by}**, where exactness was promised"


def coverage_word(tally: Tally) -> str:
    """Of the share of 95 % intervals that hold the truth."""
    missed = 1 - tally.coverage - ALPHA
    error = monte_carlo_error(ALPHA, tally.spanned)
    rare = binom.sf(tally.spanned - tally.covered - 1, tally.spanned, ALPHA) < RARE
    if missed > ERRORS * error and rare:
        return f"**TOO NARROW**: {missed:.2%} more misses than 5 %"
    return "holds" if missed >= -ERRORS * error else f"wide: {-missed:.2%} fewer misses than 5 %"


def loud(word: str) -> bool:
    """Whether a word must be read by whoever trusts the procedure."""
    return word.startswith(("**LIBERAL", "**TOO"))
