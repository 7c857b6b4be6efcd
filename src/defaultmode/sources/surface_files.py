"""Opening GIFTI and CIFTI files, and finding the other hemisphere of a pair."""

import warnings
import zlib
from pathlib import Path
from typing import Any, Literal
from xml.parsers.expat import ExpatError

from defaultmode.core.errors import DefaultModeError

# How the two files of a pair name their hemisphere.
LEFT_RIGHT = (("hemi-L", "hemi-R"), ("lh.", "rh."), (".L.", ".R."))


def surface_image(path: Path, *, kind: Literal["GiftiImage", "Cifti2Image"]) -> Any:
    """Open a file with nibabel and read all of its data.

    Raises E101 (no file) and E119 (not of this kind, or damaged).
    """
    import nibabel as nib
    from nibabel.cifti2.cifti2 import Cifti2HeaderError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of damage, which fails below
            image: Any = nib.load(path)
        if not isinstance(image, getattr(nib, kind)):
            raise DefaultModeError("E119", f"{path} is not a {kind.removesuffix('Image')} file.")
        if kind == "Cifti2Image":
            _check_cifti(image)
    except FileNotFoundError as problem:
        raise DefaultModeError("E101", f"there is no file {path}.") from problem
    except (
        nib.filebasedimages.ImageFileError,
        nib.spatialimages.HeaderDataError,
        Cifti2HeaderError,
        ExpatError,
        zlib.error,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,  # nibabel asserts that a GIFTI array has the dimensions that it states
        OverflowError,
        MemoryError,  # dimensions that no file of this size can have
        OSError,
        EOFError,
    ) as problem:
        raise DefaultModeError("E119", f"{path}: {problem}.") from problem
    return image


def _check_cifti(image: Any) -> None:
    """Read every axis and all data, which fails where the file is damaged."""
    expected = tuple(len(image.header.get_axis(i)) for i in range(image.ndim))
    if image.shape != expected:
        msg = f"its data have the shape {image.shape}, its axes {expected}"
        raise ValueError(msg)
    image.get_fdata(dtype="float32")


def sides(path: Path) -> tuple[Path, Path]:
    """Both files of a pair, left first, from either one; raises E123 where its name tells none."""
    for left, right in LEFT_RIGHT:
        if left in path.name:
            return path, path.with_name(path.name.replace(left, right, 1))
        if right in path.name:
            return path.with_name(path.name.replace(right, left, 1)), path
    tokens = ", ".join(f"{left} or {right}" for left, right in LEFT_RIGHT)
    raise DefaultModeError("E123", f"{path.name} names no hemisphere by {tokens}.")


def other_hemisphere(path: Path) -> Path:
    """The file of the other hemisphere."""
    left, right = sides(path)
    return right if path == left else left
