"""A protocol: who takes part, what is done to them, and when they are scanned and rated."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import Preview, Shown
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.doses import Dose, check_together
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.events import find_event
from defaultmode.simulation.spans import Span, check_apart, check_inside

SCALES = ("MADRS", "CADSS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosing:
    """One dose of one drug, with the account of the drug that holds for it (empty: the default)."""

    drug: str
    dose: Dose
    mechanism: str = ""
    kinetics: str = ""

    @property
    def span(self) -> Span:
        """When it is given."""
        return Span(f"dose of {self.drug}", self.dose.start_min, self.dose.end_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One event at its time, in minutes from the protocol's zero."""

    event: str
    at_min: float
    duration_min: float
    mechanism: str = ""

    @property
    def span(self) -> Span:
        """When it happens."""
        return Span(f"event {self.event}", self.at_min, self.end_min)

    @property
    def end_min(self) -> float:
        """When it is over."""
        return self.at_min + self.duration_min


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A stretch of a scan during which an event acts, in seconds from the scan's first frame."""

    event: str
    onset_s: float
    duration_s: float
    mechanism: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One run of functional imaging.

    session, task, run : BIDS labels without their prefix; run is None where there is only one
    at_min : when its first frame begins, in minutes from the protocol's zero
    """

    session: str
    at_min: float
    duration_s: float
    tr_s: float = 2.0
    task: str = "rest"
    run: int | None = None
    blocks: tuple[Block, ...] = ()

    @property
    def key(self) -> str:
        """Its BIDS entities, which no other scan of the protocol has."""
        run = "" if self.run is None else f"_run-{self.run}"
        return f"ses-{self.session}_task-{self.task}{run}"

    @property
    def span(self) -> Span:
        """When it happens."""
        return Span(f"scan {self.key}", self.at_min, self.end_min)

    @property
    def end_min(self) -> float:
        """When it is over."""
        return self.at_min + self.duration_s / 60.0

    def span_of(self, block: Block) -> Span:
        """When one of its blocks happens, on the protocol's clock."""
        begins = self.at_min + block.onset_s / 60.0
        return Span(f"block {block.event}", begins, begins + block.duration_s / 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A time at which mood (MADRS) or dissociation (CADSS) is rated."""

    session: str
    at_min: float
    scales: tuple[str, ...] = SCALES

    @property
    def span(self) -> Span:
        """When it happens; it takes no time of its own."""
        return Span(f"rating of {self.session}", self.at_min, self.at_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many virtual people take part.

    alike : everybody is the typical person, and only the noise in their brains differs
    weight_kg : of everybody; None draws it
    """

    count: int = 1
    alike: bool = False
    weight_kg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Protocol(Shown):
    """A timeline in minutes, frozen and checked; doses, events, scans and ratings in time order.

    parameter_set, condition, mechanism : the brain that everybody starts from; an empty name is
        the default one
    begins_min, ends_min : everything lies between them

    Raises E509 where two things cannot happen at the same time or one lies outside, E508 where the
    doses of a day come to more than was studied, and E510 where two scans have one name or two
    doses of a drug rest on different accounts of it.
    """

    name: str
    begins_min: float
    ends_min: float
    sentence: str = ""
    parameter_set: str = ""
    condition: str = "healthy"
    mechanism: str = ""
    people: Crowd = Crowd()
    doses: tuple[Dosing, ...] = ()
    sessions: tuple[Session, ...] = ()
    scans: tuple[Scan, ...] = ()
    ratings: tuple[Rating, ...] = ()

    def __post_init__(self) -> None:
        for name in ("doses", "sessions", "scans", "ratings"):
            ordered = sorted(getattr(self, name), key=lambda item: item.span.begins_min)
            object.__setattr__(self, name, tuple(ordered))
        self._check_names()
        self._check_times()

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "people": self.people.count,
            "condition": self.condition,
            "rests on assumptions": self.hypothetical,
        }

    def preview(self) -> Preview:
        """What happens first."""
        ordered = sorted(spans(self), key=lambda span: span.begins_min)
        rows = [(span.what, span.begins_min, span.ends_min) for span in ordered]
        return Preview(("what", "begins, min", "ends, min"), rows, len(rows))

    def _check_names(self) -> None:
        twice = [key for key, n in Counter(scan.key for scan in self.scans).items() if n > 1]
        if twice:
            msg = f"{self.name}: two scans are {twice[0]}; give them `run` or another session."
            raise DefaultModeError("E510", msg)
        accounts = {(d.drug, d.mechanism, d.kinetics) for d in self.doses}
        accounts |= {(happening.event, happening.mechanism, "") for happening in self._happenings}
        for name, n in Counter(account[0] for account in accounts).items():
            if n > 1:
                msg = f"{self.name}: {name} rests on different mechanisms or kinetics; give it one."
                raise DefaultModeError("E510", msg)

    def _check_times(self) -> None:
        whole = Span("the protocol", self.begins_min, self.ends_min)
        check_inside(spans(self), whole, self.name)
        check_apart([scan.span for scan in self.scans], self.name)
        check_apart([session.span for session in self.sessions], self.name)
        for drug in self.drugs:
            check_apart([d.span for d in self.doses if d.drug == drug], self.name)
            check_together(find_drug(drug), self.dosing(drug))
        outside = [s.span for s in self.sessions if not find_event(s.event).in_scanner]
        check_apart([*outside, *(scan.span for scan in self.scans)], self.name)
        for scan in self.scans:
            blocks = [scan.span_of(block) for block in scan.blocks]
            check_inside(blocks, scan.span, self.name)
            check_apart(blocks, self.name)

    @property
    def drugs(self) -> tuple[str, ...]:
        """The drugs that are given, each once, in the order of their first dose."""
        return tuple(dict.fromkeys(dosing.drug for dosing in self.doses))

    def dosing(self, drug: str) -> tuple[Dose, ...]:
        """The doses of one drug; none where it is not given."""
        return tuple(dosing.dose for dosing in self.doses if dosing.drug == drug)

    def account(self, drug: str) -> tuple[str, str]:
        """Names of the mechanism and the kinetics that hold for a drug, empty for the default."""
        found = next(dosing for dosing in self.doses if dosing.drug == drug)
        return found.mechanism, found.kinetics

    @property
    def events(self) -> Mapping[str, str]:
        """The events that happen, between scans or in blocks of them, with their mechanism."""
        return {happening.event: happening.mechanism for happening in self._happenings}

    @property
    def hypothetical(self) -> tuple[str, ...]:
        """Names of its condition, drugs and events that rest on an effect without source."""
        state = find_condition(self.condition).mechanism(self.mechanism).hypothetical
        drugs = {n: find_drug(n).mechanism(self.account(n)[0]).hypothetical for n in self.drugs}
        events = {name: find_event(name).is_hypothetical(m) for name, m in self.events.items()}
        doubts = {self.condition: state} | drugs | events
        return tuple(name for name, doubt in doubts.items() if doubt)

    @property
    def _happenings(self) -> tuple[Session | Block, ...]:
        blocks = (block for scan in self.scans for block in scan.blocks)
        return (*self.sessions, *blocks)


def spans(protocol: Protocol) -> tuple[Span, ...]:
    """When each dose, event, scan and rating happens."""
    kinds: Iterable[Iterable[Dosing | Session | Scan | Rating]]
    kinds = (protocol.doses, protocol.sessions, protocol.scans, protocol.ratings)
    return tuple(item.span for kind in kinds for item in kind)
