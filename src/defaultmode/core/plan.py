"""What a study set out to test before its data were looked at, as `plan.toml` states it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.core.toml_table import Table, read_toml

CODE = "E435"
PHASES = ("baseline", "acute", "after")
PERMUTATIONS = 2000  # our choice: the standard error of p = .05 is then .005


@dataclass(frozen=True, slots=True)
class Visit:
    """What a session was: the treatment, how its scan stands to it, and how many days after."""

    treatment: str = ""
    phase: str = ""
    days: float | None = None
    period: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan of analysis; everything has a default, so that a study without a plan has one too.

    primary : the claim that is decided without correction for the others
    claims : those that are tested, all where empty; presets : those that decide, all where empty
    covariates : columns of the study that group and treatment effects are adjusted for
    motion : whether framewise displacement, where recorded, is among them
    site : column of the scanner or centre, "" to look for one
    group, patients, controls : the column that holds the groups, and their levels in it
    arm : participant-level column that holds the treatment of a parallel trial
    cohort : cohort_id of published evidence that rests on these same people, who would count twice
    visits : session → what it was; order : columns that hold the first, second … treatment
    scales : construct → the column that measures it, where several do
    others : treatment → folder of a finished study of it, with whose maps this one's are compared
    permutations : of every permutation test; blinded : labels are permuted until the plan is frozen
    """

    primary: str = ""
    claims: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    motion: bool = True
    site: str = ""
    group: str = ""
    patients: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    arm: str = ""
    cohort: str = ""
    visits: Mapping[str, Visit] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    scales: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    permutations: int = PERMUTATIONS
    blinded: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", MappingProxyType(dict(self.scales)))
        object.__setattr__(self, "others", MappingProxyType(dict(self.others)))
        object.__setattr__(self, "visits", MappingProxyType(dict(self.visits)))


def read_plan(path: Path) -> tuple[Plan, dict[str, object]]:
    """The plan of a file, and the settings that stand in it too.

    Raises E101 (no such file) and E435 (not TOML, an unknown key, a value of the wrong kind).
    """
    raw = read_toml(path, code=CODE)
    settings = {key: raw.pop(key) for key in list(raw) if key in Settings.__dataclass_fields__}
    return parse_plan(raw, path.name), settings


def parse_plan(raw: Mapping[str, object], where: str) -> Plan:
    """The plan of a TOML table without its settings; raises E435."""
    with Table(raw, where, code=CODE) as table:
        return Plan(
            primary=table.text("primary", ""),
            claims=table.texts("claims", ()),
            presets=table.texts("presets", ()),
            covariates=table.texts("covariates", ()),
            motion=table.flag("motion", default=True),
            site=table.text("site", ""),
            group=table.text("group", ""),
            patients=table.texts("patients", ()),
            controls=table.texts("controls", ()),
            arm=table.text("arm", ""),
            cohort=table.text("cohort", ""),
            visits=_visits(table.table("visits")),
            order=table.texts("order", ()),
            scales=_texts(table.table("scales")),
            others=_texts(table.table("others")),
            permutations=table.whole("permutations", PERMUTATIONS, low=99),
            blinded=table.flag("blinded", default=False),
        )


def _texts(raw: Table) -> dict[str, str]:
    with raw as table:
        return {name: table.text(name) for name in table.keys}


def _visits(raw: Table) -> dict[str, Visit]:
    with raw as visits:
        return {name: _visit(visits.table(name)) for name in visits.keys}  # not a dict


def _visit(raw: Table) -> Visit:
    with raw as table:
        return Visit(
            treatment=table.text("treatment", ""),
            phase=table.one_of("phase", (*PHASES, ""), ""),
            days=table.number("days") if "days" in table else None,
            period=table.whole("period", 0),
        )


def unknown_column(name: str, where: str) -> DefaultModeError:
    """The error that says that a plan names what the study does not have."""
    return DefaultModeError("E436", f"{where} names {name!r}; the study has none of that name.")
