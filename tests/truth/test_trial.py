"""A trial deals out what its file says: arms, orders, sites, leaving, belief, motion."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline import demonstrating
from defaultmode.pipeline.virtual_people import groups_of
from defaultmode.simulation.allocation import allocate, even_counts, visits_attended, williams
from defaultmode.simulation.batches import side_by_side
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.head_motion import (
    HeadMotion,
    artefact,
    displacement,
    mean_displacement,
)
from defaultmode.simulation.trial import Unblinding, believes_active
from defaultmode.simulation.trial_file import parse_trial, read_trial

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [
    *sorted((ROOT / "examples" / "trials").glob("*.toml")),
    Path(demonstrating.__file__).with_name("demo_trial.toml"),
]
SCAN = {"session": "day0", "at": "10 min", "duration": "60 s"}
KETAMINE = {"drug": "ketamine", "dose": "0.5 mg/kg", "over": "40 min", "at": "0 min"}
SALINE = {"drug": "saline", "dose": "100 ml", "over": "40 min", "at": "0 min"}


def raw(**changes: object) -> dict[str, object]:
    """A small parallel trial; None leaves a key out."""
    arms = [
        {"name": "ketamine", "people": 3, "dose": [KETAMINE]},
        {"name": "saline", "people": 2, "dose": [SALINE]},
    ]
    whole = {"name": "small", "protocol": {"scan": [SCAN]}, "arm": arms} | changes
    return {k: v for k, v in whole.items() if v is not None}


def crossover(**changes: object) -> dict[str, object]:
    arms = [{"name": "ketamine", "dose": [KETAMINE]}, {"name": "saline", "dose": [SALINE]}]
    both = {"design": "crossover", "people": 5, "washout_days": 14, "arm": arms}
    return raw(**(both | changes))


@pytest.mark.parametrize("n_arms", range(2, 8))
def test_every_arm_follows_every_other_equally_often(n_arms: int) -> None:
    orders = williams(n_arms)
    follows = Counter(pair for order in orders for pair in pairwise(order))
    assert all(sorted(order) == list(range(n_arms)) for order in orders)
    assert len(follows) == n_arms * (n_arms - 1)
    assert set(follows.values()) == {len(orders) // n_arms}
    for period in range(n_arms):
        assert len(set(Counter(order[period] for order in orders).values())) == 1


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    n_sites=st.integers(1, 6),
    seed=st.integers(0, 2**32),
)
def test_sites_are_balanced_overall_and_within_arms(
    counts: list[int], n_sites: int, seed: int
) -> None:
    orders = [(i,) for i in range(len(counts))]
    seats = allocate(orders, counts, n_sites, np.random.default_rng(seed))
    assert Counter(seat.arms[0] for seat in seats) == dict(enumerate(counts))
    for group in (seats, *([s for s in seats if s.arms == order] for order in orders)):
        found = Counter(seat.site for seat in group)
        most, fewest = max(found.values()), min(found[site] for site in range(n_sites))
        assert most - fewest <= 1


@given(people=st.integers(0, 100), groups=st.integers(1, 12))
def test_even_counts_add_up(people: int, groups: int) -> None:
    counts = even_counts(people, groups)
    assert (sum(counts), len(counts)) == (people, groups)
    assert max(counts) - min(counts) <= 1


def test_people_leave_at_the_stated_rate_and_never_before_the_first_visit() -> None:
    rng = np.random.default_rng(0)
    came = np.array([visits_attended(4, 0.2, rng) for _ in range(20_000)])
    # at each later visit four fifths of those who were there; four standard errors of a share
    for visit, share in ((1, 1.0), (2, 0.8), (3, 0.64), (4, 0.512)):
        assert abs((came >= visit).mean() - share) <= 4 * np.sqrt(0.25 / 20_000)
    assert visits_attended(4, 0.0, rng) == 4
    assert visits_attended(1, 0.9, rng) == 1


def test_groups_have_the_size_and_the_people_that_the_trial_asks_for() -> None:
    trial = parse_trial(raw(), "t.toml")
    groups = groups_of(trial, 7)
    assert [(g.name, len(g.people)) for g in groups] == [("ketamine", 3), ("saline", 2)]
    numbers = [n for g in groups for n in g.people.numbers]
    assert sorted(numbers) == list(range(5))
    again = groups_of(trial, 7)
    assert [g.people.numbers for g in again] == [g.people.numbers for g in groups]
    others = [groups_of(trial, seed)[0].people.numbers for seed in range(8, 12)]
    assert any(numbers != groups[0].people.numbers for numbers in others)


def test_an_arm_can_have_another_condition() -> None:
    arms = [
        {"name": "patients", "people": 2, "condition": "depressed_hyper"},
        {"name": "controls", "people": 2, "condition": "healthy"},
    ]
    groups = groups_of(parse_trial(raw(arm=arms), "t.toml"), 0)
    assert [g.people.condition for g in groups] == ["depressed_hyper", "healthy"]


def test_a_crossover_gives_everybody_everything_in_balanced_orders() -> None:
    trial = parse_trial(crossover(), "t.toml")
    groups = groups_of(trial, 0)
    assert [len(g.people) for g in groups] == [3, 2]
    first = groups[0]
    assert [(v.session, v.period) for v in first.visits] == [("p1day0", 0), ("p2day0", 1)]
    assert [s.at_min for s in first.protocol.scans] == [10, 10 + 14 * 1440]
    assert {d.drug: d.dose.start_min for d in groups[1].protocol.doses} == {
        "saline": 0,
        "ketamine": 14 * 1440,
    }


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        (raw(colour=1), "E510", "colour"),
        (raw(name=None), "E510", "name is absent"),
        (raw(design="sequential"), "E510", "crossover"),
        (raw(arm=[]), "E510", "arm"),
        (raw(arm=[{"name": "a b", "people": 1}]), "E510", "letters and digits"),
        (raw(arm=[{"name": "a", "people": 0}]), "E510", "people is 0"),
        (raw(arm=[{"name": "a", "people": 1}] * 2), "E510", "once"),
        (raw(arm=[{"name": "a", "people": 1, "scan": [SCAN]}]), "E510", "scan"),
        (raw(dropout_per_visit=1.0), "E510", "dropout_per_visit"),
        (raw(noise_percent=-1), "E510", "noise_percent"),
        (raw(motion={"median": 1}), "E510", "median"),
        (raw(unblinding={"believed_at_zero": 1.0}), "E510", "between 0 and 1"),
        (raw(site=[{"name": "A"}, {"name": "A"}]), "E510", "different names"),
        (raw(protocol={"people": {"count": 3}}), "E510", "in its arms"),
        (
            raw(
                protocol={"dose": 3},
            ),
            "E510",
            "lists of tables",
        ),
        (crossover(washout_days=0.01), "E509", "before it ends"),
        (crossover(people=0), "E510", "people is 0"),
        (
            raw(arm=[{"name": "a", "people": 1, "dose": [SALINE | {"drug": "salt"}]}]),
            "E511",
            "salt",
        ),
        (
            raw(arm=[{"name": "a", "people": 1, "dose": [KETAMINE | {"dose": "0.5"}]}]),
            "E507",
            "0.5",
        ),
        (raw(arm=[{"name": "a", "people": 1, "condition": "sad"}]), "E511", "sad"),
    ],
)
def test_a_wrong_trial_is_refused(wrong: dict[str, object], code: str, says: str) -> None:
    with pytest.raises(DefaultModeError, match=says) as caught:
        parse_trial(wrong, "t.toml")
    assert caught.value.code == code


def test_belief_grows_with_dissociation() -> None:
    unblinding = Unblinding(believed_at_zero=0.3, log_odds_per_point=0.1)
    rng = np.random.default_rng(0)

    def share(*cadss: float) -> float:
        return np.mean([believes_active(unblinding, np.array(cadss), rng) for _ in range(20_000)])

    odds = 0.3 / 0.7 * np.exp(2.0)
    tolerance = 4 * np.sqrt(0.25 / 20_000)  # four standard errors of a share
    assert abs(share(0.0) - 0.3) <= tolerance
    assert abs(share(5.0, 20.0, 0.0) - odds / (1 + odds)) <= tolerance, "the highest score counts"


def test_motion_follows_its_numbers() -> None:
    motion = HeadMotion(median_mm=0.2, log_sd=0.5, under_drug=2.0, artefact_percent_per_mm=0.5)
    rng = np.random.default_rng(0)
    means = mean_displacement(motion, 20_000, rng)
    assert np.median(means) == pytest.approx(0.2, rel=0.03)
    assert np.log(means).std() == pytest.approx(0.5, rel=0.03)
    level = np.r_[np.zeros(10_001), np.ones(10_000)]
    moved = displacement(motion, 0.1, level, rng)
    assert moved[0] == 0
    assert moved[1:10_001].mean() == pytest.approx(0.1, rel=0.03)
    assert moved[10_001:].mean() == pytest.approx(0.2, rel=0.03)
    lost = artefact(motion, moved, 400, rng)
    assert lost.shape == (20_001, 400)
    assert (lost <= 0).all()
    assert not lost[0].any(), "no displacement, no artefact"
    assert lost.mean(axis=1) == pytest.approx(-0.5 * moved * (lost.mean() / (-0.5 * moved.mean())))
    assert lost.mean() == pytest.approx(-0.5 * moved.mean(), rel=0.06)


def test_groups_side_by_side_keep_their_parameters() -> None:
    regions, routes = ("a", "b"), {"long_range": np.zeros((2, 2))}
    one = Brain("mean_field", regions, {"gain": [[1.0, 2.0]], "noise": 0.01}, routes)
    other = Brain("mean_field", regions, {"gain": [[3.0], [4.0]], "noise": 0.01}, routes)
    both = side_by_side([one, other], [2, 3])
    assert both.n_people == 5
    np.testing.assert_array_equal(both.value("gain"), [[1, 2, 3, 3, 3], [1, 2, 4, 4, 4]])
    assert both.value("noise").shape == (1, 1), "what all have alike stays small"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_trial_that_can_be_run(path: Path) -> None:
    trial = read_trial(path)
    groups = groups_of(trial, 0)
    assert sum(len(g.people) for g in groups) == sum(trial.counts)
    assert all(group.protocol.scans for group in groups)


def test_a_trial_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DefaultModeError) as caught:
        read_trial(tmp_path / "none.toml")
    assert caught.value.code == "E101"
