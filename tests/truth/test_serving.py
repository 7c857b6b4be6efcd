"""What the simulator's page is told is what the model and the scoreboard say, and never too much."""

import base64
import gzip
import itertools
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline import offline_grid as offline
from defaultmode.pipeline import serving_live
from defaultmode.pipeline.score_settings import ScoreSettings, laid
from defaultmode.pipeline.serving import ServeSettings, routes_of
from defaultmode.pipeline.serving_catalogue import catalogue
from defaultmode.pipeline.serving_course import TIMES_MIN, course
from defaultmode.pipeline.serving_frames import FRAMES_MIN, frames
from defaultmode.pipeline.serving_live import live
from defaultmode.pipeline.serving_request import Asked, Stretch, asked_of, stretch_of
from defaultmode.pipeline.serving_subjects import (
    Kept,
    Simulator,
    protocol_of,
    simulator_of,
    subject_of,
)
from defaultmode.pipeline.serving_treatments import share_of, treating_drugs
from defaultmode.pipeline.serving_twins import ServedTwin
from defaultmode.pipeline.twin_finding import FoundTwin, find_twins, load_twin
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.effects import apply_effects, region_weights
from defaultmode.simulation.engine import Plan, simulate, stream
from defaultmode.simulation.linear import correlation
from defaultmode.simulation.people import draw_people
from defaultmode.simulation.scoreboard import parse_situation, situation_brain
from defaultmode.simulation.scoreboard.box import read_box, typical
from defaultmode.simulation.scoreboard.quantities import (
    RAW,
    REMOVED,
    default_mode_task_positive,
    global_signal_variance,
    rest_of,
    within_default_mode,
)
from defaultmode.simulation.twin_exposure import highest_studied_level
from made_brains import small_connectome
from made_twins import small_ground, small_twin, twin_folder

KETAMINE = Asked(brain="depressed_hyper", treatment="ketamine", dose=0.5)
BODY = {"brain": "healthy", "treatment": "ketamine", "dose": 0.5}
TWIN = "twin:small"


@cache
def virtual() -> Simulator:
    return simulator_of(None)


@pytest.fixture
def with_twin(tmp_path: Path) -> Simulator:
    """A simulator whose twin has regions of its own: twelve, in the order of the page reversed."""
    folder = twin_folder(tmp_path / "twins", {"01": small_twin()})
    (found,) = find_twins(folder, "all")
    brain = load_twin(found.path).brain()
    served = ServedTwin(found, brain, small_ground(), np.arange(12)[::-1])
    return replace(virtual(), twins={TWIN: served}, kept=Kept())


def unpacked(text: str, kind: type = np.int8) -> np.ndarray:
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), kind)


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"at_min": 0},
        {"brain": None},
        {"brain": 3},
        {"treatment": ["ketamine"]},
        {"dose": "0.5"},
        {"dose": True},
        {"dose": float("inf")},
        {"therapy_at_min": {}},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": True},
        {"seed": 2**32},
    ],
    ids=str,
)
def test_request_of_another_kind_is_refused(change: dict) -> None:
    with pytest.raises(DefaultModeError) as caught:
        asked_of(BODY | change)
    assert caught.value.code == "E520"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"brain": "../healthy"}, "E520"),
        ({"treatment": "cyanide"}, "E520"),
        ({"treatment": "task", "dose": None}, "E520"),
        ({"dose": None}, "E520"),
        ({"treatment": "ect"}, "E520"),
        ({"dose": 0.09}, "E521"),
        ({"dose": 1.01}, "E521"),
        ({"dose": -0.5}, "E521"),
        ({"therapy_at_min": 30_000}, "E521"),
        ({"therapy_at_min": -11}, "E521"),
    ],
    ids=str,
)
def test_choice_outside_the_catalogue_is_refused(change: dict, code: str) -> None:
    with pytest.raises(DefaultModeError) as caught:
        protocol_of(asked_of(BODY | change))
    assert caught.value.code == code


@pytest.mark.parametrize("change", [{"duration_s": 4000}, {"duration_s": 1}, {"at_min": -60}])
def test_stretch_outside_the_time_shown_is_refused(change: dict) -> None:
    with pytest.raises(DefaultModeError) as caught:
        stretch_of(BODY | change)
    assert caught.value.code == "E521"


def test_usual_stretch_needs_no_words() -> None:
    assert stretch_of(BODY)[1] == Stretch()
    assert stretch_of(BODY | {"at_min": 40, "duration_s": 60})[1] == Stretch(
        at_min=40.0, duration_s=60.0
    )


def test_settings_are_checked() -> None:
    with pytest.raises(DefaultModeError, match="65536") as caught:
        ServeSettings(port=65536)
    assert caught.value.code == "E411"


def test_routes_are_those_of_the_contract() -> None:
    known = {(r.method, r.path) for r in routes_of(virtual())}
    posts = {("POST", f"/api/{name}") for name in ("course", "frames", "live")}
    assert known == posts | {("GET", "/api/catalogue")}


# ---------------------------------------------------------------- catalogue


def test_catalogue_holds_what_the_contract_says() -> None:
    found = catalogue(virtual())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(found["regions"]) == 100
    assert next(b["id"] for b in found["brains"]) == "healthy"
    assert {t["kind"] for t in found["treatments"]} == {"none", "drug", "event"}
    assert {t["id"] for t in found["treatments"]} >= {
        "none", "ketamine", "midazolam", "psilocybin", "meditation", "ect", "psychotherapy",
    }  # fmt: skip
    assert found["frames_min"] == list(FRAMES_MIN)
    for treatment in found["treatments"]:
        assert all(mark["text"] for mark in treatment["marks"])
        kinds = {mark["kind"] for mark in treatment["marks"]}
        assert kinds <= {"calibrated", "built in", "emergent", "assumed"}


@pytest.mark.parametrize("drug", [d.name for d in treating_drugs()])
def test_doses_lie_in_the_studied_range_and_can_be_asked_for(drug: str) -> None:
    (found,) = (t for t in catalogue(virtual())["treatments"] if t["id"] == drug)
    low, high = found["studied"]
    assert sum(dose["usual"] for dose in found["doses"]) == 1
    for dose in found["doses"]:
        assert low <= dose["value"] <= high
        assert 0 <= dose["share"] <= 1
        protocol_of(Asked(brain="healthy", treatment=drug, dose=dose["value"]))


def test_share_is_of_the_highest_studied_level() -> None:
    top = highest_studied_level("ketamine")
    reached = max(course(virtual(), KETAMINE)["level"])
    assert share_of("ketamine", 0.5) == pytest.approx(reached / top, rel=1e-3)


def test_marks_name_what_is_hypothetical_and_what_the_scoreboard_labels() -> None:
    (ketamine,) = (t for t in catalogue(virtual())["treatments"] if t["id"] == "ketamine")
    by_kind = {mark["kind"]: mark["text"] for mark in ketamine["marks"]}
    surge = find_drug("ketamine").mechanism().effects[-1]
    assert surge.hypothetical
    assert {"text": surge.sentence, "kind": "assumed"} in ketamine["marks"]
    assert "global signal" in by_kind["built in"]
    assert not any("“Disinhibition alone" in mark["text"] for mark in ketamine["marks"])


# ---------------------------------------------------------------- courses


def test_course_is_what_the_model_says() -> None:
    found = course(virtual(), KETAMINE)
    line = subject_of(virtual(), KETAMINE)
    at = list(TIMES_MIN).index(40.0)
    assert found["level"][at] == pytest.approx(dict(line.levels(40.0))["ketamine"], rel=1e-3)
    assert found["condition_level"][at] == pytest.approx(
        dict(line.levels(40.0))["condition"], rel=1e-3
    )
    assert found["plasma_ng_ml"][: list(TIMES_MIN).index(2.0)] == [0.0] * 6
    assert np.argmax(found["plasma_ng_ml"]) == at
    assert len(found["times_min"]) == len(found["level"]) == len(found["mood"]["low"])


def test_bands_hold_nine_of_ten_virtual_people() -> None:
    mood = course(virtual(), KETAMINE)["mood"]
    baseline = draw_people(200, seed=0, condition="depressed_hyper").baseline_madrs
    assert mood["mean"][0] == pytest.approx(baseline.mean(), rel=1e-3)
    inside = (baseline >= mood["low"][0]) & (baseline <= mood["high"][0])
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
    assert mood["mean"][-1] < mood["mean"][0]


def test_seed_moves_the_people_and_not_the_typical_person() -> None:
    first, second = (course(virtual(), replace(KETAMINE, seed=s)) for s in (0, 1))
    assert first["level"] == second["level"]
    assert first["mood"] != second["mood"]
    assert course(virtual(), KETAMINE) == first


@pytest.mark.parametrize(
    ("asked", "mood", "dissociation"),
    [
        (KETAMINE, True, True),
        (replace(KETAMINE, brain="healthy"), False, True),
        (replace(KETAMINE, treatment="midazolam", dose=0.045), True, False),
        (replace(KETAMINE, treatment="psilocybin", dose=25.0), False, False),
        (replace(KETAMINE, treatment="ect", dose=None), False, False),
        (replace(KETAMINE, treatment="none", dose=None), True, False),
        (replace(KETAMINE, treatment="none", dose=None, therapy_at_min=0.0), False, False),
    ],
    ids=lambda value: value.key if isinstance(value, Asked) else "",
)
def test_curve_that_nobody_fitted_is_not_drawn(
    asked: Asked, mood: bool, dissociation: bool
) -> None:
    found = course(virtual(), asked)
    assert (found["mood"] is not None, found["dissociation"] is not None) == (mood, dissociation)
    assert mood or any("mood" in note["text"].lower() for note in found["notes"])


def test_mood_stands_still_where_nothing_is_given() -> None:
    mood = course(virtual(), replace(KETAMINE, treatment="none", dose=None))["mood"]
    assert np.ptp(mood["mean"]) == 0.0


def test_session_lowers_the_condition() -> None:
    without = course(virtual(), KETAMINE)
    with_session = course(virtual(), replace(KETAMINE, therapy_at_min=1440.0))
    assert with_session["condition_level"][-1] < without["condition_level"][-1]
    assert with_session["mood"] == without["mood"]


def test_session_during_another_treatment_is_refused_with_the_reason() -> None:
    asked = Asked(brain="depressed_hyper", treatment="ect", therapy_at_min=10.0)
    found = course(virtual(), asked)
    assert found["refused"].startswith("E509")
    assert found["level"] == []
    with pytest.raises(DefaultModeError) as caught:
        next(frames(virtual(), asked))
    assert caught.value.code == "E509"


# ---------------------------------------------------------------- connectivity


def test_page_and_scoreboard_see_the_same_brain() -> None:
    """The healthy and the depressed brain, untreated, by the scoreboard's own road."""
    ground = laid(ScoreSettings())
    usual = typical(read_box(), ground.default)
    for name in ("healthy", "depressed_hyper"):
        brain = situation_brain(
            parse_situation(name), ground.bases[ground.default], ground.ground, usual
        )
        rest = rest_of(brain, ground.ground)
        first = next(frames(virtual(), Asked(brain=name)))
        assert first["within_default"] == pytest.approx(within_default_mode(rest, RAW), abs=1e-4)
        assert first["without_global"]["default_task_positive"] == pytest.approx(
            default_mode_task_positive(rest, REMOVED), abs=1e-4
        )
        assert first["global_variance"] == 1.0


def test_treated_brain_is_that_of_the_scoreboard_at_the_same_level() -> None:
    ground, drug = virtual().ground, find_drug("ketamine")
    asked = replace(KETAMINE, brain="healthy")
    level = dict(subject_of(virtual(), asked).levels(40.0))["ketamine"]
    acting = [
        (e, region_weights(e, ground.atlas, ground.maps), level) for e in drug.mechanism().effects
    ]
    base = virtual().substrate.brain
    rest, untreated = rest_of(apply_effects(base, acting), ground), rest_of(base, ground)
    (found,) = frames(virtual(), asked, [40.0])
    assert found["within_default"] == pytest.approx(within_default_mode(rest, RAW), abs=2e-4)
    assert found["default_task_positive"] == pytest.approx(
        default_mode_task_positive(rest, RAW), abs=2e-4
    )
    share = global_signal_variance(rest, RAW) / global_signal_variance(untreated, RAW)
    assert found["global_variance"] == pytest.approx(share, abs=2e-4)
    r = correlation(rest.covariance[RAW])[np.triu_indices(100, k=1)]
    assert np.abs(unpacked(found["edges"]) / 127 - r).max() <= 0.6 / 127


def test_same_brain_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from defaultmode.pipeline import serving_frames

    looked = []
    monkeypatch.setattr(
        serving_frames, "rest_of", lambda *given: looked.append(1) or rest_of(*given)
    )
    simulator = replace(virtual(), kept=Kept())
    shown = list(frames(simulator, Asked(brain="healthy"), [-10.0, 0.0, 60.0]))
    assert len(looked) == 1
    assert len({frame["edges"] for frame in shown}) == 1


def test_kept_forgets_the_oldest() -> None:
    kept, made = Kept(2), []
    for key in (1, 2, 1, 3, 1, 2):
        kept.get(key, lambda key=key: made.append(key))
    assert made == [1, 2, 3, 2]


# ---------------------------------------------------------------- the nonlinear engine


@pytest.mark.parametrize("model", ["mean_field", "hopf"])
def test_pieces_are_the_bits_of_one_run(model: str) -> None:
    from made_brains import default_brain

    connectome = small_connectome()
    calm = {"coupling": 0.1} if model == "mean_field" else {}
    brain = default_brain(model, len(connectome), **calm)
    other = brain.changed(
        **{next(iter(brain.values)): brain.value(next(iter(brain.values))) * 1.01}
    )
    plan = Plan(duration_s=1.0, tr_s=0.1, settle_s=0.2, update_s=0.25, dt_ms=0.5)

    def changing(t_s: float):
        return brain if t_s < 0.5 else other

    whole = simulate(changing, [3], plan).bold[:, :, 0]
    pieces = list(stream(changing, 3, plan))
    assert len(pieces) == 4
    assert np.array_equal(np.concatenate(pieces), whole)


def test_stream_is_of_one_person() -> None:
    two = virtual().substrate.brain.changed(coupling=np.ones((1, 2)))
    with pytest.raises(DefaultModeError) as caught:
        next(stream(two, 0, Plan(duration_s=1.0)))
    assert caught.value.code == "E506"


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_live, "UNTREATED_S", 40.0)


@pytest.mark.usefixtures("brief")
def test_live_is_the_engine_in_units_of_the_untreated_run() -> None:
    simulator = replace(virtual(), kept=Kept())
    untreated = replace(KETAMINE, treatment="none", dose=None, seed=serving_live.UNTREATED_SEED)
    *lines, last = live(simulator, untreated, Stretch(duration_s=40.0))
    activity = np.array([line["activity"] for line in lines])
    # the very run that sets the unit, as it has the same seed and length
    assert np.abs(activity.mean(axis=0)).max() < 0.01
    assert activity.std(axis=0, ddof=1) == pytest.approx(1.0, abs=0.01)
    atlas = simulator.substrate.atlas
    assert lines[7]["default"] == pytest.approx(
        activity[7, atlas.members("default")].mean(), abs=0.01
    )
    assert [line["t_s"] for line in lines] == list(range(1, 41))
    assert (last["done"], last["brain_s"]) == (True, 40.0)


@pytest.mark.usefixtures("brief")
def test_live_stops_when_nobody_asks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = []

    def counted(*given):
        for piece in stream(*given):
            simulated.append(len(piece))
            yield piece

    monkeypatch.setattr(serving_live, "stream", counted)
    lines = live(virtual(), KETAMINE, Stretch(at_min=40.0, duration_s=3600.0))
    list(itertools.islice(lines, 3))
    lines.close()
    assert sum(simulated) <= 4


# ---------------------------------------------------------------- twins


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"dose": 1.5}, "E521"),
        ({"dose": -0.1}, "E521"),
        ({"dose": None}, "E520"),
        ({"treatment": "cyanide"}, "E520"),
        ({"treatment": "ect", "dose": None}, "E517"),
        ({"therapy_at_min": 60.0}, "E517"),
    ],
    ids=str,
)
def test_twin_is_given_shares_only(with_twin: Simulator, change: dict, code: str) -> None:
    asked = replace(Asked(brain=TWIN, treatment="ketamine", dose=0.5), **change)
    with pytest.raises(DefaultModeError) as caught:
        next(frames(with_twin, asked))
    assert caught.value.code == code
    if code == "E517":
        assert course(with_twin, asked)["refused"].startswith("E517")


def test_twin_has_no_mood_no_dissociation_and_no_dose(with_twin: Simulator) -> None:
    found = course(with_twin, Asked(brain=TWIN, treatment="ketamine", dose=0.5))
    for name in ("mood", "dissociation", "plasma_ng_ml", "effect_site_ng_ml", "plasticity"):
        assert found[name] is None
    assert set(found["level"]) == {0.0, 0.5}
    (entry,) = (b for b in catalogue(with_twin)["brains"] if b["kind"] == "twin")
    assert entry["id"] == TWIN
    for treatment in catalogue(with_twin)["treatments"]:
        assert not any("mg" in dose["label"] for dose in treatment["twin_doses"])


def test_twin_is_shown_in_the_order_of_the_page(with_twin: Simulator) -> None:
    asked = Asked(brain=TWIN, treatment="midazolam", dose=1.0)
    before, after = frames(with_twin, asked, [-1.0, 1.0])
    rest = rest_of(with_twin.twins[TWIN].brain, small_ground())
    r = correlation(rest.covariance[RAW])[::-1, ::-1][np.triu_indices(12, k=1)]
    assert np.abs(unpacked(before["edges"]) / 127 - r).max() <= 0.6 / 127
    assert after["within_default"] != before["within_default"]


def test_folder_without_twins_of_the_atlas_is_refused(tmp_path: Path) -> None:
    folder = twin_folder(tmp_path / "twins", {"01": small_twin()})
    with pytest.raises(DefaultModeError) as caught:
        simulator_of(folder)
    assert caught.value.code == "E518"


def test_twin_that_failed_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, with_twin: Simulator
) -> None:
    from defaultmode.core.missing import Missing
    from defaultmode.pipeline import serving_twins

    good = with_twin.twins[TWIN].found
    bad = FoundTwin(good.path, good.entities, good.atlas, Missing("no fit", "E515"))
    monkeypatch.setattr(serving_twins, "find_twins", lambda *_: (bad,))
    served, said = serving_twins.found_twins(Path(), virtual().substrate.atlas)
    assert not served
    assert "no fit" in said[0]


# ---------------------------------------------------------------- one file


@pytest.mark.usefixtures("brief")
def test_offline_grid_holds_every_choice_of_its_catalogue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(offline, "FRAMES_MIN", (-10.0, 40.0))
    monkeypatch.setattr(offline, "BRAINS", ("depressed_hyper",))
    monkeypatch.setattr(offline, "LIVE", Stretch(at_min=30.0, duration_s=10.0))
    keep = ("none", "ketamine", "ect")

    def fewer(simulator: Simulator) -> dict:
        whole = catalogue(simulator)
        return whole | {"treatments": [t for t in whole["treatments"] if t["id"] in keep]}

    monkeypatch.setattr(offline, "catalogue", fewer)
    grid = offline.offline_grid(virtual(), seed=1)
    assert len(grid["courses"]) == (1 + 3 + 1) * 2
    asked = replace(KETAMINE, seed=1)
    held = grid["courses"]["depressed_hyper|ketamine|0.5|"]
    online = list(frames(virtual(), asked, [-10.0, 40.0]))
    assert [f | {"edges": grid["edges"][f["edges"]]} for f in held["frames"]] == online
    assert held["request"] == asked.record()
    assert len(set(grid["edges"])) == len(grid["edges"]) < 2 * len(grid["courses"])
    scan = grid["live"]["depressed_hyper|ketamine|0.5|"]
    assert unpacked(scan["activity"]).size == 100 * 10 / scan["tr_s"]
    assert len(grid["live"]) == 3
    json.dumps(grid, allow_nan=False)
