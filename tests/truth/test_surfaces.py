"""Surfaces and dense CIFTI series give the plain means of their labels, or say what is wrong."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import LEFT, MIDLINE, RIGHT
from defaultmode.core.recording import Entities, Processing, Recording
from defaultmode.denoising import Choices, all_presets, denoise
from defaultmode.measures import place_maps
from defaultmode.outputs.maps import map_files
from defaultmode.sources.atlases import atlas_files, load_atlas
from defaultmode.sources.bids import RunFiles, find_runs
from defaultmode.sources.reading import read_recording
from defaultmode.sources.surface_parcels import edges, laid_on_surface, midthickness_mm
from made_surfaces import (
    N_TIME,
    N_VERTICES,
    NAMES,
    SIDES,
    STEM,
    TR_S,
    annotation,
    brain_models,
    columns,
    dense,
    dense_labels,
    gifti,
    labels,
    series,
    values,
)

WALL = N_VERTICES // 5


def pair(folder: Path, left: np.ndarray, right: np.ndarray, **meta: str) -> RunFiles:
    path = series(folder, "L", left, **meta)
    series(folder, "R", right, **meta)
    return run_of(path)


def run_of(
    path: Path, kind: str = "surface", space: str = "fsnative", **sidecar: object
) -> RunFiles:
    stated = {"RepetitionTime": TR_S} | sidecar
    return RunFiles(Entities("01", task="rest"), kind, path, stated, space=space)


def refused(code: str, files: RunFiles, atlas: str) -> str:
    with pytest.raises(DefaultModeError) as caught:
        read_recording(files, atlas)
    assert caught.value.code == code, caught.value
    return caught.value.detail


def expected(data: np.ndarray) -> dict[str, np.ndarray]:
    """Plain means of the labels of one hemisphere."""
    return {i: data[columns() == i].astype(float).mean(axis=0) for i in range(1, 5)}


def by_name(recording: Recording) -> dict[str, np.ndarray]:
    return dict(zip(recording.atlas.names, recording.signal.T, strict=True))


@pytest.mark.parametrize("write", [labels, annotation])
def test_signal_is_the_mean_of_the_vertices(write, tmp_path: Path) -> None:
    data = {"L": values(0), "R": values(1)}
    atlas, _ = (write(tmp_path, side) for side in SIDES)
    recording = read_recording(pair(tmp_path, *data.values()), str(atlas))
    found = by_name(recording)
    for side in SIDES:
        for i, mean in expected(data[side]).items():
            np.testing.assert_allclose(found[NAMES[side][i - 1]], mean, rtol=1e-12)
    assert recording.tr_s == TR_S
    assert recording.unit == "scanner"
    assert recording.grid is None
    assert recording.atlas.members("default").size == 2
    assert [p.name for p in atlas_files(str(atlas))][1].replace("R", "L").replace("rh", "lh") == (
        atlas.name
    )


def test_either_hemisphere_stands_for_both(tmp_path: Path) -> None:
    files = pair(tmp_path, values(0), values(1))
    one, other = (str(labels(tmp_path, side)) for side in SIDES)
    right = replace(files, signal=files.signals[1])
    assert right.signals == files.signals
    first, second = read_recording(files, one), read_recording(right, other)
    np.testing.assert_array_equal(first.signal, second.signal)
    assert first.atlas.names == second.atlas.names


def test_vertices_without_a_signal_are_left_out(tmp_path: Path) -> None:
    """Two of the eight vertices of a label: the mean is that of the other six."""
    left = values(0)
    left[WALL] = np.nan
    left[WALL + 1] = 5.0
    atlas, _ = (labels(tmp_path, side) for side in SIDES)
    recording = read_recording(pair(tmp_path, left, values(1)), str(atlas), maps=True)
    mean = left[WALL + 2 : 2 * WALL].astype(float).mean(axis=0)
    np.testing.assert_allclose(by_name(recording)[NAMES["L"][0]], mean, rtol=1e-12)
    assert recording.provenance["coverage"][NAMES["L"][0]] == 0.75
    gone = {*range(WALL + 2), *range(N_VERTICES, N_VERTICES + WALL)}
    assert set(recording.grid.index.tolist()) == set(range(2 * N_VERTICES)) - gone
    assert recording.grid.neighbours.shape[1] == 0  # the mesh of fsnative is not at hand
    assert (recording.grid.side == np.repeat([LEFT, RIGHT], [30, 32])).all()


def test_a_region_with_too_few_vertices_is_absent(tmp_path: Path) -> None:
    left = values(0)
    left[WALL : WALL + 5] = np.nan
    atlas, _ = (labels(tmp_path, side) for side in SIDES)
    recording = read_recording(pair(tmp_path, left, values(1)), str(atlas))
    absent = recording.absent[NAMES["L"][0]]
    assert (absent.code, absent.reason) == (
        "E121",
        "no coverage: 3 of its 8 places have a signal",
    )
    assert len(recording.absent) == 1


def test_hemispheres_must_belong_together(tmp_path: Path) -> None:
    atlas, _ = (str(labels(tmp_path, side)) for side in SIDES)
    files = pair(tmp_path, values(0), values(1))
    series(tmp_path, "R", values(1)[:, :-1])
    assert "12 volumes on the left, 11 on the right" in refused("E123", files, atlas)
    series(tmp_path, "R", values(1), AnatomicalStructurePrimary="CortexLeft")
    assert "says that it is of CortexLeft" in refused("E123", files, atlas)
    files.signals[1].unlink()
    assert "hemi-R" in refused("E123", files, atlas)
    alone = tmp_path / "bold.func.gii"
    files.signals[0].rename(alone)
    assert "names no hemisphere" in refused("E123", replace(files, signal=alone), atlas)


def test_labels_must_fit_the_surface(tmp_path: Path) -> None:
    atlas, other = (labels(tmp_path, side) for side in SIDES)
    longer = pair(tmp_path, values(0, 60), values(1, 60))
    assert "labels (40, 40) vertices; the surfaces have (60, 60)" in refused(
        "E124", longer, str(atlas)
    )
    files = pair(tmp_path, values(0), values(1))
    assert "no labels for the surface 'fsnative'" in refused("E124", files, "schaefer100")
    dlabel = dense_labels(tmp_path / "x.dlabel.nii")
    refused("E124", files, str(dlabel))
    other.unlink()
    refused("E123", files, str(atlas))
    atlas.unlink()
    refused("E101", files, str(atlas))


def test_what_is_no_surface_series_is_refused(tmp_path: Path) -> None:
    atlas, _ = (str(labels(tmp_path, side)) for side in SIDES)
    files = pair(tmp_path, values(0), values(1))
    left = files.signals[0]
    whole = left.read_bytes()
    for content in (b"", b"not an image", whole[: len(whole) // 2], whole.replace(b"</Data>", b"")):
        left.write_bytes(content)
        refused("E119", files, atlas)
    at = whole.index(b"<Data>") + 40  # within the compressed series, which carries a checksum
    left.write_bytes(whole[:at] + (b"A" if whole[at : at + 1] != b"A" else b"B") + whole[at + 1 :])
    refused("E119", files, atlas)
    gifti(left, [values()[:, 0]], intent="NIFTI_INTENT_NONE")
    assert "1 arrays" in refused("E119", files, atlas)
    gifti(left, [values()[:, 0], values()[:5, 0]], intent="NIFTI_INTENT_NONE")
    refused("E119", files, atlas)
    five = replace(pair(tmp_path, values(0), values(1)), space="fsaverage5")
    assert "has 40 vertices, which is not fsaverage5" in refused("E119", five, atlas)


def test_what_are_no_labels_is_refused(tmp_path: Path) -> None:
    files = pair(tmp_path, values(0), values(1))
    paths = [annotation(tmp_path, side) for side in SIDES]
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    assert "is not an annotation" in refused("E119", files, str(paths[0]))
    surface = [labels(tmp_path, side) for side in SIDES]
    gifti(surface[0], [values()[:, 0], values()[:, 0]], intent="NIFTI_INTENT_LABEL")
    refused("E119", files, str(surface[0]))
    gifti(surface[0], [columns().astype(np.int32)], intent="NIFTI_INTENT_LABEL")
    assert "the label 1 has no name" in refused("E119", files, str(surface[0]))
    [labels(tmp_path, side, ("a", "b", "c", "d")) for side in SIDES]
    refused("E133", files, str(surface[0]))


def test_a_table_beside_the_labels_says_what_they_are(tmp_path: Path) -> None:
    """Names that both hemispheres use are told apart by L_ and R_."""
    [labels(tmp_path, side, ("pcc", "ips", "v1", "m1")) for side in SIDES]
    rows = ["name\tnetwork\trole"]
    rows += [f"{s}_{n}\tx\t{r}" for s in SIDES for n, r in (("v1", "other"), ("pcc", "default"))]
    (tmp_path / "atlas_hemi-L_dseg.tsv").write_text("\n".join(rows) + "\n")
    path = str(tmp_path / "atlas_hemi-R_dseg.label.gii")
    atlas = load_atlas(path)
    assert atlas.names == ("L_v1", "L_pcc", "R_v1", "R_pcc")
    assert atlas_files(path)[-1].name == "atlas_hemi-L_dseg.tsv"
    data = values(0)
    recording = read_recording(pair(tmp_path, data, values(1)), path)
    np.testing.assert_allclose(by_name(recording)["L_pcc"], expected(data)[1], rtol=1e-12)


def test_a_repetition_time_in_the_file_must_agree(tmp_path: Path) -> None:
    atlas, _ = (str(labels(tmp_path, side)) for side in SIDES)
    for agreeing in ("800", "0.8", "0"):
        files = pair(tmp_path, values(0), values(1), TimeStep=agreeing)
        assert read_recording(files, atlas).tr_s == TR_S
    refused("E202", pair(tmp_path, values(0), values(1), TimeStep="2000"), atlas)
    refused("E119", pair(tmp_path, values(0), values(1), TimeStep="soon"), atlas)
    files = pair(tmp_path, values(0), values(1))
    refused("E201", replace(files, sidecar={}), atlas)
    refused("E203", replace(files, sidecar={"RepetitionTime": 800}), atlas)


def places(data: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """(n_time, n_places) of the brain models from (n_vertices, n_time) and (6, n_time)."""
    return np.vstack([data[WALL:], data[WALL:] + 3, voxels]).T


@pytest.mark.parametrize("voxels", [True, False])
def test_dense_signal_is_the_mean_of_the_places(voxels: bool, tmp_path: Path) -> None:
    data, deep = values(0), values(4, 6) + 100 * np.arange(6)[:, None]
    path = dense(tmp_path / "x.dtseries.nii", places(data, deep), brain_models())
    dlabel = dense_labels(tmp_path / "x.dlabel.nii", voxels=voxels)
    recording = read_recording(run_of(path, "dense", "fsLR"), str(dlabel), maps=True)
    found = by_name(recording)
    for i, mean in expected(data).items():
        np.testing.assert_allclose(found[NAMES["L"][i - 1]], mean, rtol=1e-12)
        np.testing.assert_allclose(found[NAMES["R"][i - 1]], mean + 3, rtol=1e-6)
    assert ("Thalamus_L" in found) == voxels
    grid = recording.grid
    assert sorted(set(grid.side.tolist())) == [LEFT, RIGHT]
    assert (grid.region >= 0).sum() == 64 + (5 if voxels else 0)  # one voxel of six is 0
    assert grid.neighbours.shape[1] == 0


def test_places_are_matched_by_vertex_and_not_by_order(tmp_path: Path) -> None:
    """The series lacks a vertex that the labels have: every later one would shift."""
    axis = brain_models(voxels=False)
    kept = np.delete(np.arange(len(axis)), [0, 17])
    data = places(values(0), np.empty((0, N_TIME)))
    dlabel = str(dense_labels(tmp_path / "x.dlabel.nii"))
    path = dense(tmp_path / "x.dtseries.nii", data[:, kept], axis[kept])
    found = by_name(read_recording(run_of(path, "dense", "fsLR"), dlabel))
    mean = data[:, 1:8].astype(float).mean(axis=1)
    np.testing.assert_allclose(found[NAMES["L"][0]], mean, rtol=1e-12)


def test_what_is_no_dense_series_is_refused(tmp_path: Path) -> None:
    axis = brain_models()
    data = places(values(0), values(4, 6))
    path = dense(tmp_path / "x.dtseries.nii", data, axis)
    dlabel = str(dense_labels(tmp_path / "x.dlabel.nii"))
    files = run_of(path, "dense", "fsLR")
    refused("E124", files, "schaefer100")
    refused("E202", run_of(path, "dense", RepetitionTime=2.0), dlabel)
    refused("E119", replace(files, signal=Path(dlabel)), dlabel)
    refused("E119", files, str(_renamed(path, tmp_path / "y.dlabel.nii")))
    refused("E101", replace(files, signal=tmp_path / "none.dtseries.nii"), dlabel)
    other = nib.cifti2.BrainModelAxis.from_surface([1, 2], 9, "Cerebellum")
    path = dense(tmp_path / "z.dtseries.nii", data[:, :2], other)
    assert "labels none of the places" in refused("E124", run_of(path, "dense"), dlabel)


def _renamed(path: Path, name: Path) -> Path:
    name.write_bytes(path.read_bytes())
    return name


def test_an_atlas_of_surfaces_is_none_of_volumes(tmp_path: Path) -> None:
    dlabel = str(dense_labels(tmp_path / "x.dlabel.nii"))
    files = RunFiles(Entities("01"), "volumes", tmp_path / "x.nii.gz", {"RepetitionTime": 2.0})
    assert "the run is of volumes" in refused("E124", files, dlabel)


def test_midline_structures_have_no_side(tmp_path: Path) -> None:
    mask = np.ones((2, 1, 1), dtype=bool)
    stem = nib.cifti2.BrainModelAxis.from_mask(mask, name="brain_stem", affine=np.eye(4))
    axis = brain_models(voxels=False) + stem
    data = np.column_stack([places(values(0), np.empty((0, N_TIME))), values(5, 2).T + 1])
    data[:, -2:] += np.arange(N_TIME)[:, None]
    path = dense(tmp_path / "x.dtseries.nii", data, axis)
    dlabel = str(dense_labels(tmp_path / "x.dlabel.nii"))
    grid = read_recording(run_of(path, "dense"), dlabel, maps=True).grid
    assert (grid.side[-2:] == MIDLINE).all()
    assert (grid.region[-2:] == -1).all()


def runs_in(root: Path, *names: str) -> list[tuple[str, str]]:
    func = root / "sub-01" / "func"
    func.mkdir(parents=True)
    for name in names:
        (func / f"{STEM}_{name}").write_text("x")
    return func


VOLUME = "space-MNI152NLin6Asym_desc-preproc_bold.nii.gz"
FIVE = ("hemi-L_space-fsaverage5_bold.func.gii", "hemi-R_space-fsaverage5_bold.func.gii")
DENSE = "space-fsLR_den-91k_bold.dtseries.nii"


@pytest.mark.parametrize(
    ("there", "space", "chosen"),
    [
        ((VOLUME, *FIVE, DENSE), "", "volumes"),
        ((*FIVE, DENSE), "", "surface"),
        ((DENSE, "desc-preproc_bold.nii.gz"), "", "dense"),
        ((VOLUME, *FIVE, DENSE), "fsaverage5", "surface"),
        ((VOLUME, *FIVE, DENSE), "fsLR", "dense"),
        (FIVE[1:], "", "surface"),
    ],
)
def test_one_kind_of_a_run_is_chosen(there, space, chosen, tmp_path: Path) -> None:
    func = runs_in(tmp_path, *there)
    sidecar = {"RepetitionTime": 1.5}
    for stem in ("space-fsaverage5", "space-fsLR_den-91k"):
        (func / f"{STEM}_{stem}_bold.json").write_text(json.dumps(sidecar))
    (func / f"{STEM}_desc-confounds_timeseries.tsv").write_text("x")
    filters = {"bold": {"space": space}} if space else None
    (found,) = find_runs(tmp_path, filters=filters)
    assert (found.kind, found.key, found.parcellated) == (chosen, STEM, False)
    assert found.confounds is not None
    if chosen == "surface":
        assert [p.name for p in found.signals] == [f"{STEM}_{name}" for name in FIVE]
        assert found.sidecar == sidecar
    else:
        assert found.signals == (found.signal,)


def test_the_mesh_of_fsaverage5() -> None:
    """A subdivided icosahedron: 12 vertices of five edges, all others of six, none across."""
    everything = np.ones(20484, dtype=bool)
    found = edges("fsaverage5", everything)
    degree = (found >= 0).sum(axis=1)
    assert sorted(np.unique(degree, return_counts=True)[1].tolist()) == [24, 20460]
    assert found[:10242].max() < 10242 <= found[10242:][found[10242:] >= 0].min()
    for i in range(0, 20484, 997):
        for j in found[i][found[i] >= 0]:
            assert i in found[j]
    kept = everything.copy()
    kept[found[5][0]] = False
    assert (edges("fsaverage5", kept) >= 0).sum(axis=1).min() == 4
    left, right = midthickness_mm()
    assert left[:, 0].mean() < -20
    assert right[:, 0].mean() > 20


def test_a_label_image_on_fsaverage5_is_sane() -> None:
    """Every parcel is there, on its side, near where the image has it; the medial wall is not."""
    laid = laid_on_surface("schaefer100", "fsaverage5", (10242, 10242))
    assert "approximate" in laid.how
    count = np.bincount(laid.column[laid.column >= 0], minlength=100)
    assert count.min() >= 60
    assert 0.9 < (laid.column >= 0).mean() < 0.95
    points = np.vstack(midthickness_mm())
    sides = np.array([r.hemisphere for r in laid.atlas.regions])
    on_left = np.arange(20484) < 10242
    inside = laid.column >= 0
    np.testing.assert_array_equal(sides[laid.column[inside]] == "L", on_left[inside])
    centres = np.array([points[laid.column == i].mean(axis=0) for i in range(100)])
    apart_mm = np.linalg.norm(centres - laid.atlas.centres_mm, axis=1)
    assert np.median(apart_mm) < 6  # the atlas' centres lie on 2 mm voxels of the volume's parcels
    assert apart_mm.max() < 16


def test_a_run_on_fsaverage5_is_read_cleaned_and_mapped(tmp_path: Path) -> None:
    """From files to map files: what is written can be read back in the place it came from."""
    rng = np.random.default_rng(0)
    for side in SIDES:
        data = (1000 + 20 * rng.standard_normal((10242, 24))).astype(np.float32)
        data[:3] = 0
        left = series(tmp_path, side, data, "fsaverage5")
    files = run_of(left, space="fsaverage5")
    recording = read_recording(files, "schaefer100", maps=True)
    by_density = read_recording(replace(files, space="fsaverage"), "schaefer100")
    np.testing.assert_array_equal(by_density.signal, recording.signal)
    preset = all_presets()["as-supplied"]
    cleaned = denoise(recording, preset, choices=Choices(min_usable_s=0, min_freedom=1))
    maps = place_maps(cleaned)
    assert set(maps) == {"reho", "seedconnectivity", "dualregression"}
    written = map_files(cleaned, {"reho": maps["reho"]})
    stem = f"sub-01/func/{STEM}"
    rest = "space-fsaverage5_atlas-Schaefer100_stat-reho_desc-assupplied_boldmap"
    assert set(written) == {
        f"{stem}_{rest}.json",
        *(f"{stem}_hemi-{side}_{rest}.func.gii" for side in SIDES),
    }
    back = np.concatenate(
        [
            nib.gifti.GiftiImage.from_bytes(written[f"{stem}_hemi-{s}_{rest}.func.gii"]).agg_data()
            for s in SIDES
        ]
    )
    np.testing.assert_array_equal(back[cleaned.grid.index], maps["reho"].astype(np.float32))
    assert np.isnan(back[[0, 1, 2, 10242, 10243, 10244]]).all()
    assert map_files(cleaned, {"reho": maps["reho"]}) == written


def test_a_dense_map_is_written_back(tmp_path: Path) -> None:
    data = places(values(0), values(4, 6))
    path = dense(tmp_path / "x.dtseries.nii", data, brain_models())
    dlabel = str(dense_labels(tmp_path / "x.dlabel.nii"))
    recording = read_recording(run_of(path, "dense", "fsLR"), dlabel, maps=True)
    recording = replace(recording, processing=Processing(preset="minimal"))
    given = np.arange(len(recording.grid)) * 1.0
    (name, content), _ = map_files(recording, {"reho": given}).items()
    entities = "space-fsLR_den-91k_atlas-Schaefer8In7_stat-reho_desc-minimal_boldmap"
    assert name == f"sub-01/func/{STEM}_{entities}.dscalar.nii"
    image = nib.Cifti2Image.from_bytes(content)
    assert image.header.get_axis(1) == brain_models()
    np.testing.assert_array_equal(image.get_fdata()[0, recording.grid.index], given)
    assert np.isnan(image.get_fdata()).sum() == len(brain_models()) - len(recording.grid)
