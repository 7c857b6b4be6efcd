"""`plan`: freeze a plan of analysis, and hold a study against it."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path

from defaultmode import __version__
from defaultmode.claims import find_claim
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.frozen import Frozen, content_of, frozen_path, hash_of, read_frozen
from defaultmode.core.plan import Plan, read_plan
from defaultmode.core.settings import Settings
from defaultmode.pipeline.folder import Folder
from defaultmode.running import write_text

CHANGED = "E441"
CLAIMS = "defaultmode.claims.ledger"
CONFIRMATORY, EXPLORATORY, BLINDED = "confirmatory", "exploratory", "blinded"
NO_PLAN = "no plan was frozen before"
NOT_IN_PLAN = {"out", "source", "bids_dirs", "tables", "nprocs", "mem_mb"}  # places and machines


@dataclass(frozen=True, slots=True)
class Standing:
    """How a study stands to its plan: confirmatory, exploratory or blinded, and why."""

    word: str
    departures: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The stamp in words."""
        if self.word == BLINDED:
            return (
                "BLINDED: labels are permuted until the plan is frozen; nothing here that rests on "
                "a group, a condition or a rating is real."
            )
        if self.word == CONFIRMATORY:
            return "Confirmatory: everything was done as the frozen plan says."
        return f"Exploratory: {'; '.join(self.departures)}."


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A plan, the settings that stand in it, and the record of its freeze."""

    plan: Plan = field(default_factory=Plan)
    settings: Mapping[str, object] = field(default_factory=dict)
    frozen: Frozen | None = None


def freeze(path: Path, *, again: bool = False) -> Frozen:
    """Write the record of a plan beside it, and return it.

    again : freeze a plan that was frozen before and has changed since; the earlier hash is kept.
    Raises E101, E435, E410 for a claim that is not there, E441 where the plan changed since.
    """
    plan, settings = read_plan(path)
    for name in (plan.primary, *plan.claims):
        if name:
            find_claim(name)
    Settings(**settings)  # type: ignore[arg-type]  # checked at its door
    content = content_of(plan, settings)
    earlier = read_frozen(path)
    if earlier is not None and earlier.sha256 == hash_of(content):
        return earlier
    if earlier is not None and not again:
        said = "; ".join(differences(earlier.content, content))
        raise DefaultModeError(CHANGED, f"{path.name} was frozen on {earlier.date}: {said}.")
    before = (*earlier.before, f"{earlier.sha256} {earlier.date}") if earlier else ()
    record = Frozen(content, hash_of(content), claims_hash(), __version__, now(), before)
    write_text(frozen_path(path), json.dumps(asdict(record), indent=2) + "\n")
    return record


def standing(planned: Planned, settings: Settings) -> Standing:
    """Whether a study with these settings is what its frozen plan says."""
    if planned.frozen is None:
        return Standing(BLINDED if planned.plan.blinded else EXPLORATORY, (NO_PLAN,))
    departures = list(_departures(planned, planned.frozen, settings))
    return Standing(EXPLORATORY if departures else CONFIRMATORY, tuple(departures))


def differences(frozen: Mapping[str, object], now_: Mapping[str, object]) -> Iterator[str]:
    """What a plan says otherwise than it did, key by key."""
    for part in ("plan", "settings"):
        was, is_ = (dict(c.get(part, {})) for c in (frozen, now_))  # type: ignore[call-overload]  # JSON objects
        yield from _changed(was, is_, "")


def _changed(was: Mapping[str, object], is_: Mapping[str, object], where: str) -> Iterator[str]:
    """The keys that differ, those of a table inside by their whole name."""
    for key in sorted({*was, *is_}):
        before, after = was.get(key), is_.get(key)
        name = f"{where}{key}"
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _changed(before, after, f"{name}.")
        elif before != after:
            yield f"{name} was {_said(before)} and is {_said(after)}"


def claims_hash() -> str:
    """SHA-256 over the files of all claims, so that a changed test shows."""
    found = sorted((f.name, f.read_bytes()) for f in files(CLAIMS).iterdir() if f.is_file())
    texts = [(name, text) for name, text in found if name.endswith(".toml")]
    return hashlib.sha256(b"".join(n.encode() + t for n, t in texts)).hexdigest()


def now() -> str:
    """Time of day, ISO 8601 with its offset."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _departures(planned: Planned, frozen: Frozen, settings: Settings) -> Iterator[str]:
    yield from differences(frozen.content, content_of(planned.plan, planned.settings))
    kept = json.loads(json.dumps({n: getattr(settings, n) for n in planned.settings}))
    wanted = dict(frozen.content.get("settings", {}))  # type: ignore[call-overload]  # a JSON object
    for name, value in kept.items():
        if name not in NOT_IN_PLAN and name in wanted and wanted[name] != value:
            yield f"{name} was planned as {_said(wanted[name])} and is {_said(value)}"
    if frozen.claims != claims_hash():
        yield f"the claims changed since the plan was frozen (version {frozen.version})"
    if frozen.before:
        yield f"the plan was frozen {len(frozen.before) + 1} times"
    first = first_look(Folder(Path(settings.out)))
    if first and first < frozen.date:
        yield f"the study was looked at on {first}, before the plan was frozen on {frozen.date}"


def first_look(folder: Folder) -> str:
    """When the study was first made with its true labels, "" where it never was."""
    looks = [*folder.events("studied"), *folder.events("compared edges")]
    return min((look["time"] for look in looks if not look.get("blinded")), default="")


def plan_lines(plan: Plan, settings: Mapping[str, object], frozen: Frozen | None) -> list[str]:
    """A plan and its freeze, as the command line prints them."""
    content = content_of(plan, settings)
    stated = [
        f"  {key} = {json.dumps(value)}"
        for part in content.values()
        if isinstance(part, dict)
        for key, value in part.items()
        if value not in ("", [], {}, None)
    ]
    if frozen is None:
        return ["the plan states", *stated, "It is not frozen: `defaultmode plan freeze PLAN`."]
    changed = [f"  {text}" for text in differences(frozen.content, content)]
    lines = ["the plan states", *stated, f"frozen on {frozen.date}, SHA-256 {frozen.sha256}"]
    return lines + (["It says something else since:", *changed] if changed else [])


def _said(value: object) -> str:
    return "not stated" if value in (None, "", [], {}) else json.dumps(value)
