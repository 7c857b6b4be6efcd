"""What every atlas of the package promises; a new atlas is tested without being listed here."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.atlas import HEMISPHERES, PLACES, ROLES, SUBSYSTEMS
from defaultmode.sources import atlases
from defaultmode.sources.atlases import (
    absent_places,
    atlas_names,
    load_atlas,
    match_atlas,
    parcellation,
)

DATA = Path(atlases.__file__).parent / "data"
NAMED = [
    name
    for name in atlas_names()
    if "member" in tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))
]
VOLUMES = [path.name.removesuffix(".nii.gz") for path in sorted(DATA.glob("*.nii.gz"))]
# MNI 152 brain, 1 mm, with the cerebellum; every centre lies inside
LOWEST_MM, HIGHEST_MM = (-75, -110, -60), (75, 76, 85)
LARGEST_BYTES = 300_000

every_atlas = pytest.mark.parametrize("name", atlas_names())


def test_the_seven_atlases_of_the_issue_are_there():
    expected = {
        "seitzman300",
        "dosenbach160",
        "schaefer100",
        "aal90",
        "aal2_94",
        "destrieux164",
        "seeds",
    }
    assert expected <= set(atlas_names())


@every_atlas
def test_its_size_is_in_its_name(name):
    number = re.search(r"(\d+)$", name)
    assert number is None or len(load_atlas(name)) == int(number.group())


@every_atlas
def test_it_says_what_it_is_and_whose(name):
    about = tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))
    atlas = load_atlas(name)
    assert atlas.sentence.endswith(".")
    assert atlas.label
    assert atlas.label.isalnum()  # a BIDS entity value
    assert atlas.cites
    assert all(re.fullmatch(r"[A-Z]\w+\d{4}", key) for key in atlas.cites)
    assert atlas.licence
    assert about["source"]
    assert about["membership"]
    assert about["centres"]


@every_atlas
def test_names_and_every_naming_scheme_are_unique(name):
    regions = load_atlas(name).regions
    schemes = {len(r.aliases) for r in regions}
    assert len({r.name for r in regions}) == len(regions)
    assert len(schemes) == 1
    for i in range(schemes.pop()):
        assert len({r.aliases[i] for r in regions}) == len(regions)


@every_atlas
def test_the_account_of_the_default_mode_network_is_complete(name):
    atlas = load_atlas(name)
    for region in atlas.regions:
        assert region.network
        assert region.role in ROLES
        assert region.subsystem in ("", *SUBSYSTEMS)
        assert region.place in ("", *PLACES)
        assert region.hemisphere in HEMISPHERES
        assert (region.role == "default") == (region.network == "Default")
        assert region.role == "default" or not (region.subsystem or region.place)
    assert len(atlas.members("default")) >= 10
    assert len(atlas.members("task-positive")) >= 6
    assert len(atlas.members("salience")) >= 2
    assert {r.subsystem for r in atlas.regions} >= set(SUBSYSTEMS)


@every_atlas
def test_all_five_places_are_there_or_their_absence_is_explained(name):
    atlas = load_atlas(name)
    absent = {place for place in PLACES if not len(atlas.members("default", place=place))}
    assert absent == set(absent_places(name))
    assert all(absent_places(name).values())


@every_atlas
def test_dorsal_attention_can_be_asked_for_where_the_atlas_tells_it(name):
    found = load_atlas(name).members("task-positive", network="DorsalAttention")
    assert len(found) >= 2 or name == "dosenbach160"  # its networks have none


@every_atlas
def test_centres_lie_in_the_brain_and_on_their_side(name):
    for region in load_atlas(name).regions:
        if region.xyz_mm is None:
            assert name == "destrieux164"  # a surface atlas, no volume of which may be carried
            continue
        assert np.all(np.array(region.xyz_mm) > LOWEST_MM), region
        assert np.all(np.array(region.xyz_mm) < HIGHEST_MM), region
        side = "L" if region.xyz_mm[0] < 0 else "R" if region.xyz_mm[0] > 0 else "M"
        assert region.hemisphere == side


@every_atlas
def test_its_own_names_and_aliases_find_it_in_any_order(name):
    atlas = load_atlas(name)
    order = np.random.default_rng(2).permutation(len(atlas))
    schemes = [atlas.names, *zip(*(r.aliases for r in atlas.regions), strict=True)]
    for scheme in schemes:
        found, indices = match_atlas([scheme[i] for i in order])
        assert found.name == name
        np.testing.assert_array_equal(order[indices], np.arange(len(atlas)))


@pytest.mark.parametrize("name", NAMED)
def test_membership_by_name_is_the_same_on_both_sides(name):
    about = tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))
    left, right, left_end, right_end = about["sides"]
    regions = {r.name: r for r in load_atlas(name).regions}
    pairs = 0
    for plain, region in regions.items():
        if region.hemisphere == "L":
            core = plain[len(left) : len(plain) - len(left_end)]
            twin = regions[right + core + right_end]
            pairs += 1
            assert twin.hemisphere == "R"
            for field in ("network", "role", "subsystem", "place"):
                assert getattr(twin, field) == getattr(region, field), plain
    assert pairs * 2 == len(regions)


@pytest.mark.parametrize("name", NAMED)
def test_the_table_is_what_its_rule_says(name):
    about = tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))
    short = about.get("short", {})
    left, _, left_end, _ = about["sides"]
    regions = {r.name: r for r in load_atlas(name).regions}
    for member in about["member"]:
        assert member["because"]
        for plain in member["regions"]:
            region = regions[left + short.get(plain, plain) + left_end]
            for field in ("network", "role", "subsystem", "place"):
                assert getattr(region, field) == member.get(field, ""), plain


@pytest.mark.parametrize("name", NAMED)
def test_both_precunei_are_default(name):
    precunei = [r for r in load_atlas(name).regions if "precuneus" in r.name.lower()]
    assert {r.hemisphere for r in precunei} == {"L", "R"}
    assert {(r.role, r.place) for r in precunei} == {("default", "precuneus")}


def test_volumes_are_embedded_for_the_two_volumetric_atlases():
    assert VOLUMES == ["aal90", "schaefer100"]


@pytest.mark.parametrize("name", VOLUMES)
def test_the_label_volume_is_the_right_way_round_and_in_order(name):
    parcels = parcellation(name)
    atlas = load_atlas(name)
    assert parcels is not None
    assert parcels.ids == tuple(range(1, len(atlas) + 1))
    assert parcels.affine[0, 0] > 0  # x runs from left to right
    assert not parcels.labels.flags.writeable
    centres = parcels.centres_mm
    left = np.array([r.hemisphere == "L" for r in atlas.regions])
    assert (centres[left, 0] < 0).all()
    assert (centres[~left, 0] > 0).all()
    gap = np.linalg.norm(centres[:, None] - atlas.centres_mm[None], axis=2)
    np.testing.assert_array_equal(gap.argmin(axis=1), np.arange(len(atlas)))
    assert np.median(np.diag(gap)) < 2
    assert np.diag(gap).max() < 9  # CBIG's centroid of two medial motor parcels is 8 mm away


@pytest.mark.parametrize("path", sorted(DATA.iterdir()), ids=lambda p: p.name)
def test_files_are_small(path):
    assert path.is_dir() or path.stat().st_size < LARGEST_BYTES


def test_licences_travel_with_the_volumes():
    notice = (DATA / "LICENSES/NOTICE.txt").read_text("utf-8")
    for name in VOLUMES:
        assert f"{name}.nii.gz" in notice
    for licence in re.findall(r"[\w.-]+-LICENSE\.txt", notice):
        assert "Permission is hereby granted" in (DATA / "LICENSES" / licence).read_text("utf-8")
