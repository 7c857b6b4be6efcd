"""A frozen plan: what it said and when, so that a later study can be held against it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import Plan, read_plan

BROKEN = "E440"
ENDING = ".frozen.json"


@dataclass(frozen=True, slots=True)
class Frozen:
    """The record of a freeze.

    content : every value of the plan and of the settings in it; sha256 : hash of the content
    claims : hash of every claim's file, as the tests that were frozen; version : of the package
    date : ISO 8601 with the offset from UTC; before : hashes of what was frozen earlier
    """

    content: Mapping[str, object]
    sha256: str
    claims: str
    version: str
    date: str
    before: tuple[str, ...] = field(default=())


def frozen_path(plan: Path) -> Path:
    """Where the record of a plan lies: beside it."""
    return plan.with_name(plan.name.removesuffix(".toml") + ENDING)


def content_of(plan: Plan, settings: Mapping[str, object]) -> dict[str, object]:
    """Everything that a plan states, as JSON can hold it."""
    plain = {name: getattr(plan, name) for name in Plan.__dataclass_fields__}
    del plain["blinded"]  # it ends with the freeze and changes no number
    plain["visits"] = {name: asdict(visit) for name, visit in plan.visits.items()}
    plain |= {"scales": dict(plan.scales), "others": dict(plan.others)}
    whole = {"plan": plain, "settings": dict(settings)}
    return dict(json.loads(json.dumps(whole, sort_keys=True)))


def hash_of(content: Mapping[str, object]) -> str:
    """SHA-256 of a content, the same for the same values in any order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_frozen(plan: Path) -> Frozen | None:
    """The record beside a plan, None where there is none; raises E440 for a damaged one."""
    path = frozen_path(plan)
    if not path.is_file():
        return None
    try:
        raw = json.loads(path.read_text("utf-8"))
        found = Frozen(**{**raw, "before": tuple(raw["before"])})
    except (ValueError, TypeError, KeyError) as problem:
        raise DefaultModeError(BROKEN, f"{path.name} cannot be read: {problem}.") from problem
    if hash_of(found.content) != found.sha256:
        raise DefaultModeError(BROKEN, f"{path.name}: its content is not what its hash says.")
    return found


def read_planned(path: Path) -> tuple[Plan, dict[str, object], Frozen | None]:
    """A plan, the settings in it, and the record of its freeze; raises E101, E435, E440."""
    plan, settings = read_plan(path)
    return plan, settings, read_frozen(path)
