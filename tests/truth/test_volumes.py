"""A whole image gives the plain means of its regions, and its recording says where they come from."""

import gzip
import hashlib
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Entities
from defaultmode.sources import nifti_stream
from defaultmode.sources.atlases import Parcellation, load_atlas, parcellation
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.nifti_affine import orientation_codes
from defaultmode.sources.nifti_stream import volume_blocks
from defaultmode.sources.volumes import open_volumes, read_volumes
from given import shared
from volume_images import (
    AFFINE,
    N_TIME,
    NAMES,
    SHAPE,
    TR_S,
    atlas,
    boxes,
    means,
    nifti,
    noise,
    packed,
    patched,
    run,
)

CLOSE = {"rtol": 1e-12, "atol": 0}  # sums of 60 float64 values near 1000


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "uint16", "int32", "int64", "float32", "float64"]
)
def test_signal_is_the_mean_of_the_voxels(dtype: str, tmp_path: Path) -> None:
    data = (noise() / 5).astype(dtype) if dtype == "uint8" else noise(dtype)
    recording = read_volumes(run(tmp_path, packed(nifti(data))), atlas(), boxes())
    np.testing.assert_allclose(recording.signal, means(data), **CLOSE)
    assert recording.tr_s == TR_S
    assert recording.unit == "scanner"
    assert not recording.absent
    assert recording.motion is None


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_versions_and_byte_orders(kind: type, order: str, suffix: str, tmp_path: Path) -> None:
    data = noise("int16")
    raw = nifti(data, kind=kind, order=order)
    files = run(tmp_path, packed(raw) if suffix == ".nii.gz" else raw, "bold" + suffix)
    header = open_volumes(files.signal)
    assert header.shape == (*SHAPE, N_TIME)
    np.testing.assert_array_equal(header.affine, AFFINE)
    assert header.tr_s == TR_S
    np.testing.assert_allclose(read_volumes(files, atlas(), boxes()).signal, means(data), **CLOSE)


@pytest.mark.parametrize("seed", range(20))
def test_header_says_what_nibabel_says(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * rng.uniform(1, 4, 3)
    affine[:3, 3] = rng.uniform(-100, 100, 3)
    image = nib.Nifti1Image(noise("int16"), affine)
    image.set_qform(affine, 1)
    image.set_sform(affine, 0 if seed % 2 else 1)
    files = run(tmp_path, image.to_bytes(), "bold.nii")
    header = open_volumes(files.signal)
    loaded = nib.load(files.signal)
    # A quaternion is stored in float32: 1e-6 of 4 mm a voxel.
    np.testing.assert_allclose(header.affine, loaded.affine, atol=1e-5)
    assert header.orientation == "".join(nib.aff2axcodes(loaded.affine))
    assert orientation_codes(affine) == "".join(nib.aff2axcodes(affine))


def test_scale_of_the_header_is_applied(tmp_path: Path) -> None:
    raw = patched(nifti(noise("int16")), 112, "2f", 0.5, 20.0)
    recording = read_volumes(run(tmp_path, packed(raw)), atlas(), boxes())
    np.testing.assert_allclose(recording.signal, means(noise("int16")) * 0.5 + 20, **CLOSE)


def test_slope_zero_means_no_scale(tmp_path: Path) -> None:
    raw = patched(nifti(noise("int16")), 112, "2f", 0.0, 20.0)
    recording = read_volumes(run(tmp_path, packed(raw)), atlas(), boxes())
    np.testing.assert_allclose(recording.signal, means(noise("int16")), **CLOSE)


@pytest.mark.parametrize(("unit", "stored"), [(8, 2.0), (16, 2000.0), (24, 2e6), (0, 2.0)])
def test_repetition_time_of_the_header_has_its_unit(
    unit: int, stored: float, tmp_path: Path
) -> None:
    raw = patched(patched(nifti(noise()), 92, "f", stored), 123, "B", 2 | unit)
    files = run(tmp_path, packed(raw))
    assert open_volumes(files.signal).tr_s == pytest.approx(TR_S, rel=1e-6)
    assert read_volumes(files, atlas(), boxes()).tr_s == TR_S


def test_several_gzip_members_are_one_stream(tmp_path: Path) -> None:
    raw = nifti(noise())
    content = packed(raw[:200]) + packed(raw[200:5000]) + packed(raw[5000:])
    recording = read_volumes(run(tmp_path, content), atlas(), boxes())
    np.testing.assert_allclose(recording.signal, means(noise()), **CLOSE)


def test_standard_library_inflates_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = run(tmp_path, packed(nifti(noise())))
    signal = read_volumes(files, atlas(), boxes()).signal
    plain = nifti_stream.Decompressor("zlib", gzip.GzipFile, nifti_stream.DECOMPRESSOR.damage)
    monkeypatch.setattr(nifti_stream, "DECOMPRESSOR", plain)
    np.testing.assert_array_equal(read_volumes(files, atlas(), boxes()).signal, signal)


def test_mask_restricts_and_coverage_is_told(tmp_path: Path) -> None:
    brain = np.ones(SHAPE, dtype=np.uint8)
    brain[1:3, 3:5] = 0  # a third of PCC
    brain[3:5, 3:7] = 0  # two thirds of mPFC
    mask = tmp_path / "mask.nii.gz"
    mask.write_bytes(packed(nifti(brain)))
    recording = read_volumes(run(tmp_path, packed(nifti(noise())), mask=mask), atlas(), boxes())
    kept = means(noise(), Parcellation(boxes().labels * brain, AFFINE, boxes().ids))
    np.testing.assert_allclose(
        recording.signal[:, [0, 2, 3, 4, 5]], kept[:, [0, 2, 3, 4, 5]], **CLOSE
    )
    assert list(recording.absent) == ["mPFC"]
    assert recording.absent["mPFC"].code == "E121"
    assert "40 outside the brain mask" in recording.absent["mPFC"].reason
    assert np.isnan(recording.signal[:, 1]).all()
    coverage = recording.provenance["coverage"]
    assert coverage == {"PCC": 0.6667, "mPFC": 0.3333, "IPL": 1, "FEF": 1, "IPS": 1, "V1": 1}


@pytest.mark.parametrize("fill", [0.0, 777.0, -3e38])
def test_constant_voxels_are_left_out_exactly(fill: float, tmp_path: Path) -> None:
    data = noise()
    data[1:3, 3:5] = fill
    recording = read_volumes(run(tmp_path, packed(nifti(data))), atlas(), boxes())
    rest = np.ones(SHAPE, dtype=np.int32)
    rest[1:3, 3:5] = 0
    kept = means(data, Parcellation(boxes().labels * rest, AFFINE, boxes().ids))
    np.testing.assert_allclose(recording.signal, kept, **CLOSE)


def test_finer_labels_are_taken_at_voxel_centres(tmp_path: Path) -> None:
    fine = AFFINE @ np.diag([1 / 3, 1 / 3, 1 / 3, 1])
    fine[:3, 3] -= 1  # three fine voxels across each coarse one, the middle one at its centre
    labels = np.kron(boxes().labels, np.ones((3, 3, 3), dtype=np.int32))
    labels[::3] = 0  # only edges change: centres must not see it
    recording = read_volumes(
        run(tmp_path, packed(nifti(noise()))), atlas(), Parcellation(labels, fine, boxes().ids)
    )
    np.testing.assert_allclose(recording.signal, means(noise()), **CLOSE)


def test_a_region_cut_by_the_field_of_view_is_absent(tmp_path: Path) -> None:
    wide = np.zeros((20, 12, 10), dtype=np.int32)
    wide[:14] = boxes().labels
    wide[13:20, 3:9, 3:8] = 15  # V1 now reaches far beyond the image
    parcels = Parcellation(wide, AFFINE, boxes().ids)
    recording = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(), parcels)
    assert list(recording.absent) == ["V1"]
    assert "outside the image" in recording.absent["V1"].reason
    assert recording.provenance["coverage"]["V1"] == pytest.approx(3 / 9, abs=0.15)


def test_label_order_is_the_order_of_ids(tmp_path: Path) -> None:
    shuffled = Parcellation(boxes().labels, AFFINE, boxes().ids[::-1])
    recording = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(), shuffled)
    np.testing.assert_allclose(recording.signal, means(noise())[:, ::-1], **CLOSE)


@pytest.mark.parametrize("radius_mm", [1.0, 3.0, 5.0, 7.3])
def test_spheres_hold_the_voxels_within_their_radius(radius_mm: float, tmp_path: Path) -> None:
    recording = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(radius_mm))
    centres_mm = np.indices(SHAPE).reshape(3, -1).T @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    flat = noise().reshape(-1, N_TIME).astype(float)
    for i, region in enumerate(atlas().regions):
        near = np.linalg.norm(centres_mm - region.xyz_mm, axis=1) <= radius_mm
        np.testing.assert_allclose(recording.signal[:, i], flat[near].mean(axis=0), **CLOSE)


def test_confounds_and_motion(tmp_path: Path) -> None:
    table = tmp_path / "confounds.tsv"
    rows = [
        f"{i}\t{'n/a' if i == 0 else i / 10}\t{'n/a' if i == 0 else 1.5}" for i in range(N_TIME)
    ]
    table.write_text("csf\tframewise_displacement\tstd_dvars\n" + "\n".join(rows) + "\n", "utf-8")
    files = run(tmp_path, packed(nifti(noise())), confounds=table)
    recording = read_volumes(files, atlas(), boxes())
    np.testing.assert_array_equal(recording.confounds["csf"], np.arange(N_TIME))
    assert np.isnan(recording.confounds["framewise_displacement"][0])
    assert recording.motion is not None
    np.testing.assert_array_equal(
        recording.motion.framewise_displacement_mm, np.arange(N_TIME) / 10
    )
    np.testing.assert_array_equal(recording.motion.std_dvars, [0.0] + [1.5] * (N_TIME - 1))


def test_provenance_names_the_very_bytes(tmp_path: Path) -> None:
    content = packed(nifti(noise()))
    sidecar = {"RepetitionTime": TR_S, "HighCutoff": 0.1}
    recording = read_volumes(run(tmp_path, content, sidecar=sidecar), atlas(), boxes())
    assert recording.provenance["sha256"] == hashlib.sha256(content).hexdigest()
    assert recording.provenance["bytes"] == len(content)
    assert str(tmp_path) not in repr(dict(recording.provenance))
    assert recording.processing.high_cutoff_hz == 0.1
    assert recording.atlas.names == NAMES


def test_only_two_blocks_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 1000, (*SHAPE, 2000), dtype=np.int16)
    files = run(tmp_path, nifti(data), "bold.nii")
    monkeypatch.setattr(nifti_stream, "BLOCK_BYTES", 100_000)
    whole = data.nbytes
    del data
    tracemalloc.start()
    recording = read_volumes(files, atlas(), boxes())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < whole / 4 + 8 * recording.signal.nbytes


@pytest.mark.parametrize("size", [1, 7, N_TIME, 10 * N_TIME])
def test_block_size_changes_nothing(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nifti_stream, "BLOCK_BYTES", size * int(np.prod(SHAPE)) * 4)
    recording = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(), boxes())
    np.testing.assert_allclose(recording.signal, means(noise()), **CLOSE)


def consume(blocks: Iterator[np.ndarray]) -> None:
    for i, _ in enumerate(blocks):
        if i == N_TIME - 2:
            msg = "reducer"
            raise RuntimeError(msg)


@pytest.mark.parametrize("cut", [False, True])
def test_a_failure_on_either_side_surfaces_and_leaves_no_thread(
    cut: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = packed(nifti(noise()))
    files = run(tmp_path, content[: len(content) // 2] if cut else content)
    monkeypatch.setattr(nifti_stream, "BLOCK_BYTES", 1)
    before = threading.active_count()
    blocks = volume_blocks(open_volumes(files.signal))
    with pytest.raises((DefaultModeError, RuntimeError), match="E102" if cut else "reducer"):
        consume(blocks)
    blocks.close()
    assert threading.active_count() == before


def lemon() -> RunFiles:
    folder = shared("data/bold/lemon/sub-010188/func")
    (path,) = folder.glob("*_bold.nii.gz")
    entities = Entities("010188", task="rest")
    return RunFiles(entities, "volumes", path, {"RepetitionTime": 1.4}, space="MNI152NLin6Asym")


@pytest.mark.parametrize(
    ("name", "most_absent"), [("schaefer100", 25), ("seitzman300", 110), ("aal90", 60)]
)
def test_real_run_of_652_volumes(name: str, most_absent: int) -> None:
    recording = read_volumes(lemon(), load_atlas(name), parcellation(name))
    assert recording.n_time == 652
    # A cortical ribbon: subcortical, cerebellar and deep places have no signal, and must say so.
    assert 0 < len(recording.absent) <= most_absent
    assert {missing.code for missing in recording.absent.values()} == {"E118"}
    assert len(recording.columns("default")) > 0.6 * len(recording.atlas.members("default"))
    present = [n not in recording.absent for n in recording.atlas.names]
    assert np.ptp(recording.signal[:, present], axis=0).min() > 0


def test_real_native_image_opens_and_is_not_taken_for_mni() -> None:
    path = shared("data/bold/pumi_sub-001_task-rest_bold.nii.gz")
    header = open_volumes(path)
    assert header.shape == (46, 46, 26, 20)
    assert header.offset_bytes == 3264
    assert header.orientation == "LAS"
    assert header.tr_s == pytest.approx(2.52, abs=1e-6)
    files = RunFiles(Entities("001"), "volumes", path, {"RepetitionTime": 2.52})
    with pytest.raises(DefaultModeError, match="E116"):
        read_volumes(files, atlas())


def test_real_image_without_orientation_is_refused() -> None:
    with pytest.raises(DefaultModeError, match="E110"):
        open_volumes(shared("data/bold/oro_filtered_func_data.nii.gz"))
