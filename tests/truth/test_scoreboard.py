"""The scoreboard on cases whose answer is known: planted effects, nothing planted, lost brains."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import toy_recordings as toy
from defaultmode.core.errors import DefaultModeError
from defaultmode.measures import find
from defaultmode.pipeline.score_runs import RunWork, Wanted, packed, simulated
from defaultmode.pipeline.score_runs import variability as measured_variability
from defaultmode.pipeline.score_settings import ScoreSettings
from defaultmode.simulation.engine import Simulation
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.linear import global_signal_removed
from defaultmode.simulation.scoreboard import (
    Ground,
    Row,
    Seeded,
    Shared,
    draws,
    holds,
    parse_situation,
    read_box,
    read_statements,
    seeded,
    shared,
    situation_brain,
    sweep,
    value_of,
    verdict,
)
from defaultmode.simulation.scoreboard.alternating import alternation
from defaultmode.simulation.scoreboard.box import typical
from defaultmode.simulation.scoreboard.persons import groups
from defaultmode.simulation.scoreboard.quantities import (
    LINEAR,
    RAW,
    REMOVED,
    WON_BY_HZ,
    Rest,
    rest_of,
    winning_current_na,
)
from defaultmode.simulation.scoreboard.situations import kept
from made_brains import default_brain, small_atlas, small_connectome

BOX = read_box()
USUAL = typical(BOX, "here")
BY_ID = {s.id: s for s in read_statements()[0]}
CALM = {"local_excitation": 0.6, "coupling": 0.3, "feed_forward": 0.3, "noise": 0.002}


def base():
    brain = default_brain("mean_field", **CALM, noise_inhibitory=0.002, shared_noise=0.0009)
    return balance(brain, 3.0)


def ground():
    gradient = np.linspace(-1.5, 1.5, 12)
    return Ground(small_atlas(), small_connectome().weights, {"gradient": gradient})


def row_of(**changed) -> Row:
    given = {
        "presets": (RAW,),
        "conditions": (),
        "situation": "healthy + ketamine",
        "against": "healthy",
        "than": (),
        "form": "difference",
        "claimed": "up",
        "low": -np.inf,
        "high": np.inf,
    }
    statement = replace(BY_ID["ketamine_variability"], **{**given, **changed})
    return next(iter(statement.rows))


def drawn(n=3, seed=5, **fixed):
    """Draws of the box at one point, with some of its ranges fixed."""
    found = draws(BOX, ("here",), n, seed=seed)
    return tuple(replace(d, values={**d.values, **fixed}) for d in found)


NOT_MEASURED = {"rate_default_hz", "relaxation_s", "winning_current_na", "structure_function"}
NO_DRUG = {"ketamine_disinhibition": 0.0, "ketamine_long_range": 0.0}


# ---------------------------------------------------------------- quantities
@pytest.mark.parametrize("preset", [RAW, REMOVED])
@pytest.mark.parametrize("name", sorted(set(LINEAR) - NOT_MEASURED))
def test_linear_quantity_is_the_measure_of_a_recording_with_that_covariance(name, preset) -> None:
    atlas = toy.atlas_of()
    within = dict.fromkeys(atlas.networks, 0.5)
    r = toy.blocks(atlas, within, {None: 0.1, frozenset(("Default", "Control")): -0.2})
    scale = np.linspace(0.5, 2.0, len(atlas))
    covariance = r * np.outer(scale, scale)
    signal = toy.signal_of(covariance)
    if preset == REMOVED:
        mean = signal.mean(axis=1, keepdims=True)
        signal = signal - mean @ np.linalg.lstsq(mean, signal, rcond=None)[0]
    recording = toy.recording_of(signal, atlas)
    both = {RAW: covariance, REMOVED: global_signal_removed(covariance)}
    brain = default_brain("mean_field", len(atlas))
    rest = Rest(brain, Ground(atlas, np.eye(len(atlas)), {}), np.ones(len(atlas)), both, 1.0)
    measure = measured_variability if name == "variability" else find(name)
    expected = measure(recording)
    np.testing.assert_allclose(LINEAR[name](rest, preset), expected, rtol=1e-9, atol=1e-12)


def test_winning_current_makes_the_task_positive_network_lead_by_1_hz() -> None:
    rest = rest_of(base(), ground())
    current = winning_current_na(rest, "")
    driven = np.zeros((12, 1))
    driven[rest.members("task-positive")] = current
    rate = fixed_point(rest.brain.changed(current_na=driven)).rate_hz[:, 0]
    lead = rate[rest.members("task-positive")].mean() - rate[rest.members("default")].mean()
    assert current > 0
    assert lead == pytest.approx(WON_BY_HZ, abs=0.15)  # read off linearly between two currents


# ---------------------------------------------------------------- situations and the box
def test_situation_is_read_from_its_words() -> None:
    found = parse_situation("depressed_hyper + ketamine:disinhibition - shared_drive @ 24 h")
    assert found.condition == "depressed_hyper"
    assert found.treatments == (("ketamine", "disinhibition"),)
    assert found.without == ("shared_drive",)
    assert found.after_min == 1440.0
    assert [name for name, _ in found.acting] == ["depressed_hyper"]  # the drug has gone
    with pytest.raises(DefaultModeError, match="wings") as caught:
        parse_situation("healthy - wings")
    assert caught.value.code == "E510"


def test_draws_fill_every_cell_of_every_range_once() -> None:
    found = draws(BOX, ("a", "b"), 10, seed=1)
    for r in BOX.continuous:
        values = np.array([d.values[r.name] for d in found])
        assert ((values >= r.low) & (values <= r.high)).all()
        if r.low < r.high:
            cells = np.floor((values - r.low) / (r.high - r.low) * 10)
            assert sorted(cells) == list(range(10))
    assert sorted(d.point for d in found) == ["a"] * 5 + ["b"] * 5


def test_draws_depend_on_their_seed_only() -> None:
    once, again, other = (draws(BOX, ("a",), 4, seed=s) for s in (1, 1, 2))
    assert [d.values for d in once] == [d.values for d in again]
    assert [d.values for d in once] != [d.values for d in other]


@pytest.mark.parametrize(("n", "points", "code"), [(0, ("a",), "E411"), (2, (), "E511")])
def test_draws_refuse_nothing(n, points, code) -> None:
    with pytest.raises(DefaultModeError) as caught:
        draws(BOX, points, n, seed=0)
    assert caught.value.code == code


def test_numbers_of_the_box_replace_those_of_the_registry() -> None:
    draw = replace(USUAL, values={**USUAL.values, "ketamine_disinhibition": -0.5})
    brain = situation_brain(parse_situation("healthy + ketamine"), base(), ground(), draw)
    weight = 1 + USUAL.values["ketamine_map"] * stats.zscore(ground().maps["gradient"])
    expected = 1 - 0.5 * USUAL.values["ketamine_occupancy"] * weight
    np.testing.assert_allclose(brain.value("nmda_on_inhibitory")[:, 0], expected, rtol=1e-12)


def test_without_feed_forward_the_healthy_rates_stay() -> None:
    brain = situation_brain(parse_situation("healthy - feed_forward"), base(), ground(), USUAL)
    assert "feed_forward" not in brain.routes
    np.testing.assert_allclose(fixed_point(brain).rate_hz[:, 0], 3.0, atol=1e-6)


def test_without_shared_drive_nothing_is_shared() -> None:
    text = "healthy + ketamine - shared_drive"
    brain = situation_brain(parse_situation(text), base(), ground(), USUAL)
    assert not brain.value("shared_noise").any()


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("depressed_hyper", 1.0),
        ("depressed_hyper + ketamine", 1.0),
        ("depressed_hyper + ketamine @ 24 h", 0.5),
        ("depressed_hyper + midazolam @ 24 h", 1.0),
        ("depressed_hyper + ketamine - plasticity @ 24 h", 1.0),
    ],
)
def test_plasticity_undoes_what_the_box_says(text, level) -> None:
    assert kept(parse_situation(text), USUAL) == pytest.approx(level, abs=1e-12)


def test_recovery_is_slower_where_treatment_is_resisted_and_fades() -> None:
    def after(condition, time):
        return kept(parse_situation(f"{condition} + ketamine @ {time}"), USUAL)

    assert after("depressed_hyper", "24 h") < after("treatment_resistant", "24 h") < 1.0
    assert after("depressed_hyper", "24 h") < after("depressed_hyper", "7 d") < 1.0


# ---------------------------------------------------------------- the sweep
def test_more_shared_noise_alone_raises_the_global_signal() -> None:
    row = row_of(quantity="global_signal_variance", form="ratio")
    swept = sweep([row], drawn(**NO_DRUG), {"here": base()}, ground())
    found = shared(row, swept.values[0], swept.points)
    assert found.share == 1.0
    assert found.low > 1.0
    assert found.lost == 0


@pytest.mark.parametrize("claimed", ["up", "down"])
@pytest.mark.parametrize("quantity", ["within_default_mode", "rate_default_hz", "relaxation_s"])
def test_a_drug_that_does_nothing_changes_nothing(quantity, claimed) -> None:
    row = row_of(quantity=quantity, claimed=claimed)
    nothing = drawn(**NO_DRUG, ketamine_shared_drive=0.0)
    swept = sweep([row], nothing, {"here": base()}, ground())
    found = shared(row, swept.values[0], swept.points)
    assert (found.share, found.low, found.high) == (0.0, 0.0, 0.0)
    assert holds(row_of(claimed="same"), swept.values[0]).all()


def test_brains_without_rest_are_counted_not_dropped() -> None:
    row = row_of(quantity="rate_default_hz", situation="depressed_hyper")
    wild = (*drawn(2), *drawn(1, depressed_hyper_excitation=40.0))
    swept = sweep([row], wild, {"here": base()}, ground())
    found = shared(row, swept.values[0], swept.points)
    assert sum(swept.lost.values()) == 1
    assert set(swept.lost) <= {"E504", "E505"}
    assert (found.draws, found.lost) == (3, 1)
    assert found.share == 1.0


def test_sweep_does_not_hide_a_missing_map() -> None:
    bare = replace(ground(), maps={})
    with pytest.raises(DefaultModeError) as caught:
        sweep([row_of(quantity="rate_default_hz")], drawn(1), {"here": base()}, bare)
    assert caught.value.code == "E513"


# ---------------------------------------------------------------- judging
LOOK = {"a": 6.0, "b": 4.0, "c": 5.0, "d": 2.0, "healthy": 3.0}


@pytest.mark.parametrize(
    ("form", "than", "expected"),
    [
        ("value", (), 6.0),
        ("difference", (), 2.0),
        ("ratio", (), 1.5),
        ("suppression", (), -0.5),
        ("suppression", ("c", "d"), 1.0),  # (1 − 6/4) − (1 − 5/2)
        ("share", ("c", "d"), 2 / 3),
        ("distance", (), 2.0),
    ],
)
def test_value_of_each_form(form, than, expected) -> None:
    row = row_of(form=form, than=than, situation="a", against="b")
    assert value_of(row, lambda text: np.array(LOOK[text])) == pytest.approx(expected)


def test_similarity_of_changes_over_regions() -> None:
    row = row_of(form="similarity", than=("c", "d"), situation="a", against="b")
    rng = np.random.default_rng(3)
    maps = {name: rng.normal(size=50) for name in "abcd"}
    expected = stats.pearsonr(maps["a"] - maps["b"], maps["c"] - maps["d"]).statistic
    assert value_of(row, lambda text: maps[text]) == pytest.approx(expected, rel=1e-12)
    seeds = {name: m + 0.1 * rng.normal(size=(30, 50)) for name, m in maps.items()}
    pseudo = value_of(row, lambda text: seeds[text])
    assert pseudo.shape == (30,)
    assert pseudo.mean() == pytest.approx(expected, abs=0.05)


def test_interval_over_seeds_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, np.nan])
    found = seeded(values)
    low, high = stats.t.interval(0.95, 2, loc=7 / 3, scale=stats.sem(values[:3]))
    assert (found.mean, found.low, found.high) == pytest.approx((7 / 3, low, high))
    assert found.n == 3
    assert seeded(np.array([1.0, np.nan])) is None


def test_share_is_told_for_every_operating_point() -> None:
    values = np.array([1.0, 2.0, -1.0, np.nan])
    found = shared(row_of(), values, ("a", "a", "b", "b"))
    assert found.share == pytest.approx(2 / 3)
    assert (found.point_low, found.point_high, found.lost) == (0.0, 1.0, 1)
    assert shared(row_of(), np.array([np.nan]), ("a",)).lost == 1


def box(share, lost=0):
    return Shared(0.0, 0.0, 0.0, share, 10, lost, 0.0, 1.0)


UP, UNSURE, DOWN = (
    Seeded(2.0, 1.0, 3.0, 20),
    Seeded(0.0, -1.0, 1.0, 20),
    Seeded(-2.0, -3.0, -1.0, 9),
)
DEPENDS = "depends on the operating point"


@pytest.mark.parametrize(
    ("found", "seeds", "word"),
    [
        (box(0.9), UP, "holds"),
        (box(0.9), UNSURE, "holds"),
        (box(0.9), DOWN, DEPENDS),
        (box(0.5), UP, DEPENDS),
        (box(0.1), DOWN, "fails"),
        (box(0.1), UP, DEPENDS),
        (box(1.0, lost=6), UP, "holds"),
        (box(1.0, lost=6), None, "not testable"),
        (None, UP, "holds"),
        (None, UNSURE, "unclear"),
        (None, DOWN, "fails"),
        (None, None, "not testable"),
    ],
)
def test_verdict(found, seeds, word) -> None:
    assert verdict(row_of(), found, seeds) == word


# ---------------------------------------------------------------- the switch model and people
def test_switch_situations_do_not_depend_on_their_company() -> None:
    alone = alternation(["healthy"], [1, 2], duration_s=20)
    beside = alternation(["depressed", "healthy"], [1, 2], duration_s=20)
    for name in ("activity_default", "switches_per_min", "fraction_default"):
        np.testing.assert_array_equal(alone["healthy", name], beside["healthy", name])


def test_switch_model_takes_the_task_and_lets_go_of_it() -> None:
    found = alternation(["healthy", "healthy + task"], [1, 2, 3], duration_s=120)
    tasked = found["healthy + task", "activity_default"]
    assert (tasked < found["healthy", "activity_default"]).all()
    for name in ("disengagement_s", "engagement_s"):
        assert np.isnan(found["healthy", name]).all()  # no task, no answer
        times = found["healthy + task", name]
        assert np.isfinite(times).any()
        assert (times[np.isfinite(times)] < 30).all()


def test_switch_model_refuses_an_unknown_setting() -> None:
    with pytest.raises(DefaultModeError) as caught:
        alternation(["elated"], [1], duration_s=1)
    assert caught.value.code == "E511"


def test_groups_repeat_by_seed_and_training_gains_by_its_rule() -> None:
    once = groups(base(), ground(), USUAL, [4, 5], n_people=12)
    again = groups(base(), ground(), USUAL, [5], n_people=12)
    for name, values in once.items():
        assert values[1] == pytest.approx(again[name][0], rel=1e-12)
        assert np.isfinite(values).all()
    assert (once["training_interaction"] > 0).all()  # built in: learning grows with plasticity


# ---------------------------------------------------------------- recordings over seeds
SHORT = ScoreSettings(seeds=2, duration_s=4.0, dt_ms=1.0)


def test_situations_share_their_noise() -> None:
    found = dict(simulated({"one": base(), "same": base()}, SHORT))
    np.testing.assert_array_equal(found["one"].bold, found["same"].bold)
    assert not np.array_equal(found["one"].bold[:, :, 0], found["one"].bold[:, :, 1])


def test_a_lost_situation_takes_no_other_along() -> None:
    wild = base().changed(local_excitation=8.0)
    found = dict(simulated({"calm": base(), "wild": wild}, SHORT))
    assert isinstance(found["calm"], Simulation)
    assert found["calm"].bold.shape == (2, 12, 2)
    assert isinstance(found["wild"], DefaultModeError)
    assert found["wild"].code == "E505"


def test_situations_are_packed_by_lanes_and_routes() -> None:
    names = ("healthy", "healthy + task", "depressed_hyper", "depressed_hypo")
    cut = "healthy - feed_forward"
    wanted = [Wanted(name, "rate_default_hz", "") for name in (*names, cut)]
    unseen = Wanted("healthy", "relaxation_s", "")
    parts = [RunWork(SHORT, part).situations for part in packed([*wanted, unseen], 20)]
    assert parts == [names[:3], names[3:], (cut,)]  # three times twenty fit into 64 lanes


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"seeds": 1}, {"seed": -1}, {"nprocs": -1}])
def test_settings_refuse_what_cannot_be_run(wrong) -> None:
    with pytest.raises(DefaultModeError) as caught:
        ScoreSettings(**wrong)
    assert caught.value.code == "E411"
