"""Every measure, present and future, keeps what it promises."""

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError, error_table
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Processing
from defaultmode.core.reference import Reference
from defaultmode.core.spins import SPINS
from defaultmode.core.tested import Tested
from defaultmode.measures import PREMISES, _registry, all_measures, find, measure
from toy_recordings import gappy, lively, reference_of

ROUNDING = 1e-9  # sums over up to a few hundred frames and regions, taken in another order
BOOK = list(all_measures().values())
RECORDINGS = {"whole": lively(), "with gaps": gappy()}
ORDER = np.random.default_rng(1).permutation(len(lively().atlas))
PLACE_OF = np.argsort(ORDER)  # column of the original → its column in the new order


@cache
def states():
    """States of three people, of whom one lacks the regions that `gappy` lacks."""
    from defaultmode.measures import learn_states

    people = {"01": gappy(), "02": lively(seed=2), "03": lively(seed=3)}
    named = [replace(r, entities=Entities(name)) for name, r in people.items()]
    return learn_states(named, n_states=3, seed=0)


def valued(m, recording):
    """The measure of a recording, with everything that it may ask for."""
    return m(recording, reference_of(recording, states()))


def changed(r, change):
    """Same recording with everything that carries a signal passed through a function."""
    grid = replace(r.grid, signal=change(r.grid.signal.T).T.astype(np.float32))
    return replace(r, signal=change(r.signal), unfiltered=change(r.unfiltered), grid=grid)


def reordered(r):
    moved = {"signal": r.signal[:, ORDER], "unfiltered": r.unfiltered[:, ORDER]}
    grid = replace(r.grid, region=PLACE_OF[r.grid.region])
    return replace(r, atlas=r.atlas.take(ORDER), grid=grid, **moved)


CHANGES = {
    "scale": lambda r: changed(r, lambda x: 3.0 * x),
    "offset": lambda r: changed(r, lambda x: x + 100.0),
    "time reversal": lambda r: replace(changed(r, lambda x: x[::-1]), usable=r.usable[::-1]),
    "region order": reordered,
}
BREAKS = {
    "percent scale": lambda r: replace(r, unit="arbitrary"),
    "global signal kept": lambda r: replace(r, processing=Processing(global_signal_removed=True)),
    "whole spectrum": lambda r: replace(
        r, unfiltered=None, processing=Processing(high_cutoff_hz=0.1)
    ),
    "low frequencies kept": lambda r: replace(
        r, processing=Processing(supplied_low_cutoff_hz=0.05)
    ),
    "motion known": lambda r: replace(r, motion=None),
    "frames judged": lambda r: replace(r, motion=None),
    "task known": lambda r: replace(r, events=()),
    "grid known": lambda r: replace(r, grid=None),
    "slow changes kept": lambda r: replace(r, processing=Processing(supplied_low_cutoff_hz=0.005)),
    "concentration known": lambda r: replace(r, exposure=None),
    "not low-passed": lambda r: replace(
        r, unfiltered=None, processing=Processing(high_cutoff_hz=0.1)
    ),
}
PROMISES = [(m, change) for m in BOOK for change in m.unchanged_by]
PREMISED = [(m, premise) for m in BOOK for premise in m.premises if premise in PREMISES]


def name(x):
    return getattr(x, "name", x)


def numbers(value, recording, m):
    """Value as an array without the places where it may be empty; fails on anything else."""
    assert not isinstance(value, Missing), value
    if isinstance(value, Tested):
        assert np.isfinite(value.surrogates).all()
        value = value.value
    if m.kind == "number":
        assert isinstance(value, float)
        return np.array([value])
    n = len(recording.atlas)
    assert value.shape == ((n,) if m.kind == "regions" else (n, n))
    present = ~np.isnan(value)
    assert present.any()
    assert set(np.argwhere(present).ravel()) <= set(recording.columns())
    return value[present]


@pytest.mark.parametrize("kind", RECORDINGS)
@pytest.mark.parametrize("m", BOOK, ids=name)
def test_is_finite(m, kind):
    recording = RECORDINGS[kind]
    assert np.isfinite(numbers(valued(m, recording), recording, m)).all()


@pytest.mark.parametrize("kind", RECORDINGS)
@pytest.mark.parametrize("m", BOOK, ids=name)
def test_is_repeatable_to_the_bit(m, kind):
    """Also for an equal recording that no cache knows."""
    first, again, anew = (
        numbers(valued(m, r), r, m)
        for r in (RECORDINGS[kind], RECORDINGS[kind], replace(RECORDINGS[kind]))
    )
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, anew)


@pytest.mark.parametrize("m", BOOK, ids=name)
def test_says_what_it_is(m):
    assert m.sentence.endswith(".")
    assert "\n" not in m.sentence
    assert m.unit
    assert m.cites
    assert m.kind in ("number", "regions", "pairs")


@pytest.mark.parametrize("m", BOOK, ids=name)
def test_sources_are_in_the_reference_list(m):
    text = files("defaultmode").joinpath("report/references.bib").read_text("utf-8")
    assert set(m.cites) <= set(re.findall(r"@\w+\{\s*([^,\s]+)\s*,", text))


@pytest.mark.parametrize("kind", RECORDINGS)
@pytest.mark.parametrize(("m", "change"), PROMISES, ids=name)
def test_is_unchanged_by(m, change, kind):
    before, after = RECORDINGS[kind], CHANGES[change](RECORDINGS[kind])
    expected, found = (plain(valued(m, r)) for r in (before, after))
    if change == "region order" and m.kind != "number":
        expected = expected[ORDER] if m.kind == "regions" else expected[np.ix_(ORDER, ORDER)]
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=ROUNDING)


def plain(value):
    return value.value if isinstance(value, Tested) else value


def test_the_changes_change_something():
    """A promise is worth nothing if the change that tests it does nothing."""
    assert set(CHANGES) == set(_registry.PROMISES)
    for change in CHANGES.values():
        assert not np.array_equal(change(lively()).signal, lively().signal)
    amplitude = find("global_signal_amplitude")
    assert amplitude(CHANGES["scale"](lively())) == pytest.approx(3 * amplitude(lively()))


@pytest.mark.parametrize(("m", "premise"), PREMISED, ids=name)
def test_is_missing_when_its_premise_is_broken(m, premise):
    value = valued(m, BREAKS[premise](lively()))
    assert isinstance(value, Missing)
    assert value.code == "E304"
    assert PREMISES[premise].sentence in value.reason


NEEDY = [(m, need) for m in BOOK for need in m.needs if need != "stream"]


@pytest.mark.parametrize(("m", "need"), NEEDY, ids=name)
def test_is_missing_when_the_reference_lacks_what_it_needs(m, need):
    value = m(lively(), Reference())
    assert isinstance(value, Missing)
    assert value.code in {"E307", "E308"}


DRAWN = [m for m in BOOK if "stream" in m.needs]


@pytest.mark.parametrize("m", DRAWN, ids=name)
def test_surrogates_come_from_the_seed_and_change_with_it(m):
    """The value itself never depends on the seed; where it can vary, its surrogates do."""
    known = reference_of(lively(), states())
    first, again, other = (
        m(lively(), replace(known, seed=seed, surrogates=3)) for seed in (1, 1, 2)
    )
    assert isinstance(first, Tested)
    assert first.value == again.value == other.value
    np.testing.assert_array_equal(first.surrogates, again.surrogates)
    rotations = SPINS if m.name.startswith("function_") else 0
    assert len(first.surrogates) <= max(3, rotations)


def test_every_premise_can_hold_and_be_broken():
    assert set(BREAKS) == set(PREMISES)
    for premise in PREMISES.values():
        assert premise.holds(lively())
        assert not premise.holds(BREAKS[premise.name](lively()))
        assert premise.sentence.endswith(".")


@pytest.mark.parametrize("m", BOOK, ids=name)
def test_never_crashes_and_never_gives_nan_where_nothing_is_left(m):
    """Two usable frames: a number that is still right, or Missing with a code of the table."""
    usable = np.zeros(200, dtype=bool)
    usable[[3, 9]] = True
    value = valued(m, replace(lively(), usable=usable))
    if isinstance(value, Missing):
        assert value.code in error_table()
        assert value.reason
    else:
        assert m.name.startswith(("framewise", "censored", "usable"))
        assert np.isfinite(value)


@pytest.fixture
def book(monkeypatch):
    """A copy of the registry that a test may write in."""
    monkeypatch.setattr(_registry, "_BOOK", dict(_registry._BOOK))
    monkeypatch.setattr(_registry, "_LOADED", set())


def enter(function, **fields):
    return measure(unit="1", cites=("Fox2005",), **fields)(function)


def test_a_name_is_given_once(book):
    def usable_s(recording):
        """Twice."""

    with pytest.raises(ValueError, match="two measures are called 'usable_s'"):
        enter(usable_s)


@pytest.mark.parametrize("field", ["unchanged_by", "premises"])
def test_an_unknown_promise_or_premise_is_refused(book, field):
    def fresh(recording):
        """New."""

    with pytest.raises(ValueError, match="names \\['phase of the moon'\\]"):
        enter(fresh, **{field: ("phase of the moon",)})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_none_becomes_missing(book, bad):
    def fresh(recording):
        """New."""
        return bad

    assert enter(fresh)(lively()).code == "E306"


def test_a_vector_of_another_length_is_a_bug(book):
    def fresh(recording):
        """New."""
        return np.zeros(3)

    with pytest.raises(ValueError, match=r"fresh gave the shape \(3,\)"):
        enter(fresh, kind="regions")(lively())


def test_an_error_that_is_not_about_too_little_data_is_not_swallowed(book):
    def fresh(recording):
        """New."""
        raise DefaultModeError("E131", "wrong shape.")

    with pytest.raises(DefaultModeError, match="E131"):
        enter(fresh)(lively())


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(DefaultModeError, match=r"E410.*within_default_mode"):
        find("within_defualt_mode")


class EntryPoint:
    """What importlib.metadata gives for a package that adds measures."""

    name, value = "mood", "mood_measures"

    def __init__(self, load):
        self.load = load


def test_a_package_adds_its_measures(book, monkeypatch):
    def load():
        def mood(recording):
            """How the mood is."""
            return 1.0

        return enter(mood)

    monkeypatch.setattr(_registry, "entry_points", lambda **_: [EntryPoint(load)])
    assert find("mood")(lively()) == 1.0
    assert "mood" in all_measures()  # a second look does not load it again


def test_a_package_that_fails_to_load_is_reported(book, monkeypatch):
    def load():
        msg = "no module named mood"
        raise ImportError(msg)

    monkeypatch.setattr(_registry, "entry_points", lambda **_: [EntryPoint(load)])
    for _ in range(2):
        with pytest.raises(DefaultModeError, match=r"E607: 'mood' \(mood_measures\).*no module"):
            all_measures()
