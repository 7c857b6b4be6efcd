"""What trying something on twins leaves behind: tables, and a data set like a real one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from defaultmode import __version__
from defaultmode.core.atlas import Atlas
from defaultmode.core.recording import Array, Entities
from defaultmode.outputs.virtual import (
    AMPLITUDE,
    Sheet,
    VirtualDataset,
    VirtualScan,
    dataset_texts,
    entry,
    scan_texts,
)
from defaultmode.pipeline.twin_agreement import Agreement
from defaultmode.pipeline.twin_change import Change
from defaultmode.pipeline.twin_cohort import CohortChange
from defaultmode.pipeline.twin_finding import FoundTwin
from defaultmode.pipeline.virtual_tables import Columns
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.twin_exposure import acts_evenly, highest_studied_level, hypothetical
from defaultmode.simulation.twin_protocol import TwinCondition, TwinProtocol

CAUTION = "Mechanism only: not evidence of effect, and not for decisions about a person."
LEARNT = (
    "1 less the variance over plausible brains divided by that under the prior alone, taken around "
    "the fit in proportion; at 0 or below the interval is the prior's, not the recording's"
)
MARK = (
    "calibrated: the drug's parameters were chosen to give this direction in the group's brain; "
    "built in: the wiring forces it; emergent: neither; not stated: no statement of the scoreboard"
)
AGAIN = "These are simulations of twins of real people, whose files are needed to make them again."
SIGN = "Share of plausible brains whose change has the same sign"


@dataclass(frozen=True, slots=True, eq=False)
class TriedTwin:
    """A twin, what the linear model says of it, and what its simulation shows, if it was simulated.

    scans : condition → (n_time, n_regions) percent signal change as a scanner shows it
    """

    found: FoundTwin
    atlas: Atlas
    changes: tuple[Change, ...]
    agreements: tuple[Agreement, ...] = ()
    scans: Mapping[str, Array] | None = None


def condition_sentence(condition: TwinCondition, maps: Iterable[str]) -> str:
    """What acts in a condition, at which level, and what of it is not borne out by a source.

    maps : names of the maps that are there
    """
    said = []
    for exposure in condition.exposures:
        highest = highest_studied_level(exposure.drug)
        drug = find_drug(exposure.drug)
        what = drug.saturation.sentence.rstrip(".") if drug.saturation else "no level"
        said.append(
            f"{exposure.drug} ({exposure.mechanism}) at {exposure.share:g} of the highest level "
            f"studied, {exposure.share * highest:.2f} of 1 ({what})"
        )
    said += [f"{s.current_na:+g} nA into {s.where}" for s in condition.stimulations]
    doubts = [
        f"HYPOTHETICAL, with no source: {text.rstrip('.')}" for text in hypothetical(condition)
    ]
    even = acts_evenly(condition, dict.fromkeys(maps, 0.0))
    doubts += [f"there is no map {name!r} for this atlas: acts everywhere alike" for name in even]
    return f"{condition.name}: {' and '.join(said)}" + "".join(f"; {doubt}" for doubt in doubts)


def sheets_of(tried: Sequence[TriedTwin], cohort: Sequence[CohortChange]) -> dict[str, Sheet]:
    """Every table by its name; those of scans and of people only where there are some."""
    sheets = {"twin_changes": changes_sheet(tried)}
    if any(twin.agreements for twin in tried):
        sheets["twin_agreement"] = agreement_sheet(tried)
    if cohort:
        sheets["twin_cohort"] = cohort_sheet(cohort)
    return sheets


def changes_sheet(tried: Sequence[TriedTwin]) -> Sheet:
    """One row per twin, condition and number."""
    columns: Columns = {
        "participant_id": entry("Whose twin"),
        "twin": entry("Which run it was fitted to, and in which atlas"),
        "personal": entry("Whether it shows its person better than the others' average does"),
        "condition": entry("What acts, as the protocol names it"),
        "measure": entry("Number of the linear model, .01 to .1 Hz; +GSR: global signal regressed"),
        "unit": entry("Unit of the baseline"),
        "baseline": entry("Value of the fitted brain with nothing acting"),
        "change": entry("Exposed less baseline in the fitted brain, in unit_of_change"),
        "unit_of_change": entry("Unit of change, low and high"),
        "low": entry("Lower end of 95 % of the plausible brains"),
        "high": entry("Upper end of 95 % of the plausible brains"),
        "same_sign": entry(SIGN, "share"),
        "learnt": entry(LEARNT, "share"),
        "draws": entry("Plausible brains"),
        "lost": entry("Plausible brains that lost their stable branch"),
        "mark": entry(MARK),
        "because": entry("Why that mark"),
        "code": entry("Error code, where there is no value"),
        "reason": entry("Why there is no value"),
    }
    rows = (
        (t.found.participant, t.found.key, t.found.personal, *_change_cells(c))
        for t in tried
        for c in t.changes
    )
    return Sheet(columns, tuple(rows))


def _change_cells(c: Change) -> tuple[object, ...]:
    head = (c.condition, c.look.name, c.look.unit, c.baseline, c.value, c.look.unit_of_change)
    belief = (c.low, c.high, c.same_sign, c.learnt, c.draws, c.lost, c.mark, c.because)
    lost = (c.missing.code, c.missing.reason) if c.missing else (None, None)
    return (*head, *belief, *lost)


def agreement_sheet(tried: Sequence[TriedTwin]) -> Sheet:
    """One row per twin, condition and number that a recording shows."""
    columns: Columns = {
        "participant_id": entry("Whose twin"),
        "twin": entry("Which run it was fitted to, and in which atlas"),
        "condition": entry("What acts; baseline: nothing"),
        "measure": entry(
            "Number of the signal between .01 and .1 Hz; +GSR: global signal regressed"
        ),
        "what": entry("level: of the baseline; change: condition less baseline"),
        "unit": entry("Unit of the numbers"),
        "linear": entry("What the linear model says"),
        "nonlinear": entry("Mean of the simulated recordings, which share their noise"),
        "standard_error": entry("Of that mean"),
        "one_scan": entry("Standard deviation over scans of this length; of two for a change"),
        "verdict": entry("Whether the two agree, or one scan could not tell, or they disagree"),
        "code": entry("Error code, where there is no value"),
        "reason": entry("Why there is no value"),
    }
    rows = (
        (t.found.participant, t.found.key, *_agreement_cells(a))
        for t in tried
        for a in t.agreements
    )
    return Sheet(columns, tuple(rows))


def _agreement_cells(a: Agreement) -> tuple[object, ...]:
    what, unit = ("change", a.look.unit_of_change) if a.is_change else ("level", a.look.unit)
    numbers = (a.linear, a.nonlinear, a.standard_error, a.one_scan)
    lost = (a.missing.code, a.missing.reason) if a.missing else (None, None)
    return (a.condition, a.look.name, what, unit, *numbers, a.verdict or None, *lost)


def cohort_sheet(rows: Sequence[CohortChange]) -> Sheet:
    """One row per condition and number, over people."""
    columns: Columns = {
        "condition": entry("What acts, as the protocol names it"),
        "measure": entry("Number of the linear model, .01 to .1 Hz; +GSR: global signal regressed"),
        "unit": entry("Unit of mean, low and high"),
        "n": entry("Participants with a value"),
        "left_out": entry("Participants whose twin has none"),
        "mean": entry("Mean change over participants"),
        "low": entry("Lower end of its 95 % interval over participants"),
        "high": entry("Upper end of its 95 % interval over participants"),
        "same_sign": entry("Share of participants with the mean's sign", "share"),
        "mark": entry(MARK),
        "n_patients": entry("Patients"),
        "n_controls": entry("Controls"),
        "hedges_g": entry("Patients less controls in pooled standard deviations, unbiased"),
        "g_low": entry("Lower end of its 95 % interval"),
        "g_high": entry("Upper end of its 95 % interval"),
        "p": entry("Welch's test, two-sided"),
        "p_fdr": entry("The same, false discovery rate over all rows"),
        "reason": entry("Why groups are not compared"),
    }
    return Sheet(columns, tuple(_cohort_cells(row) for row in rows))


def _cohort_cells(c: CohortChange) -> tuple[object, ...]:
    mean = (c.n, c.left_out, c.mean, c.low, c.high, c.same_sign, c.mark)
    contrast = (c.n_patients, c.n_controls, c.g, c.g_low, c.g_high, c.p, c.p_fdr, c.reason or None)
    return (c.condition, c.look.name, c.look.unit_of_change, *mean, *contrast)


def twin_dataset_texts(
    protocol: TwinProtocol,
    tried: Sequence[TriedTwin],
    *,
    sheets: Mapping[str, Sheet],
    settings: Mapping[str, object],
    sentences: Sequence[str],
    text: str,
) -> dict[str, str]:
    """Every file that belongs to no run: path below the folder → text.

    sentences : what acts in every condition; text : the protocol's file word for word
    """
    people = {_person(t.found): t.found for t in tried}
    dataset = VirtualDataset(
        name=f"{protocol.name} on twins",
        version=__version__,
        participants=Sheet(
            {
                "participant_id": entry("Virtual person: the twin of a real one"),
                "twin_of": entry("The run that the twin was fitted to, and in which atlas"),
            },
            tuple((f"sub-{label}", found.key) for label, found in people.items()),
        ),
        sessions={},
        phenotype={},
        truth={},
        settings=settings,
        texts={"protocol.toml": text},
        sources=tuple(sentences),
        limits=(CAUTION, AGAIN, f"The series: {AMPLITUDE}"),
        of_twins=True,
    )
    texts = dataset_texts(dataset)
    texts[".bidsignore"] += "twin_*\n"
    for name, sheet in sheets.items():
        texts |= sheet.files(name)
    return texts


def twin_scan_texts(tried: TriedTwin, tr_s: float) -> dict[str, str]:
    """Every file of a twin's scans: path below the folder → text."""
    texts: dict[str, str] = {}
    for condition, percent in (tried.scans or {}).items():
        entities = Entities(participant=_person(tried.found), session=condition, task="rest")
        said = {"TwinOf": tried.found.key, "Condition": condition, "Caution": CAUTION}
        scan = VirtualScan(entities=entities, percent=percent, tr_s=tr_s, sidecar=said)
        texts |= scan_texts(scan, tried.atlas)
    return texts


def _person(found: FoundTwin) -> str:
    """The label of the virtual person: every label of the run, so that nothing real joins it."""
    return "twin" + "".join(astuple(found.entities))
