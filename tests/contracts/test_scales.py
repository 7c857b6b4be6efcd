"""Every clinical scale has a sane range, a source, and names that are its own."""

import math

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.scales import all_scales, find_scale, parse_scales, scale_of
from defaultmode.report.references import all_references

CONSTRUCTS = {
    *("depression", "rumination", "dissociation", "altered_states", "self_bias", "anxiety"),
    *("anhedonia", "suicidality", "mania", "intensity", "psychosis", "distress"),
}  # fmt: skip
SCALES = all_scales().values()
ONE = """[X]
title = "X"
names = ["x"]
construct = "depression"
items = 1
low = 0
high = 10
direction = "worse"
source = "Zung1965"
verified = false
"""


@pytest.mark.parametrize("scale", SCALES, ids=lambda s: s.name)
def test_a_scale_is_whole(scale) -> None:
    assert scale.construct in CONSTRUCTS
    assert scale.low < scale.high
    assert scale.title
    assert set(scale.cites) <= set(all_references())
    if not math.isnan(scale.remission):
        assert scale.low <= scale.remission < scale.high / 2
        assert scale.construct == "depression"
        assert scale.remission_source
        assert not math.isnan(scale.response)
    if not math.isnan(scale.response):
        assert 0 < scale.response < 1
        assert scale.low == 0, "a share of a score that begins elsewhere means nothing"


@pytest.mark.parametrize("scale", SCALES, ids=lambda s: s.name)
def test_the_items_give_the_range(scale) -> None:
    """The span is a whole number of steps for each item, or the same fixed line for all of them."""
    if scale.items and scale.unit == "points" and math.isfinite(scale.high):
        unequal = {"HAMD-17", "HAMD-21", "HAMD-24", "HAMD-6", "QIDS", "QIDS-SR16", "QIDS-C16"}
        unequal |= {"IDS", "IDS-SR", "IDS-C", "Zung-SDS", "SHAPS", "YMRS"}
        span = scale.high - scale.low
        if scale.name == "BPRS-positive":
            span = 4 * 7  # rated 0–6 or 1–7
        assert span % scale.items == 0 or scale.name in unequal


@pytest.mark.parametrize("scale", SCALES, ids=lambda s: s.name)
def test_every_name_finds_its_scale_however_it_is_written(scale) -> None:
    for name in scale.names:
        for written in (name, name.lower(), name.upper(), f"{name}_total", f"{name}-Sum-Score"):
            assert scale_of(written) is scale, written
    assert find_scale(scale.name) is scale


def test_no_two_scales_share_a_name() -> None:
    squeezed = [
        "".join(c for c in name.lower() if c.isalnum() or c == "+")
        for scale in SCALES
        for name in set(map(str.lower, scale.names))
    ]
    by_scale = {s.name: {n for n in squeezed if scale_of(n) is s} for s in SCALES}
    assert sum(map(len, by_scale.values())) == len(set(squeezed))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('direction = "worse"', 'direction = "up"', "worse, better, more"),
        ("high = 10", "high = -1", "high"),
        ("items = 1\n", "", "items is absent"),
        ("low = 0", "lowest = 0", "low is absent"),
        ("verified = false", 'verified = false\ncolour = "red"', "colour"),
        ("items = 1", "response = 2\nitems = 1", "response"),
    ],
)
def test_a_wrong_file_is_refused(before: str, after: str, told: str) -> None:
    assert parse_scales(ONE)["X"].range == "0–10 points"
    with pytest.raises(DefaultModeError, match=told) as caught:
        parse_scales(ONE.replace(before, after))
    assert caught.value.code == "E411"


def test_a_scale_that_nobody_knows() -> None:
    with pytest.raises(DefaultModeError, match="MADRS") as caught:
        find_scale("happiness")
    assert caught.value.code == "E410"
