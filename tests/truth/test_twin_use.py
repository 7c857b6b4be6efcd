"""Trying drugs and currents on twins: closed forms, refusals, and the nonlinear simulation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline import twin_change
from defaultmode.pipeline.twin_agreement import (
    AGREES,
    DISAGREES,
    WITHIN,
    Recorded,
    agreement,
    band_covariance_of,
)
from defaultmode.pipeline.twin_change import changes_of, looked_at
from defaultmode.pipeline.twin_cohort import cohort_of, sides_of
from defaultmode.pipeline.twin_finding import find_twins, ground_for, load_twin
from defaultmode.pipeline.twin_looks import LOOKS, NOT_STATED, change, mark
from defaultmode.pipeline.twin_results import condition_sentence
from defaultmode.simulation.doses import Dose
from defaultmode.simulation.drugs import all_drugs, find_drug
from defaultmode.simulation.linear import (
    connectivity,
    correlation,
    global_signal_removed,
    linearise,
    relaxation_s,
)
from defaultmode.simulation.pharmacology import concentration
from defaultmode.simulation.spectrum import band_covariance
from defaultmode.simulation.twin_columns import expected_range
from defaultmode.simulation.twin_exposure import acts_evenly, exposed, highest_studied_level
from defaultmode.simulation.twin_protocol import (
    TwinCondition,
    TwinScan,
    parse_twin_protocol,
    read_twin_protocol,
)
from made_brains import small_atlas
from made_twins import failed, small_ground, small_twin, twin_folder, unstable

ROOT = Path(__file__).resolve().parents[2]
PLACE = {look.name: k for k, look in enumerate(LOOKS)}


def condition(share: float, drug: str = "ketamine", mechanism: str = "") -> TwinCondition:
    entry = {"drug": drug, "share": share} | ({"mechanism": mechanism} if mechanism else {})
    return parse_twin_protocol({"name": "x", "exposure": [entry]}, "x.toml").conditions[0]


def current(na: float, **where: str) -> TwinCondition:
    entry = {"current_na": na, **where}
    return parse_twin_protocol({"name": "x", "stimulation": [entry]}, "x.toml").conditions[0]


def changes(*conditions: TwinCondition) -> np.ndarray:
    return looked_at(small_twin().brain, small_ground(), conditions).changes


# ---------------------------------------------------------------- exposure
@pytest.mark.parametrize("drug", all_drugs())
def test_no_share_is_no_change_exactly(drug: str) -> None:
    assert (changes(condition(0.0, drug)) == 0.0).all()


@pytest.mark.parametrize("drug", ["ketamine", "midazolam"])
def test_a_larger_share_changes_more(drug: str) -> None:
    found = changes(*(condition(share, drug) for share in (0.0, 0.25, 0.5, 0.75, 1.0)))
    for name in ("within_default_mode", "rate_default_hz", "relaxation_s"):
        steps = np.diff(found[:, PLACE[name]])
        assert (steps < 0).all() or (steps > 0).all(), name


def test_a_share_is_linear_in_the_level_of_the_highest_studied_dose() -> None:
    drug = find_drug("ketamine")
    most = Dose(amount=1.0, unit="mg/kg", route="intravenous", over_min=40.0)
    peak = drug.level(concentration(drug, [most], np.arange(1440.0))).max()
    assert highest_studied_level("ketamine") == peak
    brain = small_twin().brain()
    for share in (0.25, 1.0):
        under = exposed(brain, condition(share, mechanism="disinhibition"), small_atlas(), {})
        factor = under.value("nmda_on_inhibitory") / brain.value("nmda_on_inhibitory")
        # the effect file says −5 % at level 1, without a map everywhere
        np.testing.assert_allclose(factor, 1.0 - 0.05 * share * peak, rtol=1e-14)


@pytest.mark.parametrize("drug", [d for d in all_drugs() if all_drugs()[d].kinetics])
def test_the_documents_state_the_level_of_a_share_of_1(drug: str) -> None:
    text = (ROOT / "docs/twin_protocols.md").read_text("utf-8")
    assert f"| {drug} | {highest_studied_level(drug):.2f} |" in text


@pytest.mark.parametrize("path", sorted((ROOT / "examples/twins").glob("*.toml")), ids=str)
def test_examples_can_be_read(path: Path) -> None:
    assert read_twin_protocol(path).conditions


def test_a_placebo_does_nothing_at_any_share() -> None:
    assert highest_studied_level("saline") == 0.0
    assert (changes(condition(1.0, "saline")) == 0.0).all()


def test_an_effect_whose_map_is_missing_acts_evenly_and_says_so() -> None:
    tried = condition(0.5)
    assert acts_evenly(tried, {}) == ("gradient",)
    assert acts_evenly(tried, {"gradient": np.arange(12.0)}) == ()
    assert acts_evenly(tried, {"nmda": np.arange(12.0)}) == ()
    assert "no map 'gradient' for this atlas: acts everywhere alike" in condition_sentence(
        tried, ()
    )
    brain, atlas = small_twin().brain(), small_atlas()
    even = exposed(brain, tried, atlas, {}).value("nmda_long_range")
    along = exposed(brain, tried, atlas, {"gradient": np.arange(12.0)}).value("nmda_long_range")
    assert np.ptp(even) == 0.0
    assert np.ptp(along) > 0.0
    np.testing.assert_allclose(along.mean(), even.mean(), rtol=1e-12)


def test_a_current_enters_the_named_regions_only() -> None:
    brain, atlas = small_twin().brain(), small_atlas()
    for where, members in (
        ({"region": "region 4"}, [4]),
        ({"role": "default"}, [0, 3, 6, 9]),
        ({"network": "other"}, [2, 5, 8, 11]),
    ):
        under = exposed(brain, current(0.002, **where), atlas, {}).full("current_na")[:, 0]
        expected = np.where(np.isin(np.arange(12), members), 0.002, 0.0)
        np.testing.assert_array_equal(under, expected)
    with pytest.raises(DefaultModeError, match="no region 'nowhere'") as caught:
        exposed(brain, current(0.002, region="nowhere"), atlas, {})
    assert caught.value.code == "E506"
    up, down = changes(current(0.002, role="default"), current(-0.002, role="default"))
    assert up[PLACE["rate_default_hz"]] > 0 > down[PLACE["rate_default_hz"]]


# ---------------------------------------------------------------- linear model
def test_the_numbers_are_those_of_the_simulators_linear_model() -> None:
    twin, ground, tried = small_twin(), small_ground(), condition(0.7)
    looked = looked_at(twin.brain, ground, [tried])
    for row, brain in zip(
        looked.values, (twin.brain(), exposed(twin.brain(), tried, ground.atlas, {})), strict=True
    ):
        linear = linearise(brain)
        raw = band_covariance(linear)
        assert not np.allclose(connectivity(linear), correlation(raw)), "the band matters"
        for preset, covariance in (("", raw), ("+GSR", global_signal_removed(raw))):
            z = np.arctanh(correlation(covariance) - np.eye(12))
            ours = np.ix_([0, 3, 6, 9], [0, 3, 6, 9])
            within = z[ours][np.triu_indices(4, 1)].mean()
            between = z[np.ix_([0, 3, 6, 9], [1, 4, 7, 10])].mean()
            assert abs(row[PLACE[f"within_default_mode{preset}"]] - within) < 1e-10
            assert abs(row[PLACE[f"default_mode_task_positive{preset}"]] - between) < 1e-10
        z = np.arctanh(correlation(raw) - np.eye(12))
        assert abs(row[PLACE["global_brain_connectivity"]] - z.sum() / (12 * 11)) < 1e-10
        assert abs(row[PLACE["global_signal_variance"]] - raw.mean()) < 1e-10
        assert abs(row[PLACE["relaxation_s"]] - relaxation_s(linear)) < 1e-10
        rate = linear.point.rate_hz[:, 0]
        assert abs(row[PLACE["rate_default_hz"]] - rate[::3].mean()) < 1e-10
        assert abs(row[PLACE["rate_task_positive_hz"]] - rate[1::3].mean()) < 1e-10
    relative = looked.values[1] / looked.values[0] - 1.0
    k = PLACE["global_signal_variance"]
    assert looked.changes[0, k] == pytest.approx(relative[k], rel=1e-12)


def test_the_interval_is_that_of_the_draws_and_lost_ones_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(twin_change, "DIRECTIONS", 1)  # the prior is not the matter here
    twin, ground, tried = small_twin(n_draws=12), small_ground(), condition(1.0)
    whole = changes_of(twin, ground, [tried], np.random.default_rng(0))
    k = PLACE["within_default_mode"]
    drawn = [looked_at(lambda d=d: twin.brain(d), ground, [tried]).changes[0, k] for d in range(12)]
    low, high = expected_range(np.array(drawn))
    assert (whole[k].low, whole[k].high, whole[k].lost) == (low, high, 0)
    assert whole[k].same_sign == np.mean(np.sign(drawn) == np.sign(whole[k].value))
    assert whole[k].draws == 12
    shaken = changes_of(unstable(twin, how_many=3), ground, [tried], np.random.default_rng(0))
    assert {(c.draws, c.lost) for c in shaken} == {(12, 3)}
    low, high = expected_range(np.array(drawn[3:]))
    assert (shaken[k].low, shaken[k].high) == (low, high), "of those that are left"
    few = changes_of(unstable(twin, how_many=5), ground, [tried], np.random.default_rng(0))
    assert np.isnan(few[k].low), "seven brains say nothing about 95 % of them"
    assert few[k].value == whole[k].value


def test_a_change_beside_its_own_interval_is_noticed() -> None:
    twin, ground, tried = small_twin(), small_ground(), [condition(1.0)]
    k = PLACE["rate_default_hz"]
    inside = changes_of(twin, ground, tried, np.random.default_rng(0))[k]
    far = replace(twin, draws=twin.draws + 2.0)
    outside = changes_of(far, ground, tried, np.random.default_rng(0))[k]
    assert (inside.beside, outside.beside) == (False, True)
    assert not changes_of(
        replace(twin, draws=twin.draws[:0]), ground, tried, np.random.default_rng(0)
    )[k].beside


def test_what_is_learnt_is_what_the_prior_left_open_and_the_draws_do_not() -> None:
    twin, ground, tried = small_twin(), small_ground(), condition(1.0)
    rng = np.random.default_rng(1)
    size = (60, len(twin.scores))
    k = PLACE["within_default_mode"]
    spread = 0.1  # of a prior of 1: small enough to be linear
    draws = twin.scores + spread * rng.standard_normal(size)
    found = changes_of(replace(twin, draws=draws), ground, [tried], np.random.default_rng(2))
    # 24 directions and 60 draws know both variances to about 30 % and 20 %
    assert found[k].learnt == pytest.approx(1 - spread**2, abs=0.8 * spread**2)


def test_a_brain_that_loses_its_branch_has_a_reason_and_no_number() -> None:
    twin = unstable(small_twin(), how_many=1)
    lost = looked_at(lambda: twin.brain(0), small_ground(), [condition(1.0)])
    assert np.isnan(lost.values).all()
    assert {missing.code for missing in lost.lost if missing} == {"E504"}


def test_an_atlas_without_task_positive_regions_says_so() -> None:
    everything_else = {"task-positive": "other"}
    regions = tuple(
        replace(r, role=everything_else.get(r.role, r.role)) for r in small_atlas().regions
    )
    atlas = Atlas("small", regions)
    found = changes_of(
        small_twin(), small_ground(atlas), [condition(0.5)], np.random.default_rng(0)
    )
    lost = {c.look.quantity: c.missing.code for c in found if c.missing}
    assert lost == {"default_mode_task_positive": "E306", "rate_task_positive_hz": "E306"}


def test_marks_are_those_of_the_scoreboard() -> None:
    look = LOOKS[PLACE["within_default_mode"]]
    assert mark(look, condition(0.5))[0] == "calibrated"
    assert mark(look, condition(0.5, "midazolam"))[0] == "emergent"
    assert mark(LOOKS[PLACE["rate_default_hz"]], condition(0.5, "midazolam"))[0] == "built in"
    assert mark(look, condition(0.5, mechanism="disinhibition"))[0] == "emergent"
    assert mark(look, condition(0.5, "esketamine"))[0] == NOT_STATED
    assert mark(look, current(0.001, role="default"))[0] == NOT_STATED


# ---------------------------------------------------------------- nonlinear
def test_the_nonlinear_simulation_shows_what_the_linear_model_says() -> None:
    how = Recorded(scan=TwinScan(duration_s=300.0), recordings=8, dt_ms=0.5, seed=1)
    shown = agreement(small_twin(), small_ground(), [condition(1.0)], how)
    rows = {(r.condition, r.look.name): r for r in shown.rows}
    assert len(rows) == 2 * (len(LOOKS) - 1), "a recording shows no relaxation time"
    for (name, measure), row in rows.items():
        assert row.verdict in {AGREES, WITHIN, DISAGREES}
        if "rate" not in measure:  # noise raises rates above the rest: the linear model knows none
            assert row.verdict != DISAGREES, (name, measure, row)
    small = rows["exposed", "within_default_mode"]
    assert abs(small.nonlinear - small.linear) < 5 * small.standard_error
    assert abs(small.nonlinear) > 5 * small.standard_error, "shared noise lets a change stand out"
    assert rows["baseline", "rate_default_hz"].verdict == DISAGREES, "and it is said where not"
    assert {name: s.shape for name, s in shown.scans.items()} == {
        "baseline": (150, 12),
        "exposed": (150, 12),
    }
    assert not np.allclose(shown.scans["baseline"], shown.scans["exposed"], atol=1e-3)


def test_a_condition_that_runs_away_takes_no_other_along() -> None:
    how = Recorded(scan=TwinScan(duration_s=60.0), recordings=2, dt_ms=0.5)
    twin, ground = small_twin(), small_ground()
    strong = TwinCondition(
        name="strong", stimulations=current(0.01, role="default").stimulations * 8
    )
    shown = agreement(twin, ground, [condition(0.5), strong], how)
    lost = {r.condition: r.missing.code for r in shown.rows if r.missing}
    assert set(lost) == {"strong"}
    assert lost["strong"] in {"E504", "E505"}
    assert set(shown.scans) == {"baseline", "exposed"}


def test_band_covariance_is_that_of_the_band() -> None:
    t = np.arange(400) * 2.0
    inside, slow = np.sin(2 * np.pi * 0.05 * t), np.sin(2 * np.pi * 0.005 * t)
    signal = np.column_stack([inside + 3 * slow, 2 * inside, np.ones(400)])
    found = band_covariance_of(signal, 2.0)
    np.testing.assert_allclose(found, [[0.5, 1, 0], [1, 2, 0], [0, 0, 0]], atol=1e-12)


# ---------------------------------------------------------------- finding, cohort
def test_twins_are_found_by_person_and_failed_ones_left_out(tmp_path: Path) -> None:
    folder = twin_folder(tmp_path / "twins", {"01": small_twin(0), "02": small_twin(1)})
    [one] = find_twins(folder, "sub-02")
    assert one.participant == "sub-02"
    assert one == find_twins(folder, "02")[0]
    twin = load_twin(one.path)
    np.testing.assert_allclose(twin.scores, small_twin(1).scores, atol=1e-6)
    ground = ground_for(twin, one.atlas, own_atlas=str(tmp_path / "small.tsv"))
    assert ground.atlas.names == twin.regions
    failed(folder, "02", "no stable brain")
    assert [t.failed is None for t in find_twins(folder, "all")] == [True, False]
    with pytest.raises(DefaultModeError, match="no stable brain") as caught:
        find_twins(folder, "sub-02")
    assert caught.value.code == "E515"


def test_a_twin_that_is_not_there_or_damaged_is_told(tmp_path: Path) -> None:
    folder = twin_folder(tmp_path / "twins", {"01": small_twin(0)})
    with pytest.raises(DefaultModeError, match="it has those of sub-01") as caught:
        find_twins(folder, "sub-09")
    assert caught.value.code == "E518"
    with pytest.raises(DefaultModeError) as caught:
        find_twins(tmp_path / "nowhere", "all")
    assert caught.value.code == "E101"
    [one] = find_twins(folder, "all")
    one.path.write_bytes(one.path.read_bytes()[:2000])
    with pytest.raises(DefaultModeError) as caught:
        load_twin(one.path)
    assert caught.value.code == "E518"


def test_everybody_counts_once_and_groups_are_compared(tmp_path: Path) -> None:
    ground, tried = small_ground(), [condition(1.0)]
    people = {f"sub-{k}": small_twin(k, n_draws=0) for k in range(8)}
    found = {
        who: [changes_of(twin, ground, tried, np.random.default_rng(0))]
        for who, twin in people.items()
    }
    found["sub-0"] *= 3
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tgroup\n"
        + "".join(f"{who}\t{'patient' if k % 2 else 'control'}\n" for k, who in enumerate(people))
    )
    sides, notes = sides_of(tmp_path)
    assert sides["sub-1"] == "patients"
    assert notes == ("group names the groups: control = controls, patient = patients.",)
    row = cohort_of(found, sides)[PLACE["within_default_mode"]]
    values = np.array([runs[0][PLACE["within_default_mode"]].value for runs in found.values()])
    assert row.mean == pytest.approx(values.mean(), rel=1e-12)
    assert (row.n, row.left_out, row.n_patients, row.n_controls) == (8, 0, 4, 4)
    reach = 2.3646242510102993 * values.std(ddof=1) / np.sqrt(8)  # t of .975 and 7
    assert (row.low, row.high) == pytest.approx((values.mean() - reach, values.mean() + reach))
    a, b = values[1::2], values[::2]
    pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    correction = 1 - 3 / (4 * 6 - 1)  # Hedges's approximation, good to .001 at 6 degrees
    assert row.g == pytest.approx(correction * (a.mean() - b.mean()) / pooled, rel=2e-3)
    assert row.g_low < row.g < row.g_high
    assert row.p <= row.p_fdr <= 1
    nobody = cohort_of(found, {})[0]
    assert np.isnan(nobody.g)
    assert "at least 3 are needed" in nobody.reason
    assert sides_of(tmp_path / "none") == ({}, ())


def test_relative_changes_are_shares_of_the_baseline() -> None:
    before, after = np.full(len(LOOKS), 2.0), np.full(len(LOOKS), 3.0)
    expected = [0.5 if look.relative else 1.0 for look in LOOKS]
    np.testing.assert_array_equal(change(before, after), expected)
    assert sum(look.relative for look in LOOKS) == 1


# ---------------------------------------------------------------- protocols
EXPOSURE: dict[str, Any] = {"drug": "ketamine", "share": 0.5}


def protocol(**more: Any) -> dict[str, Any]:
    return {"name": "x", "exposure": [EXPOSURE], **more}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (protocol(dose=[{"drug": "ketamine", "dose": "0.5 mg/kg"}]), "'dose'"),
        (protocol(exposure=[EXPOSURE | {"dose": "35 mg"}]), "'dose'"),
        (protocol(exposure=[EXPOSURE | {"share": "0.5 mg/kg"}]), "0.5 mg/kg"),
        (protocol(exposure=[EXPOSURE | {"mechanism": "10 µg"}]), "10 µg"),
        (protocol(exposure=[EXPOSURE | {"share_mg": 3}]), "share_mg"),
        (protocol(exposure=[EXPOSURE | {"route": "intravenous"}]), "'route'"),
        (protocol(exposure=[EXPOSURE | {"over": "40 min"}]), "'over'"),
        (protocol(rating=[{"session": "a", "at": "1 d"}]), "'rating'"),
        (protocol(event=[{"event": "psychotherapy", "days": [1]}]), "'event'"),
        (protocol(scan=[{"duration": "5 min", "session": "a"}]), "'session'"),
        (protocol(people={"count": 3}), "'people'"),
        (protocol(arm=[{"name": "ketamine"}]), "'arm'"),
        (protocol(design="parallel"), "'design'"),
        (protocol(outcome="madrs_total"), "'outcome'"),
        (protocol(madrs_total=20), "'madrs_total'"),
        (protocol(predict={"response": True}), "'response'"),
        (protocol(MADRS=20), "'MADRS'"),
    ],
)
def test_doses_ratings_therapy_trials_and_outcomes_are_refused(
    raw: dict[str, Any], said: str
) -> None:
    with pytest.raises(DefaultModeError, match=said) as caught:
        parse_twin_protocol(raw, "x.toml")
    assert caught.value.code == "E517"
    assert caught.value.exit == 2


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        ({"name": "x"}, "E510", "at least one"),
        (protocol(colour=1), "E510", "colour"),
        (protocol(exposure=[EXPOSURE | {"share": 1.2}]), "E510", "from 0 to 1"),
        (protocol(exposure=[EXPOSURE | {"share": -0.1}]), "E510", "from 0 to 1"),
        (protocol(exposure=[{"drug": "ketamine"}]), "E510", "share is absent"),
        (protocol(exposure=[EXPOSURE, EXPOSURE]), "E510", "ketamine twice"),
        (protocol(exposure=[EXPOSURE | {"condition": "baseline"}]), "E510", "baseline"),
        (protocol(exposure=[EXPOSURE | {"condition": "a b"}]), "E510", "letters and digits"),
        (protocol(exposure=[EXPOSURE | {"drug": "aspirin"}]), "E511", "aspirin"),
        (protocol(exposure=[EXPOSURE | {"mechanism": "magic"}]), "E511", "magic"),
        (protocol(stimulation=[{"current_na": 0.001}]), "E510", "one of region, network, role"),
        (protocol(stimulation=[{"role": "default", "current_na": 0.02}]), "E510", "0.01"),
        (protocol(stimulation=[{"role": "a", "region": "b", "current_na": 0}]), "E510", "one of"),
        (protocol(scan=[{}, {}]), "E510", "one \\[\\[scan\\]\\]"),
        (protocol(scan=[{"duration": "30 s"}]), "E510", "60 s"),
        (protocol(scan=[{"tr": "30 s"}]), "E510", "whole milliseconds"),
    ],
)
def test_what_is_not_a_twins_protocol_is_told(raw: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(DefaultModeError, match=said) as caught:
        parse_twin_protocol(raw, "x.toml")
    assert caught.value.code == code


def test_entries_of_one_condition_act_together(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'name = "5 mg in the name is no dose"\n'
        '[[exposure]]\ndrug = "ketamine"\nshare = 0.5\ncondition = "both"\n'
        '[[stimulation]]\nrole = "default"\ncurrent_na = 0.001\ncondition = "both"\n'
        '[[stimulation]]\nnetwork = "2 g"\ncurrent_na = 0.001\ncondition = "one"\n'
        '[[scan]]\nduration = "5 min"\ntr = "0.72 s"\n',
        encoding="utf-8",
    )
    read = read_twin_protocol(path)
    assert [c.name for c in read.conditions] == ["both", "one"]
    both = read.conditions[0]
    assert (len(both.exposures), len(both.stimulations)) == (1, 1)
    assert both.exposures[0].mechanism == "full", "the default one, by its name"
    assert read.scan == TwinScan(duration_s=300.0, tr_s=0.72)


def test_numbers_that_cannot_be_used_are_told() -> None:
    with pytest.raises(DefaultModeError) as caught:
        Recorded(recordings=1)
    assert caught.value.code == "E411"
