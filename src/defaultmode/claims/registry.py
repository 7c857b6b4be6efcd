"""Reading claims: one TOML file each, checked key by key."""

from collections.abc import Mapping
from functools import cache
from math import nan
from typing import get_args

from defaultmode.claims.claim import (
    DIRECTIONS,
    PARTS,
    PHASES,
    RULES,
    STANCES,
    Claim,
    Contrast,
    Evidence,
    Statistic,
    Test,
)
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.toml_table import Table, packaged, parse_toml

CODE = "E415"
FOLDER = "defaultmode.claims.ledger"
CONTRASTS: tuple[str, ...] = get_args(Contrast)
STATISTICS: tuple[str, ...] = get_args(Statistic)


@cache
def all_claims() -> Mapping[str, Claim]:
    """Every claim by its id, in the order of the account."""
    read = (parse_claim(text, f"{name}.toml") for name, text in packaged(FOLDER).items())
    return {claim.id: claim for claim in sorted(read, key=lambda claim: claim.order)}


def find_claim(name: str) -> Claim:
    """The claim of this id, upper or lower case; raises E410."""
    claims = all_claims()
    if name.upper() not in claims:
        msg = f"there is no claim {name!r}; there are {', '.join(claims)}."
        raise DefaultModeError("E410", msg)
    return claims[name.upper()]


def parse_claim(text: str, where: str) -> Claim:
    """A claim from the text of its file; raises E415 for a key that is unknown, absent or wrong."""
    with Table(parse_toml(text, where, code=CODE), where, code=CODE) as table:
        claim = Claim(
            id=_claim_id(table),
            title=table.text("title"),
            sentence=table.text("sentence"),
            part=table.one_of("part", PARTS),
            rule=table.one_of("rule", RULES, "first"),
            falsifiable=table.flag("falsifiable"),
            proxy=table.text("proxy", ""),
            keeps_global_signal=table.flag("keeps_global_signal", default=False),
            needs=table.text("needs"),
            aims=table.text("aims", ""),
            caveats=table.texts("caveats"),
            tests=tuple(_test(one) for one in table.tables("test")),
            evidence=tuple(_evidence(one) for one in table.tables("evidence")),
        )
    _check(claim, where)
    return claim


def _claim_id(table: Table) -> str:
    name = table.text("id")
    if not (name.startswith("C") and name[1:].isdecimal()):
        raise table.refuse("id", "a C and a number, such as C19")
    return name


def _test(raw: Table) -> Test:
    with raw as table:
        kinds = ("measure", "construct")
        return Test(
            name=table.text("name"),
            sentence=table.text("sentence"),
            outcome=table.text("outcome"),
            of=table.one_of("of", kinds, "measure"),  # type: ignore[arg-type]  # one of the kinds
            contrast=table.one_of("contrast", CONTRASTS),  # type: ignore[arg-type]  # checked here
            direction=table.one_of("direction", DIRECTIONS),  # type: ignore[arg-type]  # and here
            smallest=table.number("smallest", low=0.0),
            prior_sd=table.number("prior_sd", low=0.0),
            why_smallest=table.text("why_smallest"),
            treatment=table.text("treatment", ""),
            reference=table.text("reference", ""),
            phase=table.one_of("phase", (*PHASES, ""), ""),
            partner=table.text("partner", ""),
            partner_of=table.one_of("partner_of", kinds, "construct"),  # type: ignore[arg-type]  # and here
            partner_phase=table.one_of("partner_phase", (*PHASES, ""), ""),
            group=table.one_of("group", ("patients", "controls", "responders", ""), ""),
            path=table.one_of("path", (*DIRECTIONS, ""), ""),
            log=table.flag("log", default=False),
            null=table.number("null", 0.0),
        )


def _evidence(raw: Table) -> Evidence:
    with raw as table:
        return Evidence(
            cite=table.text("cite"),
            cohort_id=table.text("cohort_id"),
            stance=table.one_of("stance", STANCES),  # type: ignore[arg-type]  # one of the stances
            finding=table.text("finding"),
            source=table.text("source"),
            test=table.text("test", ""),
            statistic=table.one_of("statistic", STATISTICS, "other"),  # type: ignore[arg-type]  # and here
            value=table.number("value") if "value" in table else nan,
            ci_low=table.number("ci_low") if "ci_low" in table else nan,
            ci_high=table.number("ci_high") if "ci_high" in table else nan,
            n=table.whole("n", 0),
            n_reference=table.whole("n_reference", 0),
            meta_analysis=table.flag("meta_analysis", default=False),
            i2=table.number("i2", low=0.0) if "i2" in table else nan,
            verified=table.flag("verified"),
            note=table.text("note", ""),
        )


def _check(claim: Claim, where: str) -> None:
    """What no single key can tell; raises E415."""
    names = [test.name for test in claim.tests]
    problems = [
        (not names, "it has no [[test]]"),
        (len(set(names)) < len(names), "two of its tests have the same name"),
        (not claim.falsifiable and not claim.proxy, "it cannot fail as worded and names no proxy"),
        (not claim.evidence, "it has no [[evidence]]"),
        (any(row.i2 > 1 for row in claim.evidence), "i2 is a share, from 0 to 1"),
        *(
            (bool(row.test) and row.test not in names, f"evidence names the test {row.test!r}")
            for row in claim.evidence
        ),
    ]
    for wrong, said in problems:
        if wrong:
            raise DefaultModeError(CODE, f"{where}: {said}.")
