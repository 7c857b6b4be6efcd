"""What `power` prints: how many people, what they find, and what the numbers rest on."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from defaultmode.pipeline.power_settings import PowerSettings

if TYPE_CHECKING:
    from defaultmode.claims import Claim, Test
    from defaultmode.pipeline.power_mediation import MediationReport
    from defaultmode.pipeline.power_planning import Planned, PowerReport

HONESTY = (
    "These numbers rest on the effect and the reliability that are named, on normal data and on "
    "people who drop out by chance; published effects are often too large, and the power with them."
)
ENTERED = {
    "published": "Published effects and the claim's prior are on the observed scale: they contain "
    "the unreliability of the measure already, and are not attenuated again.",
    "observed": "The effect was entered as observed: its power does not depend on the reliability.",
    "sd": "The effect was entered in standard deviations of one session, as observed.",
    "true": "The effect was entered free of measurement error and attenuated by the reliability.",
}
OF_CHANGES = (
    "The reliability is that of one session; a change between two is less reliable than either."
)
ROW = "{:<28}{:>10}{:>11}{:>11}{:>11}{:>11}{:>7}"
ODDS = "{:<28}{:>11}{:>14}{:>12}{:>14}"


def power_lines(report: "PowerReport") -> Iterator[str]:
    """The report as text, line by line."""
    yield report.title
    yield (
        f"{report.comparison}: {report.statistic}, two-sided alpha {report.alpha:.3g}; n counts "
        f"{report.counted}"
    )
    yield from ("", *_table(report), "", *_odds(report), "", *_findings(report))
    yield from ("", *report.notes, HONESTY)


def mediation_lines(report: "MediationReport") -> Iterator[str]:
    """The report of a mediated effect as text, line by line."""
    a, b = report.paths
    yield report.title
    yield f"mediation: paths {a:g} and {b:g}, standardised; both tested at alpha {report.alpha:.3g}"
    yield ""
    for target, n in report.needed.items():
        yield f"power {target}: {_people(n)} complete, {_people(report.enrol[target])} enrolled"
    yield (
        f"with {report.n} people enrolled and {report.n_complete} complete: power "
        f"{report.power:.2f} (simulated, standard error {report.error:.3f})"
    )
    yield from ("", *report.notes, HONESTY)


def _table(report: "PowerReport") -> Iterator[str]:
    targets = list(report.planned[0].needed)
    shown = targets[:2]
    heads = [f"n for {t}" for t in shown] + [f"enrol {t}" for t in shown]
    heads += [""] * (4 - len(heads))
    yield ROW.format("if the true effect is", "observed", *heads, "power")
    for row in report.planned:
        people = [_people(row.needed[t]) for t in shown] + [_people(row.enrol[t]) for t in shown]
        people += [""] * (4 - len(people))
        yield ROW.format(row.name, f"{row.effect:.3f}", *people, f"{row.power:.2f}")


def _people(n: int | None) -> str:
    return "-" if n is None else str(n)


def _odds(report: "PowerReport") -> Iterator[str]:
    yield f"verdicts with {report.n} enrolled, {report.n_complete} complete ({report.counted}):"
    yield ODDS.format("", "supported", "contradicted", "negligible", "inconclusive")
    for row in report.planned:
        o = row.odds
        values = (o.supported, o.contradicted, o.negligible, o.inconclusive)
        yield ODDS.format(row.name, *(f"{v:.2f}" for v in values))


def _findings(report: "PowerReport") -> Iterator[str]:
    first = next(iter(report.planned[0].needed))
    yield (
        f"smallest detectable effect (power {first}): {report.statistic} {report.detectable:.3f} "
        "as observed"
    )
    if report.assurance is None:
        yield "assurance: not known, as nothing says how uncertain the effect is (--effect-sd)"
    else:
        yield f"assurance: {report.assurance:.2f}, the power averaged over {report.belief}"
    yield (
        f"equivalence: an absent effect is shown to be within ±{report.smallest:g} with "
        f"probability {report.equivalence:.2f}"
    )
    if report.reliability is not None and report.detectable_change_sd is not None:
        yield f"reliability {report.reliability.icc:.2f}: {report.reliability.source}"
        yield (
            "smallest change of one person beyond the error of two sessions: "
            f"{report.detectable_change_sd:.2f} standard deviations"
        )
        yield _without_error(report.planned[0], report.statistic)
    for criterion, n in report.model.items():
        yield f"a prediction model needs {n} people for a {criterion} (Riley et al. 2019)"


def _without_error(row: "Planned", statistic: str) -> str:
    scale = "standard deviations" if statistic in ("Hedges g", "d", "d_z") else statistic
    return (
        f"attenuation: {row.effect:.3f} as observed is {row.without_error:.3f} {scale} without "
        "measurement error"
    )


def title_of(claim: "Claim | None", test: "Test | None") -> str:
    """What is planned, in words."""
    if claim is None or test is None:
        return "A study of a comparison"
    return f"{claim.id} {claim.title}, test {test.name}: {test.sentence}"


def notes_of(settings: PowerSettings, test: "Test | None", expectation: float) -> tuple[str, ...]:
    """What a reader must know of how effects were entered; expectation : share subtracted."""
    entered = settings.effect_in if settings.effect is not None else "published"
    said = [ENTERED[entered]]
    if test is not None and "change" in test.contrast:
        said.append(OF_CHANGES)
    if expectation:
        said.append(f"{100 * expectation:g} % of the effect, expectation, was subtracted.")
    elif settings.unblinding:
        said.append("No expectation was subtracted: it is said of ratings, not of this outcome.")
    if settings.attempts > 1:
        said.append(f"{settings.attempts} tests share alpha {settings.alpha:g} (Bonferroni).")
    return tuple(said)
