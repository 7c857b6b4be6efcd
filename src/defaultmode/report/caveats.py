"""What a reader must know before believing this page: those warnings that apply to it."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from defaultmode.denoising import Preset, all_presets
from defaultmode.report.choosing import ABSENT, atlases, measured
from defaultmode.report.nouns import Page
from defaultmode.report.tables import effects_of

CENSORED = "censored_share"
TISSUE = {"white_matter_components", "csf_components", "tissue_signals", "tissue_expansion"}


@dataclass(frozen=True, slots=True)
class Caveat:
    """One warning and when it applies; see `caveats.toml`."""

    name: str
    sentence: str
    cites: tuple[str, ...] = ()
    always: bool = False
    words: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    atlases: tuple[str, ...] = ()
    when: str = ""


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}


@cache
def all_caveats() -> tuple[Caveat, ...]:
    """Every warning, in the order of its file."""
    raw = tomllib.loads(files(__package__).joinpath("caveats.toml").read_text("utf-8"))
    return tuple(Caveat(name, **_frozen(entry)) for name, entry in raw.items())


def _said(page: Page) -> Iterator[str]:
    """Every name and level that tells what the study is about."""
    yield page.title
    for column in page.study.columns.values():
        if column.role in {"clinical", "design"} or column.name == "session_id":
            yield f"{column.name} {column.sentence}"
            yield from column.levels.values()
            if column.kind == "text":
                yield from page.study.table[column.name].dropna().astype(str).unique()


def _kinds(page: Page) -> set[str]:
    """Kinds of comparison that gave at least one effect."""
    frame = effects_of(page)
    return set() if frame.empty else set(frame.loc[frame["value"].notna(), "kind"].astype(str))


def _sessions(page: Page) -> bool:
    """Whether somebody has two sessions, scanned or only in a clinical table."""
    if "paired" in _kinds(page):
        return True
    table = page.study.table
    if "session_id" not in table:
        return False
    stated = table[~table["session_id"].isin(ABSENT)]
    return bool((stated.groupby("participant_id")["session_id"].nunique() > 1).any())


def _crossed(page: Page) -> bool:
    """Whether two conditions vary within people, such as drug and before or after the dose."""
    frame = effects_of(page)
    if frame.empty:
        return False
    found = frame[frame["value"].notna()]
    within = set(found.loc[found["kind"] == "paired", "factor"].astype(str))
    pairs = found.loc[found["kind"] == "interaction", "factor"].astype(str)
    return any({part.strip() for part in text.split("×")} <= within for text in pairs)


def _presets(page: Page) -> dict[str, Preset]:
    """The presets of this package under which something was measured."""
    ran = {column.denoise for column in page.study.columns.values() if column.measure}
    return {name: preset for name, preset in all_presets().items() if name in ran}


def _alff_censored(page: Page) -> bool:
    """Whether ALFF was measured, and a preset censors frames or frames were censored before."""
    known = measured(page.study)
    if "alff_default_mode" not in known:
        return False
    limits = [p.censoring for p in _presets(page).values()]
    shares = known.get(CENSORED, {}).values()
    return any(c.framewise_displacement_mm or c.std_dvars for c in limits) or any(
        (page.study.table[column.name] > 0).any() for column in shares
    )


def _global_signal_without_tissue(page: Page) -> bool:
    """Whether a measure of the global signal has a value under a preset that removes tissue."""
    presets = _presets(page).items()
    without = {name for name, p in presets if TISSUE & {group.name for group in p.regressors}}
    return any(
        name in without and page.study.table[column.name].notna().any()
        for measure in ("global_signal_variance", "global_signal_amplitude")
        for name, column in measured(page.study).get(measure, {}).items()
    )


def _unverified(page: Page) -> bool:
    return any(not r.verified for atlas in page.atlases for r in atlas.regions)


CONDITIONS: dict[str, Callable[[Page], bool]] = {
    "recordings": lambda page: bool(measured(page.study)),
    "sessions": _sessions,
    "paired": lambda page: "paired" in _kinds(page),
    "crossed": _crossed,
    "groups correlated": lambda page: {"group", "correlation"} <= _kinds(page),
    "ALFF censored": _alff_censored,
    "global signal without tissue": _global_signal_without_tissue,
    "unverified": _unverified,
}


def _applies(caveat: Caveat, page: Page, text: str) -> bool:
    used = {atlas.name for atlas in page.atlases} | set(atlases(page.study))
    return (
        caveat.always
        or any(word in text for word in caveat.words)
        or any(name in measured(page.study) for name in caveat.measures)
        or any(name in used for name in caveat.atlases)
        or (caveat.when != "" and CONDITIONS[caveat.when](page))
    )


def caveats(page: Page) -> tuple[Caveat, ...]:
    """The warnings that apply to this page, in the order of their file."""
    text = " ".join(_said(page)).casefold()
    return tuple(c for c in all_caveats() if _applies(c, page, text))
