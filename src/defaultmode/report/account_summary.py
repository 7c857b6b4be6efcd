"""The account in numbers, as plain sentences: evidence, simulator and the study's own data."""

from collections import Counter
from collections.abc import Iterator, Sequence

from defaultmode.report.account_own import Own
from defaultmode.report.account_told import Told
from defaultmode.report.writing import counted


def summary(told: Sequence[Told], own: Own | None = None) -> list[str]:
    """What stands at the top of the page."""
    return [*_published(told), _simulated(told), *([_found(told, own)] if own else ())]


def _published(told: Sequence[Told]) -> Iterator[str]:
    words = Counter(one.balance.word for one in told)
    yield (
        f"Of {len(told)} sentences, {words['unopposed']} have published findings for them and none "
        f"against. Behind {words['more for']} stand more groups of people for than against or "
        f"without effect; behind {words['divided']}, as many; behind {words['more against']}, "
        f"fewer. {words['unsupported'] + words['open']} have no finding for them at all."
    )
    others = sum(one.read.word != one.balance.word for one in told)
    claims = {claim.id: claim for one in told for claim in one.claims}
    rows = [row for claim in claims.values() for row in claim.evidence]
    sizes = [row.n + row.n_reference for row in rows if row.n]
    unread = sum(not row.verified for row in rows)
    yield (
        f"These are counts, not votes. The {len(rows)} findings come from as few as {min(sizes)} "
        f"people and as many as {max(sizes):,}; some are of the very quantity and some of one near "
        f"it. Open a sentence before you count it: {unread} were not read in their source, and if "
        f"only those that were read counted, {others} of the {len(told)} words would be others."
    )


def _simulated(told: Sequence[Told]) -> str:
    words = Counter(one.model for one in told)
    asked = sum(bool(one.says) for one in told)
    hold = [one for one in told if one.model == "holds"]
    emergent = sum(any(s.label == "emergent" for s in one.says) for one in hold)
    hypothetical = sum(
        all(score.hypothetical for s in one.says for score in s.scores) for one in hold
    )
    return (
        f"The simulator was asked {asked} of them: {words['holds']} hold in it throughout, "
        f"{words['in part']} in part, {words['fails']} not at all, {words['undecided']} are "
        f"undecided. Of the {len(hold)} that hold, {emergent} rest on anything that was not built "
        f"in or calibrated, and {hypothetical} on hypothetical mechanisms alone. Model output is "
        "not evidence of effect in people."
    )


def _found(told: Sequence[Told], own: Own) -> str:
    tested = [one for one in told if one.words]
    found = Counter(word for one in tested for word in one.words)
    said = ", ".join(f"{n} {word}" for word, n in found.items())
    start = f"Your study ({own.stamp}) could test {counted(len(tested), 'sentence')}"
    return f"{start}: {said}." if said else f"{start}: it has not what the claims are about."
