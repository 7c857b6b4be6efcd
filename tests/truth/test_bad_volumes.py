"""Every damaged image is refused with its own code, or its damaged regions are Missing with theirs."""

import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources import nifti_stream
from defaultmode.sources.volumes import open_volumes, read_volumes
from volume_images import (
    AFFINE,
    N_TIME,
    NAMES,
    SHAPE,
    atlas,
    boxes,
    means,
    nifti,
    noise,
    packed,
    patched,
    run,
)

RAW = nifti(noise())
GZIP = packed(RAW)
NAN = float("nan")


def flipped(content: bytes, at: int) -> bytes:
    damaged = bytearray(content)
    damaged[at] ^= 0xFF
    return bytes(damaged)


def header(offset: int, kind: str, *values: float) -> bytes:
    return packed(patched(RAW, offset, kind, *values))


SFORM_ONLY = patched(RAW, 252, "h", 0)
COMPRESSED = {
    "empty": (b"", "E101"),
    "one byte": (b"\x1f", "E103"),
    "gzip cut at 2 %": (GZIP[: len(GZIP) // 50], "E102"),
    "gzip cut at 50 %": (GZIP[: len(GZIP) // 2], "E102"),
    "gzip cut at 99 %": (GZIP[: len(GZIP) * 99 // 100], "E102"),
    "checksum cut off": (GZIP[:-8], "E102"),
    "last byte cut off": (GZIP[:-1], "E102"),
    "byte flipped": (flipped(GZIP, len(GZIP) // 2), "E103"),
    "checksum wrong": (flipped(GZIP, -6), "E103"),
    "length wrong": (flipped(GZIP, -2), "E103"),
    "not compressed": (RAW, "E103"),
    "web page": (b"<html>404</html>" * 100, "E103"),
    "web page, compressed": (packed(b"<html>404</html>" * 100), "E105"),
    "only a header": (packed(RAW[:348]), "E106"),
    "half the volumes": (packed(RAW[: len(RAW) // 2]), "E106"),
    "one byte more": (packed(RAW + b"\0"), "E104"),
    "joined with another": (GZIP + GZIP, "E104"),
    "bytes after the stream": (GZIP + b"trailing bytes " * 10, "E103"),
    "bomb": (packed(RAW + bytes(64 << 20)), "E104"),
    "30000 volumes": (header(48, "h", 30000), "E106"),
    "30000 in every direction": (header(42, "4h", *[30000] * 4), "E106"),
    "negative dimension": (header(48, "h", -5), "E106"),
    "zero dimension": (header(44, "h", 0), "E106"),
    "eight dimensions": (header(40, "h", 8), "E106"),
    "unknown data type": (header(70, "h", 9999), "E107"),
    "RGB": (header(70, "hh", 128, 24), "E107"),
    "bits contradict the type": (header(72, "h", 16), "E107"),
    "another type of as many bits": (header(70, "h", 8), "E108"),
    "offset not a number": (header(108, "f", NAN), "E106"),
    "offset 1e9": (header(108, "f", 1e9), "E106"),
    "offset 0": (header(108, "f", 0), "E106"),
    "offset 353": (header(108, "f", 353), "E106"),
    "slope not a number": (header(112, "f", NAN), "E108"),
    "slope infinite": (header(112, "f", float("inf")), "E108"),
    "slope negative": (header(112, "f", -1), "E108"),
    "slope absurd": (header(112, "f", 1e30), "E108"),
    "intercept not a number": (header(116, "f", NAN), "E108"),
    "a pair's header": (header(344, "4s", b"ni1\0"), "E105"),
    "no magic": (header(344, "4s", b"\0\0\0\0"), "E105"),
    "3-D": (packed(nifti(noise()[..., 0])), "E113"),
    "one volume": (packed(nifti(noise()[..., :1])), "E113"),
    "5-D": (packed(nifti(noise()[..., None])), "E113"),
    "frequency axis": (header(123, "B", 2 | 32), "E113"),
    "metres": (header(123, "B", 1 | 8), "E109"),
    "no orientation": (header(252, "hh", 0, 0), "E110"),
    "unknown orientation code": (header(254, "h", 77), "E110"),
    "orientation dropped": (packed(nifti(noise(), None)), "E110"),
    "singular": (packed(SFORM_ONLY[:312] + bytes(16) + SFORM_ONLY[328:]), "E109"),
    "affine not a number": (header(280, "4f", NAN, NAN, NAN, NAN), "E109"),
    "origin far away": (header(292, "f", 1e7), "E109"),
    "quaternion too long": (header(256, "f", 2.0), "E109"),
    "voxel size zero": (header(80, "f", 0), "E109"),
    "qform 40 mm from sform": (header(268, "f", AFFINE[0, 3] + 40), "E111"),
    "qform flipped": (header(76, "f", -1), "E111"),
    "left and right swapped in the sform": (header(280, "4f", -3, 0, 0, 21), "E111"),
    "voxel sizes contradict": (packed(patched(SFORM_ONLY, 80, "f", 2.0)), "E112"),
    "200 mm away": (packed(nifti(noise(), AFFINE + np.array([[0, 0, 0, 200]] * 3 + [[0] * 4]))), "E116"),
    "header repetition time 0": (packed(nifti(noise(), tr_s=0)), "E202"),
    "header repetition time 2000 s": (packed(nifti(noise(), tr_s=2000)), "E202"),
    "header repetition time 2 ms off": (packed(nifti(noise(), tr_s=2.002)), "E202"),
    "header repetition time not a number": (header(92, "f", NAN), "E202"),
    "complex": (packed(nifti(noise("complex64"))), "E107"),
    "all zero": (packed(nifti(np.zeros((*SHAPE, N_TIME), "float32"))), "E302"),
    "same volume over and over": (packed(nifti(np.repeat(noise()[..., :1], N_TIME, -1))), "E302"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "code"), COMPRESSED.values(), ids=COMPRESSED)
def test_damaged_gzip_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(DefaultModeError) as caught:
        read_volumes(run(tmp_path, content), atlas(), boxes())
    assert caught.value.code == code
    assert str(caught.value.detail).strip().endswith(".")


STREAM = [name for name, (_, code) in COMPRESSED.items() if code in {"E102", "E103", "E104"}]


@pytest.mark.parametrize("name", STREAM)
def test_standard_library_refuses_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, code = COMPRESSED[name]
    plain = nifti_stream.Decompressor("zlib", gzip.GzipFile, (gzip.BadGzipFile, zlib.error))
    monkeypatch.setattr(nifti_stream, "DECOMPRESSOR", plain)
    with pytest.raises(DefaultModeError, match=code):
        read_volumes(run(tmp_path, content), atlas(), boxes())


PLAIN = {
    "cut in half": (RAW[: len(RAW) // 2], "E106"),
    "cut in the header": (RAW[:100], "E105"),
    "one byte short": (RAW[:-1], "E106"),
    "one byte more": (RAW + b"\0", "E104"),
    "web page": (b"<html>404</html>" * 100, "E105"),
    "compressed under another name": (GZIP, "E105"),
    "30000 volumes": (patched(RAW, 48, "h", 30000), "E106"),
}


@pytest.mark.parametrize(("content", "code"), PLAIN.values(), ids=PLAIN)
def test_damaged_uncompressed_image_is_refused_by_its_header(
    content: bytes, code: str, tmp_path: Path
) -> None:
    with pytest.raises(DefaultModeError) as caught:
        open_volumes(run(tmp_path, content, "bold.nii").signal)
    assert caught.value.code == code


def test_whole_image_is_read(tmp_path: Path) -> None:
    recording = read_volumes(run(tmp_path, GZIP), atlas(), boxes())
    np.testing.assert_allclose(recording.signal, means(noise()), rtol=1e-12)
    assert recording.provenance["reader"] in {"isal", "zlib"}


def spoilt(value: float, where: tuple[slice | int, ...]) -> np.ndarray:
    data = noise()
    data[where] = value
    return data


PCC = slice(1, 3)
REGIONS = {
    "one voxel not a number once": (spoilt(NAN, (1, 4, 4, 5)), "E117"),
    "one voxel infinite once": (spoilt(np.inf, (1, 4, 4, 5)), "E117"),
    "one voxel infinite throughout": (spoilt(np.inf, (1, 4, 4)), "E117"),
    "region not a number": (spoilt(NAN, (PCC,)), "E117"),
    "region zero": (spoilt(0, (PCC,)), "E118"),
    "region constant": (spoilt(777, (PCC,)), "E118"),
    "more than half constant": (spoilt(0, (PCC, slice(3, 7))), "E118"),
}


@pytest.mark.parametrize(("data", "code"), REGIONS.values(), ids=REGIONS)
def test_damaged_region_is_missing_and_the_others_untouched(
    data: np.ndarray, code: str, tmp_path: Path
) -> None:
    recording = read_volumes(run(tmp_path, packed(nifti(data))), atlas(), boxes())
    assert {name: missing.code for name, missing in recording.absent.items()} == {"PCC": code}
    assert np.isnan(recording.signal[:, 0]).all()
    np.testing.assert_allclose(recording.signal[:, 1:], means(noise())[:, 1:], rtol=1e-12)


def test_default_mode_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DefaultModeError, match="E302"):
        read_volumes(run(tmp_path, packed(nifti(spoilt(0, (slice(1, 7),))))), atlas(), boxes())


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def brain(affine: np.ndarray = AFFINE, shape: tuple[int, ...] = SHAPE) -> bytes:
    return packed(nifti(np.ones(shape, dtype=np.uint8), affine))


FLIPPED = np.diag([-1.0, 1, 1, 1]) @ AFFINE
SHIFTED = AFFINE + np.array([[0, 0, 0, 3.0]] * 3 + [[0] * 4])
TABLE = "csf\tframewise_displacement\n" + "1\tn/a\n" + "2\t0.1\n" * (N_TIME - 1)
BESIDE: dict[str, tuple[Callable[[Path], dict[str, object]], str]] = {
    "mask flipped": (lambda d: {"mask": written(d, "m.nii.gz", brain(FLIPPED))}, "E115"),
    "mask shifted": (lambda d: {"mask": written(d, "m.nii.gz", brain(SHIFTED))}, "E114"),
    "mask of another size": (lambda d: {"mask": written(d, "m.nii.gz", brain(AFFINE, (14, 12, 9)))}, "E114"),
    "mask a series": (lambda d: {"mask": written(d, "m.nii.gz", GZIP)}, "E113"),
    "mask cut": (lambda d: {"mask": written(d, "m.nii.gz", brain()[:-9])}, "E102"),
    "mask gone": (lambda d: {"mask": d / "m.nii.gz"}, "E101"),
    "mask empty": (lambda d: {"mask": written(d, "m.nii.gz", packed(nifti(np.zeros(SHAPE, "uint8"))))}, "E302"),
    "no repetition time": (lambda _: {"sidecar": {}}, "E201"),
    "repetition time in ms": (lambda _: {"sidecar": {"RepetitionTime": 2000}}, "E203"),
    "repetition time zero": (lambda _: {"sidecar": {"RepetitionTime": 0}}, "E203"),
    "repetition time as text": (lambda _: {"sidecar": {"RepetitionTime": "2.0"}}, "E208"),
    "sidecar contradicts header": (lambda _: {"sidecar": {"RepetitionTime": 2.5}}, "E202"),
    "row missing": (lambda d: {"confounds": written(d, "c.tsv", TABLE.removesuffix("2\t0.1\n"))}, "E204"),
    "row too many": (lambda d: {"confounds": written(d, "c.tsv", TABLE + "2\t0.1\n")}, "E204"),
    "decimal comma": (lambda d: {"confounds": written(d, "c.tsv", TABLE.replace("0.1", "0,1", 1))}, "E134"),
    "infinite": (lambda d: {"confounds": written(d, "c.tsv", TABLE.replace("0.1", "inf", 1))}, "E134"),
    "motion unknown later": (lambda d: {"confounds": written(d, "c.tsv", TABLE.replace("0.1", "n/a", 1))}, "E134"),
    "ragged": (lambda d: {"confounds": written(d, "c.tsv", TABLE.replace("\t0.1", "", 1))}, "E130"),
}  # fmt: skip


@pytest.mark.parametrize(("beside", "code"), BESIDE.values(), ids=BESIDE)
def test_what_lies_beside_the_image_must_fit(
    beside: Callable[[Path], dict[str, object]], code: str, tmp_path: Path
) -> None:
    with pytest.raises(DefaultModeError) as caught:
        read_volumes(run(tmp_path, GZIP, **beside(tmp_path)), atlas(), boxes())
    assert caught.value.code == code


def test_missing_repetition_time_says_what_the_header_says(tmp_path: Path) -> None:
    with pytest.raises(DefaultModeError, match="header says 2 s"):
        read_volumes(run(tmp_path, GZIP, sidecar={}), atlas(), boxes())


@pytest.mark.parametrize("space", ["", "T1w", "fsnative"])
def test_native_space_is_refused_unless_the_labels_share_the_grid(
    space: str, tmp_path: Path
) -> None:
    files = run(tmp_path, GZIP, space=space)
    with pytest.raises(DefaultModeError, match="E116"):
        read_volumes(files, atlas())
    assert not read_volumes(files, atlas(), boxes()).absent


def test_links_folders_and_other_names(tmp_path: Path) -> None:
    link = tmp_path / "link.nii.gz"
    link.symlink_to("annex/objects/xx/yy")
    folder = tmp_path / "folder.nii.gz"
    folder.mkdir()
    for path, code in (
        (link, "E101"),
        (folder, "E101"),
        (tmp_path / "no.nii.gz", "E101"),
        (written(tmp_path, "bold.img", RAW), "E105"),
    ):
        with pytest.raises(DefaultModeError) as caught:
            open_volumes(path)
        assert caught.value.code == code


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    files = run(tmp_path, GZIP)
    files.signal.chmod(0)
    with pytest.raises(DefaultModeError, match="E602"):
        open_volumes(files.signal)


def test_an_atlas_without_places_cannot_read_volumes(tmp_path: Path) -> None:
    nowhere = atlas()
    regions = tuple(type(r)(r.name, r.network) for r in nowhere.regions)
    with pytest.raises(DefaultModeError, match="E140"):
        read_volumes(run(tmp_path, GZIP), type(nowhere)("nowhere", regions))
    assert nowhere.names == NAMES
