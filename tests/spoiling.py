"""Spoils whole data sets, one thing at a time."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

import made_datasets as made
from volume_images import nifti, packed, patched

Spoil = Callable[[Path], object]
NAN = float("nan")
STEM = "sub-01/func/sub-01_task-rest"
IMAGE = f"{STEM}_{made.SPACE}_desc-preproc_bold.nii.gz"
MASK = f"{STEM}_{made.SPACE}_desc-brain_mask.nii.gz"
CONFOUNDS = f"{STEM}_desc-confounds_timeseries.tsv"
SERIES = f"{STEM}_atlas-AAL90_stat-mean_timeseries.tsv"
PARCELS = f"{STEM}_atlas-AAL90_timeseries.ptseries.nii"
T1W = IMAGE.replace(made.SPACE, "space-T1w")
FAR = np.array([[0, 0, 0, 400.0]] * 3 + [[0] * 4])


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of bad input.

    base : the data set that is spoilt; words : what follows the verb, with {here} for its folder
    and {out}; code, exit : what must come of it
    """

    name: str
    base: str
    spoil: Spoil
    words: tuple[str, ...]
    code: str
    exit: int = 3


def text(path: str, content: str | bytes) -> Spoil:
    """Put this content in a file's place."""
    return lambda here: made.write(here / path, content)


def edited(path: str, before: str, after: str) -> Spoil:
    """Replace the first occurrence in a text file, which must be there."""

    def spoil(here: Path) -> None:
        whole = (here / path).read_text("utf-8")
        if before not in whole:
            raise ValueError(before)
        (here / path).write_text(whole.replace(before, after, 1), "utf-8")

    return spoil


def content(path: str, change: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of a file."""
    return lambda here: (here / path).write_bytes(change((here / path).read_bytes()))


def flipped(at: float) -> Callable[[bytes], bytes]:
    """Flip a bit: at a share of the length, or counted from the end."""

    def change(raw: bytes) -> bytes:
        place = int(at * len(raw)) if 0 < at < 1 else int(at)
        damaged = bytearray(raw)
        damaged[place] ^= 4
        return bytes(damaged)

    return change


def header(offset: int, kind: str, *values: float | bytes) -> Spoil:
    """Change a field of the image's header."""
    return inflated(lambda raw: patched(raw, offset, kind, *values))


def inflated(change: Callable[[bytes], bytes], path: str = IMAGE) -> Spoil:
    """Change the bytes below the compression."""
    return content(path, lambda raw: packed(change(gzip.decompress(raw))))


def voxels(change: Callable[[np.ndarray], np.ndarray], path: str = IMAGE) -> Spoil:
    """Change the image's data, with a header that is right again."""

    def again(raw: bytes) -> bytes:
        image = nib.Nifti1Image.from_bytes(raw)
        return nifti(change(np.asanyarray(image.dataobj)), image.affine, tr_s=made.TR_S)

    return inflated(again, path)


def filled(value: float, region: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """All voxels, or those about a seed region, set to a value."""

    def change(data: np.ndarray) -> np.ndarray:
        data = data.astype(np.float32)
        if region is None:
            data[:] = value
            return data
        x, y, z = SEED_VOXELS[region]
        data[x - 2 : x + 3, y - 2 : y + 3, z - 2 : z + 3] = value
        return data

    return change


SEED_VOXELS = {0: (11, 9, 12)}  # the posterior cingulate seed, (0, −52, 26) mm, on the 8 mm grid


def moved(shift: np.ndarray, path: str = IMAGE) -> Spoil:
    """Write the image with another affine."""

    def again(raw: bytes) -> bytes:
        image = nib.Nifti1Image.from_bytes(raw)
        return nifti(np.asanyarray(image.dataobj), image.affine + shift, tr_s=made.TR_S)

    return inflated(again, path)


def sidecar(**fields: object) -> Spoil:
    """Another sidecar beside the series table."""
    return text(SERIES.replace(".tsv", ".json"), json.dumps(fields))


def raw_sidecar(content: str | bytes) -> Spoil:
    """Another text in the sidecar's place."""
    return text(SERIES.replace(".tsv", ".json"), content)


def renamed(before: str, after: str) -> Spoil:
    """Move a file."""

    def spoil(here: Path) -> None:
        (here / after).parent.mkdir(parents=True, exist_ok=True)
        (here / before).rename(here / after)

    return spoil


def gone(path: str) -> Spoil:
    """Delete a file."""
    return lambda here: (here / path).unlink()


def both(*spoils: Spoil) -> Spoil:
    """Spoil several things."""

    def spoil(here: Path) -> None:
        for one in spoils:
            one(here)

    return spoil


def compressed(path: str, change: Callable[[bytes], bytes]) -> Spoil:
    """The table compressed, and the compressed bytes changed."""
    whole = content(path, lambda raw: change(packed(raw)))
    return both(whole, renamed(path, f"{path}.gz"))


def copied(before: str, after: str) -> Spoil:
    """Copy a file."""
    return lambda here: made.write(here / after, (here / before).read_bytes())


def linked(path: str) -> Spoil:
    """A link of git-annex whose content was never fetched."""

    def spoil(here: Path) -> None:
        (here / path).unlink()
        (here / path).symlink_to("../.git/annex/objects/xx/yy/MD5E-s1--x")

    return spoil


def column(change: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    """Write the series table again with other numbers."""
    return lambda here: made.write_table(here, "sub-01_task-rest", change(made.series(0)))


def with_column(at: int, values: object) -> Callable[[np.ndarray], np.ndarray]:
    def change(signal: np.ndarray) -> np.ndarray:
        signal[:, at] = values
        return signal

    return change


def last_line_lost(raw: bytes) -> bytes:
    return raw[: raw.rstrip(b"\n").rfind(b"\n") + 1]


def transposed(raw: bytes) -> bytes:
    rows = [line.split("\t") for line in raw.decode().splitlines()]
    return "\n".join("\t".join(cells) for cells in zip(*rows, strict=True)).encode() + b"\n"


def of(base: str, words: str, kinds: Mapping[str, tuple[object, ...]]) -> list[Kind]:
    """Kinds that share a data set and a command."""
    found = []
    for name, (code, spoil, *more) in kinds.items():
        extra = next((m for m in more if isinstance(m, str)), "")
        exit_code = next((m for m in more if isinstance(m, int)), 3)
        found.append(
            Kind(f"{base}: {name}", base, spoil, (*words.split(), *extra.split()), code, exit_code)
        )
    return found
