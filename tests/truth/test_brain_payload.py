"""What the brain view is given: a closed surface, every region, and numbers that come back."""

import base64
import gzip
import json
import re

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import Column, Study
from defaultmode.denoising import all_presets
from defaultmode.figures.style import ROLE_COLOURS
from defaultmode.report import Page, build_page
from defaultmode.report.brain_payload import (
    brain_payload,
    coarser,
    glass_surface,
    packed,
    packed_edges,
)
from defaultmode.report.brain_section import fill_brain
from defaultmode.report.brain_stills import within_and_between
from defaultmode.report.nouns import SessionConnectivity
from defaultmode.report.rendering import asset
from defaultmode.report.writing import shown
from defaultmode.sources.atlases import load_atlas
from report_example import example_atlas, example_matrix

HOSTILE = "</script><script>alert(1)</script>&amp;\u2028 <!--"
ATLAS = example_atlas()


def unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), dtype=kind)


def nobody() -> Study:
    column = Column("participant_id", "key", "text")
    return Study(pd.DataFrame({"participant_id": ["sub-1"]}), {"participant_id": column})


def sessions(atlas: Atlas = ATLAS, presets=("as-supplied",), groups=("",)):
    return tuple(
        SessionConnectivity(atlas, preset, group, session, 12, example_matrix("as-supplied", ATLAS)[: len(atlas), : len(atlas)] - fall)
        for preset in presets
        for group in groups
        for session, fall in (("before", 0.0), ("after", 0.1))
    )  # fmt: skip


def data_of(html: str) -> dict:
    return json.loads(re.search(r'id="views-data">(.*?)</script>', html, re.DOTALL)[1])


@pytest.mark.parametrize("kind", [np.int8, np.int16])
def test_what_is_packed_comes_back(kind):
    ends = np.iinfo(kind)
    given = np.array([[ends.min, -1, 0], [1, 5, ends.max]], dtype=kind)
    assert np.array_equal(unpacked(packed(given), given.dtype.str).reshape(2, 3), given)
    assert packed(given) == packed(given.copy())


def test_other_types_are_refused():
    with pytest.raises(DefaultModeError) as raised:
        packed(np.zeros(3))
    assert raised.value.code == "E131"


def test_edges_go_row_by_row_and_say_what_is_missing():
    z = np.full((4, 4), 9.0)  # nothing below the diagonal is read
    r = {(0, 1): 0.1, (0, 2): -0.2, (0, 3): 0.99, (1, 2): np.nan, (1, 3): 0.5, (2, 3): -1.0}
    with np.errstate(divide="ignore"):
        for pair, value in r.items():
            z[pair] = np.arctanh(value)
    assert unpacked(packed_edges(z), "i1").tolist() == [13, -25, 126, -128, 64, -127]


def test_a_correlation_is_off_by_half_a_step_at_most():
    z = example_matrix("as-supplied", ATLAS)
    steps = unpacked(packed_edges(z), "i1")
    r = np.tanh(z[np.triu_indices(len(z), k=1)])
    known = np.isfinite(r)
    assert np.array_equal(steps == -128, ~known)
    assert np.abs(steps[known] / 127 - r[known]).max() <= 1 / 254 + 1e-12


def test_the_surface_is_closed_and_its_faces_look_outwards():
    vertices_mm, faces = glass_surface()
    assert vertices_mm.shape == (5124, 3)
    assert faces.shape == (5120, 3)
    sides = np.vstack([faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    directed = set(map(tuple, sides.tolist()))
    assert len(directed) == len(sides)  # no side is walked twice in one direction
    assert {(b, a) for a, b in directed} == directed  # each once in the other: closed, one sense
    assert 2562 - len(sides) // 2 + len(faces) == 2  # Euler: a sphere
    for half in (vertices_mm[:2562], vertices_mm[2562:]):
        a, b, c = (half[faces[:, k]] for k in range(3))
        volume_cm3 = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6 / 1000
        assert 400 < volume_cm3 < 600  # positive: outwards; a hemisphere within its pia
    assert vertices_mm[:2562, 0].mean() < -20 < 20 < vertices_mm[2562:, 0].mean()


def test_a_face_before_subdivision_has_the_corners_of_its_parts():
    whole = np.array([[0, 1, 2]])
    parts = np.array([[0, 2562, 2564], [1, 2563, 2562], [2, 2564, 2563], [2562, 2563, 2564]])
    found = coarser(parts)
    assert sorted(found[0].tolist()) == [0, 1, 2]
    turned = {tuple(np.roll(found[0], k).tolist()) for k in range(3)}
    assert tuple(whole[0].tolist()) in turned  # in the same sense


def test_the_payload_holds_every_region_in_order_and_a_small_surface():
    payload = brain_payload(ATLAS)
    assert [r["name"] for r in payload["regions"]] == list(ATLAS.names)
    assert [r["x"] for r in payload["regions"]].count(None) == 2
    vertices = unpacked(payload["mesh"]["vertices"], "<i2").reshape(-1, 3) / 4
    assert np.abs(vertices - glass_surface()[0]).max() <= 0.125 + 1e-9
    assert np.array_equal(
        unpacked(payload["mesh"]["faces"], "<u2").reshape(-1, 3), glass_surface()[1]
    )
    assert len(json.dumps(payload["mesh"])) < 60_000


def test_the_regions_lie_inside_the_surface_that_they_are_drawn_in():
    low, high = glass_surface()[0].min(axis=0), glass_surface()[0].max(axis=0)
    centres_mm = load_atlas("schaefer100").centres_mm
    assert (low <= centres_mm).all()
    assert (centres_mm <= high).all()


def test_hostile_names_cannot_end_the_block_of_data():
    regions = [Region(f"{HOSTILE}{i}", HOSTILE, r.role, xyz_mm=(1.0 * i, 2.0, 3.0)) for i, r in enumerate(ATLAS.regions[:6])]  # fmt: skip
    atlas = Atlas(HOSTILE, tuple(regions), "x")
    html = build_page(Page("t", nobody(), sessions_connectivity=sessions(atlas, groups=(HOSTILE,))))
    assert "<script>alert" not in html
    data = data_of(html)
    assert [r["name"] for r in data["regions"][HOSTILE]] == list(atlas.names)
    assert data["means"][0]["group"] == HOSTILE


def test_the_numbers_of_a_session_are_means_over_pairs():
    z = example_matrix("as-supplied", ATLAS)
    ours, theirs = (
        [i for i, r in enumerate(ATLAS.regions) if r.role == role]
        for role in ("default", "task-positive")
    )
    within = np.mean([z[i, j] for i in ours for j in ours if i < j])
    between = np.mean([z[i, j] for i in ours for j in theirs])
    assert within_and_between(z, ATLAS) == pytest.approx((within, between))
    alone = Atlas("x", (Region("a", "N", "default"), Region("b", "M")))
    assert within_and_between(np.zeros((2, 2)), alone) == (None, None)


def test_every_session_is_given_in_numbers_and_in_still_pictures():
    given = sessions(groups=("a", "b"))
    filled = fill_brain(Page("t", nobody(), sessions_connectivity=given))
    for mean, one in zip(json.loads(filled["data"])["means"], given, strict=True):
        assert (mean["group"], mean["session"], mean["people"]) == (one.group, one.session, 12)
        assert (mean["within"], mean["between"]) == within_and_between(one.z, ATLAS)
        assert mean["edges"] == packed_edges(one.z)
    (view,) = filled["views"]
    assert ["below the diagonal before, above it after" in d.caption for d in view.matrices] == [
        True, True,
    ]  # fmt: skip
    (table,) = view.tables
    row = table.frame[(table.frame["network"] == "Default A") & (table.frame["to"] == "Visual")]
    means = row.to_numpy()[0][2:]
    assert means[0] - means[1] == pytest.approx(0.1)
    assert means[2] - means[3] == pytest.approx(0.1)
    assert ["Default A", "Visual", *map(shown, means)] in [[c.text for c in r] for r in table.rows]
    assert len(table.frame) == 7 * 8 // 2  # every pair of networks, and each with itself


def test_a_page_that_would_grow_too_large_says_what_it_leaves_out():
    regions = tuple(
        Region(f"r{i}", f"n{i % 4}", "default" if i % 2 else "other") for i in range(200)
    )
    atlas = Atlas("large", regions)
    names = list(all_presets())[:4]
    ones = tuple(SessionConnectivity(atlas, n, "", "", 3, np.zeros((200, 200))) for n in names)
    filled = fill_brain(Page("t", nobody(), sessions_connectivity=ones))
    assert len(json.loads(filled["data"])["means"]) == 3  # 19,900 pairs each
    assert filled["left_out"] == [f"large, {n}" for n in names[3:]]
    assert filled["views"][0].brain is None


def test_a_matrix_of_another_size_is_refused():
    with pytest.raises(DefaultModeError) as raised:
        SessionConnectivity(ATLAS, "as-supplied", "", "", 1, np.zeros((3, 3)))
    assert raised.value.code == "E131"


def test_roles_have_the_colours_of_the_figures():
    styles = asset("brain.css").lower()
    for role, colour in ROLE_COLOURS.items():
        assert f"--{role}: {colour.lower()};" in styles
