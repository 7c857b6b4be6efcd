"""What a study's table allows to be compared, and what it does not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import Column, Study

FEWEST_PARTICIPANTS = 2  # in a level, for it to be a level
MOST_GROUPS, MOST_CONDITIONS = 6, 12
# The first of these words that a level carries, in its name or in its sidecar text, makes
# it the reference. Midazolam stands after placebo: it is the active control of ketamine trials.
REFERENCE_WORDS = (
    "before", "pre", "baseline", "base", "b0", "bl", "t0", "screening", "start", "off", "nodrug",
    "notreatment", "placebo", "pla", "plac", "pbo", "saline", "sal", "vehicle", "veh", "sham",
    "midazolam", "mdz", "waitlist", "tau", "control", "controls", "hc", "nc", "hv", "cn", "ctrl",
    "healthy", "untreated", "rest",
)  # fmt: skip
REFERENCE_BEGINNINGS = ("pre", "bas", "screen")  # predrug, prescan, bas, screen1: after every word
UNKNOWN_REFERENCE = len(REFERENCE_WORDS) + len(REFERENCE_BEGINNINGS)


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that is compared: its column, its levels (the reference first), how fine it is."""

    name: str
    kind: Literal["between", "within"]
    levels: tuple[str, ...]
    level: str = "participant"

    @property
    def reference(self) -> str:
        """The level that the others are compared with."""
        return self.levels[0]


@dataclass(frozen=True, slots=True)
class Design:
    """What can be compared in a study.

    between : factors that differ between participants
    within : factors that vary within participants, coarse to fine
    crossed : pairs of within factors, each of which varies in somebody while the other stays
    numeric : clinical columns that can be correlated
    unsupported : column → why it is not used
    notes : what a reader must know about how the design was read
    """

    between: tuple[Factor, ...] = ()
    within: tuple[Factor, ...] = ()
    crossed: frozenset[frozenset[str]] = frozenset()
    numeric: tuple[str, ...] = ()
    unsupported: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def crossed_with(self, *names: str) -> tuple[Factor, ...]:
        """The other within factors that are crossed with every factor named."""
        return tuple(
            f
            for f in self.within
            if f.name not in names
            and all(frozenset((f.name, name)) in self.crossed for name in names)
        )

    @property
    def baseline(self) -> tuple[Factor, ...]:
        """The within factors whose reference levels, taken together, are the group comparison's."""
        kept: list[Factor] = []
        for factor in self.within:
            if all(frozenset((factor.name, k.name)) in self.crossed for k in kept):
                kept.append(factor)
        return tuple(kept)


def design_of(study: Study, *, reference: Mapping[str, str] | None = None) -> Design:
    """Read the design off the table: factors, their levels and reference, numeric columns.

    reference : column → level to compare the others with, where the word list and the alphabet
        would choose another. Raises E410 for a factor or level that the design does not have.
    """
    wanted = dict(reference or {})
    unsupported: dict[str, str] = {}
    notes: list[str] = []
    between = _between(study, unsupported, notes)
    within = _within(study, unsupported, notes)
    _check_reference(wanted, [*between, *within])
    between, within = (
        [_ordered(f, wanted.get(f.name, ""), study, notes) for f in found]
        for found in (between, within)
    )
    crossed = _crossings(study, within)
    notes += [
        f"{a.name} and {b.name} are not crossed within participants: no interaction of the two, "
        "and each is compared over the other as it comes."
        for a, b in combinations(within, 2)
        if frozenset((a.name, b.name)) not in crossed
    ]
    return Design(
        between=tuple(between),
        within=tuple(within),
        crossed=crossed,
        numeric=_numeric(study, unsupported),
        unsupported=tuple(unsupported.items()),
        notes=tuple(notes),
    )


def text(study: Study, name: str) -> NDArray[np.object_]:
    """A text column as an object array, "" where the table says nothing; shape (n_rows,)."""
    values = study.table[name].astype(object)
    known = values.where(values.notna(), "").astype(str).str.strip()
    return np.asarray(known.where(known != "n/a", ""), dtype=object)


def natural(level: str) -> tuple[tuple[int, float, str], ...]:
    """Sort key that puts ses-2 before ses-10."""
    parts = re.split(r"(\d+)", level.lower())
    return (*((0, float(p), "") if p.isdecimal() else (1, 0.0, p) for p in parts), (2, 0.0, level))


def _rank(level: str, described: str = "") -> int:
    """How likely a level is the reference, by its name and by what the sidecar says of it."""
    bare = level.lower().removeprefix("ses-")
    words = re.split(r"[^a-z0-9]+", f"{bare} {described.lower()}")
    pairs = ("".join(pair) for pair in pairwise(words))  # no treatment, no-drug
    known = {*words, *pairs}
    for i, word in enumerate(REFERENCE_WORDS):
        if word in known:
            return i
    for i, beginning in enumerate(REFERENCE_BEGINNINGS, start=len(REFERENCE_WORDS)):
        if any(word.startswith(beginning) for word in words):
            return i
    return UNKNOWN_REFERENCE


def _ordered(factor: Factor, wanted: str, study: Study, notes: list[str]) -> Factor:
    """The factor with its reference first; a reference that had to be guessed goes to the notes."""
    by_name = sorted(factor.levels, key=natural)
    described = study.columns[factor.name].levels
    ranks = {level: _rank(level, described.get(level, "")) for level in by_name}
    first = wanted or min(by_name, key=lambda level: ranks[level])
    if not wanted and ranks[first] == UNKNOWN_REFERENCE:
        notes.append(
            f"{factor.name}: no level is known as a reference, so the first by name, {first}, was "
            "taken; set another in the plan under [reference]."
        )
    levels = (first, *(level for level in by_name if level != first))
    return Factor(factor.name, factor.kind, levels, factor.level)


def _check_reference(wanted: Mapping[str, str], factors: list[Factor]) -> None:
    levels = {f.name: f.levels for f in factors}
    for name, level in wanted.items():
        if name not in levels:
            msg = f"the design has no factor {name!r}; it has {sorted(levels)}."
            raise DefaultModeError("E410", msg)
        if level not in levels[name]:
            msg = f"factor {name!r} has no level {level!r}; it has {sorted(levels[name])}."
            raise DefaultModeError("E410", msg)


def _holders(study: Study, name: str) -> pd.DataFrame:
    pairs = pd.DataFrame({"who": text(study, "participant_id"), "level": text(study, name)})
    return pairs[pairs["level"] != ""].drop_duplicates()


def _shared_levels(holders: pd.DataFrame) -> tuple[list[str], list[str]]:
    counts = holders["level"].value_counts()
    kept = [str(level) for level in counts.index if counts[level] >= FEWEST_PARTICIPANTS]
    return sorted(kept, key=natural), sorted(set(counts.index) - set(kept), key=natural)


def _between(study: Study, unsupported: dict[str, str], notes: list[str]) -> list[Factor]:
    found: list[Factor] = []
    for column in study.named(kind="text"):
        holders = _holders(study, column.name)
        constant = not holders["who"].duplicated().any()
        if column.role == "key" or not (column.level == "participant" or _is_arm(column, constant)):
            continue
        kept, rare = _shared_levels(holders)
        if not constant:
            unsupported[column.name] = "it is said to be one per participant and is not"
        elif len(kept) < 2:
            unsupported[column.name] = (
                f"fewer than two levels with {FEWEST_PARTICIPANTS} participants"
            )
        elif len(kept) > MOST_GROUPS:
            unsupported[column.name] = f"{len(kept)} levels; at most {MOST_GROUPS} are compared"
        elif twin := _twin(study, column.name, found, blanks_count=False):
            unsupported[column.name] = f"it divides the participants exactly as {twin} does"
        else:
            found.append(Factor(column.name, "between", tuple(kept)))
            notes += _about_levels(study, column.name, rare)
    return found


def _is_arm(column: Column, constant: bool) -> bool:
    # A parallel arm is written in sessions.tsv too, where it never changes.
    return column.role == "design" and constant


def _about_levels(study: Study, name: str, rare: list[str]) -> Iterable[str]:
    who, level = text(study, "participant_id"), text(study, name)
    unknown = len(set(who) - set(who[level != ""]))
    if unknown:
        yield f"{name}: participants without a level, left out of its comparisons: {unknown}."
    if rare:
        listed = ", ".join(rare)
        yield f"{name}: levels of fewer than {FEWEST_PARTICIPANTS} participants left out: {listed}."


def _within(study: Study, unsupported: dict[str, str], notes: list[str]) -> list[Factor]:
    found: list[Factor] = []
    for name, level in _candidates(study, unsupported):
        holders = _holders(study, name)
        kept, rare = _shared_levels(holders)
        several = holders["level"].nunique() > 1
        if several and not holders[holders["level"].isin(kept)]["who"].duplicated().any():
            unsupported[name] = "no two of its levels are shared by several participants"
        elif len(kept) > MOST_CONDITIONS:
            unsupported[name] = f"{len(kept)} levels; at most {MOST_CONDITIONS} are compared"
        elif several and (twin := _twin(study, name, found, blanks_count=True)):
            notes.append(
                f"{twin} and {name} name the same thing one to one: {name} is not tested again."
            )
        elif several:
            found.append(Factor(name, "within", tuple(kept), level))
            notes += _about_levels(study, name, rare)
    return sorted(found, key=lambda f: f.level == "run")


def _candidates(study: Study, unsupported: dict[str, str]) -> Iterable[tuple[str, str]]:
    texts = [c for c in study.named(kind="text") if c.level != "participant" and c.role != "key"]
    for column in texts:
        if not _holders(study, column.name)["who"].duplicated().any():
            continue  # it never changes: a parallel arm, or no factor at all
        if column.role == "design":
            yield column.name, column.level
        else:
            unsupported[column.name] = (
                "it varies within participants and is not a condition of the experiment"
            )
    for key, level in (("session_id", "session"), ("task_id", "run")):
        if key in study.columns:
            yield key, level


def _twin(study: Study, name: str, found: list[Factor], *, blanks_count: bool) -> str:
    """The factor found before that this column names one to one.

    blanks_count : a level that only one of the two states makes them different (a baseline session
        without a drug), or rows that lack either are passed over (a drop-out's second infusion).
    """
    mine = text(study, name)
    for factor in found:
        pairs = set(zip(text(study, factor.name), mine, strict=True)) - {("", "")}
        stated = {pair for pair in pairs if "" not in pair}
        if blanks_count and stated != pairs:
            continue
        if 1 < len(stated) == len({a for a, _ in stated}) == len({b for _, b in stated}):
            return factor.name
    return ""


def _crossings(study: Study, within: list[Factor]) -> frozenset[frozenset[str]]:
    who = pd.factorize(text(study, "participant_id"))[0]
    pairs = set()
    for a, b in combinations(within, 2):
        seen = np.zeros((who.max(initial=-1) + 1, len(a.levels), len(b.levels)), dtype=np.intp)
        i, j = codes(text(study, a.name), a.levels), codes(text(study, b.name), b.levels)
        known = (i >= 0) & (j >= 0)
        seen[who[known], i[known], j[known]] = 1
        if (seen.sum(axis=1) >= 2).any() and (seen.sum(axis=2) >= 2).any():
            pairs.add(frozenset((a.name, b.name)))
    return frozenset(pairs)


def codes(values: NDArray[np.object_], levels: tuple[str, ...]) -> NDArray[np.intp]:
    """Position of each value among the levels, −1 where it is none of them; shape (n_rows,)."""
    place = {level: i for i, level in enumerate(levels)}
    return np.array([place.get(v, -1) for v in values], dtype=np.intp)


def _numeric(study: Study, unsupported: dict[str, str]) -> tuple[str, ...]:
    usable = []
    for column in study.named(role="clinical", kind="number"):
        if study.table[column.name].nunique() > 1:
            usable.append(column.name)
        else:
            unsupported[column.name] = "it does not vary"
    return tuple(usable)
